"""Where a sign-in may lead, and what a form has to bring."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.security import Vault
from storetwin.security.vault import Keys
from storetwin.web.csrf import is_token, token_for
from storetwin.web.view import local


@pytest.mark.parametrize(
    "path", ["/", "/operations?state=failed", "/data/products/4211#x", "/a//b"]
)
def test_paths_of_ours_are_kept(path: str) -> None:
    assert local(path) == path


@given(st.text(max_size=40))
def test_nothing_leads_elsewhere(path: str) -> None:
    to = local(path)
    assert to.startswith("/")
    assert not to.startswith(("//", "/\\"))
    assert "\\" not in to
    assert to.isascii()
    assert not any(ord(sign) <= 32 for sign in to)
    assert to in (path, "/")


def test_nothing_and_too_much_lead_to_the_start() -> None:
    assert local(None) == "/"
    assert local("/" + "x" * 3000) == "/"
    assert local("//evil.example", "/operations") == "/operations"


def test_a_token_belongs_to_one_session() -> None:
    vault = Vault(bytes(range(32)))
    session, other = uuid4(), uuid4()
    token = token_for(vault, session)
    assert token != token_for(vault, session)  # another one at each page
    assert is_token(vault, session, token)
    assert not is_token(vault, other, token)
    nonce, _, signature = token.partition(".")
    rotated = Vault(Keys(bytes(32), (bytes(range(32)),)))  # the key was replaced meanwhile
    assert is_token(rotated, session, token)
    assert not is_token(Vault(bytes(32)), session, token)
    for forged in (
        None,
        "",
        ".",
        nonce,
        f"{nonce}.",
        f".{signature}",
        f"{nonce}x.{signature}",
        "é.é",
    ):
        assert not is_token(vault, session, forged)
