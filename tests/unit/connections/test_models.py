"""Connections as values: one spelling for one store, names, secrets that do not show."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from storetwin.connections.models import (
    AuthScheme,
    Connection,
    Credentials,
    check_name,
    doubts_about,
    normalise_url,
)
from storetwin.kernel.errors import ConfigurationError

CREDENTIALS = Credentials(SecretStr("ck_1234"), SecretStr("cs_5678"))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://shop.example", "https://shop.example"),
        ("https://shop.example/", "https://shop.example"),
        (" HTTPS://Shop.Example:443/// ", "https://shop.example"),
        ("shop.example", "https://shop.example"),
        ("shop.example:8443/de", "https://shop.example:8443/de"),
        ("http://shop.example:80/wp-json/wc/v3/", "http://shop.example"),
        ("https://shop.example/Blog/wp-json", "https://shop.example/Blog"),
        ("https://shop.example./?utm=1#top", "https://shop.example"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
    ],
)
def test_one_spelling_for_one_store(given: str, expected: str) -> None:
    assert normalise_url(given) == expected


@given(
    st.builds(
        "{}://{}{}{}".format,
        st.sampled_from(["http", "https", "HTTP"]),
        st.from_regex(r"[a-zA-Z0-9]{1,10}\.example\.?", fullmatch=True),
        st.sampled_from(["", ":80", ":443", ":8080"]),
        st.from_regex(r"(/[a-zA-Z0-9.-]{0,6}){0,3}", fullmatch=True),
    )
)
def test_normalising_twice_changes_nothing(url: str) -> None:
    once = normalise_url(url)
    assert normalise_url(once) == once
    assert not once.endswith("/")


@pytest.mark.parametrize(
    "given",
    ["", "https://", "ftp://shop.example", "https://shop example", "https://a:b", "file:///etc"],
)
def test_what_is_not_a_store_is_refused(given: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be used"):
        normalise_url(given)


def test_a_password_in_the_url_is_refused_and_not_quoted() -> None:
    with pytest.raises(ConfigurationError) as caught:
        normalise_url("https://user:hunter2@shop.example")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", ["shop", "shop-2", "a.b_c", "läden", "x" * 63])
def test_names_that_need_no_quotes_are_taken(name: str) -> None:
    assert check_name(f" {name} ") == name


@pytest.mark.parametrize("name", ["", " ", "my shop", "a/b", "x" * 64, "a;b", "$x"])
def test_other_names_are_not(name: str) -> None:
    with pytest.raises(ConfigurationError):
        check_name(name)


def test_keys_that_look_right_raise_no_doubt() -> None:
    assert doubts_about(CREDENTIALS) == ()


def test_swapped_keys_raise_two_and_are_not_quoted() -> None:
    doubts = doubts_about(Credentials(CREDENTIALS.secret, CREDENTIALS.key))
    assert len(doubts) == 2
    assert not any("1234" in doubt or "5678" in doubt for doubt in doubts)


def test_nothing_secret_shows() -> None:
    connection = Connection(
        id=uuid4(),
        organisation_id=uuid4(),
        name="shop",
        url="https://shop.example",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        sealed_credentials=b"sealed",
    )
    shown = repr((CREDENTIALS, connection)) + str(CREDENTIALS)
    assert "1234" not in shown
    assert "5678" not in shown
    assert "sealed" not in shown


@pytest.mark.parametrize(
    ("auth", "detected", "scheme"),
    [
        (AuthScheme.AUTO, None, AuthScheme.AUTO),
        (AuthScheme.AUTO, AuthScheme.OAUTH1, AuthScheme.OAUTH1),
        (AuthScheme.BASIC, AuthScheme.OAUTH1, AuthScheme.BASIC),
    ],
)
def test_what_was_asked_for_wins_over_what_was_detected(auth, detected, scheme) -> None:
    connection = Connection(
        uuid4(), uuid4(), "shop", "https://a", datetime(2026, 1, 1, tzinfo=UTC),
        auth=auth, detected=detected,
    )  # fmt: skip
    assert connection.scheme is scheme
