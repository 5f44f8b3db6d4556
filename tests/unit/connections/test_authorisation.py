"""The link to a store's page: what is asked for there, and what would not arrive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote_plus, urlsplit
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.connections.authorisation import (
    LASTS,
    MOST_TRIES,
    Asked,
    Authorisation,
    NoPublicUrlError,
    Scope,
    Standing,
    authorise_url,
    check_public_url,
    check_return_url,
    hash_of,
    new_state,
)
from storetwin.kernel.errors import ConfigurationError

NOW = datetime(2026, 11, 21, 5, tzinfo=UTC)
HUB = "https://hub.example/twin"


def test_the_link_has_all_that_woocommerce_asks_for() -> None:
    url = authorise_url(Asked("shop", "https://shop.example/en"), "abc", HUB)
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == (
        "https://shop.example/en/wc-auth/v1/authorize"
    )
    assert parse_qs(parts.query) == {
        "app_name": ["Storetwin"],
        "scope": ["read_write"],
        "user_id": ["abc"],
        "return_url": [f"{HUB}/api/v1/authorisations/done"],
        "callback_url": [f"{HUB}/api/v1/authorisations/callback"],
    }


@given(
    st.text(
        st.characters(exclude_characters="%+", exclude_categories=["Z", "C"]),
        max_size=40,
    )
)
def test_a_return_url_arrives_as_it_is_however_often_it_is_decoded(rest: str) -> None:
    url = check_return_url(f"https://office.example/{rest}")
    asked = Asked("shop", "https://shop.example", return_url=url)
    [sent] = parse_qs(urlsplit(authorise_url(asked, "s", HUB)).query)["return_url"]
    for _ in range(4):
        assert sent == url
        sent = unquote_plus(sent)


@pytest.mark.parametrize(
    "url",
    [
        "office.example",
        "javascript:alert(1)",
        "https://",
        "https://a.example/?a=%26",
        "https://a.example/a+b",
        "https://a.example/a b",
        "https://[",
        "https://a.example/\n",
    ],
)
def test_a_return_url_that_would_not_arrive_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        check_return_url(url)


@pytest.mark.parametrize(
    "url", ["https://hub.example", "http://127.0.0.1:8480", "http://localhost:1", "http://[::1]:1"]
)
def test_keys_are_sent_to_https_or_to_this_machine(url: str) -> None:
    assert check_public_url(url + "/") == url


@pytest.mark.parametrize(
    "url", [None, "http://hub.example", "http://10.0.0.1", "http://127.0.0.1.evil.example"]
)
def test_keys_are_sent_nowhere_else(url: str | None) -> None:
    with pytest.raises(NoPublicUrlError) as caught:
        check_public_url(url)
    assert "STORETWIN_PUBLIC_URL" in str(caught.value.remedy)


def test_states_are_long_plain_and_never_the_same() -> None:
    states = {new_state() for _ in range(100)}
    assert len(states) == 100
    assert all(len(state) == 64 and state.isalnum() and state.isascii() for state in states)
    assert hash_of("\ud800") != hash_of("a")


def test_an_authorisation_is_over_in_time_after_many_tries_or_when_connected() -> None:
    waits = Authorisation(
        UUID(int=1), UUID(int=2), "shop", "https://shop.example", Scope.READ, NOW, NOW + LASTS
    )
    moment = timedelta(microseconds=1)
    assert waits.standing(NOW + LASTS - moment) is Standing.PENDING
    assert waits.standing(NOW + LASTS) is Standing.EXPIRED
    tried = Authorisation(*_values(waits), tries=MOST_TRIES)
    assert tried.standing(NOW) is Standing.EXPIRED
    done = Authorisation(*_values(waits), tries=MOST_TRIES, connected_at=NOW)
    assert done.standing(NOW + LASTS) is Standing.CONNECTED


def _values(one: Authorisation) -> tuple[object, ...]:
    return (
        one.authorisation_id,
        one.organisation_id,
        one.name,
        one.url,
        one.scope,
        one.created_at,
        one.expires_at,
    )
