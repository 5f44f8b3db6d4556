"""Access tokens: only ours, unaltered, and of this time."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storetwin.security import Vault
from storetwin.security.vault import Keys
from storetwin.tenancy.access_tokens import LABEL, LEEWAY, LIFETIME, TYPE, AccessTokens, Claims

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OURS, OTHER = bytes(range(32)), bytes(range(1, 33))
VAULT = Vault(OURS)
TOKENS = AccessTokens(VAULT)
CLAIMS = Claims(uuid4(), uuid4(), uuid4())
TOKEN = TOKENS.issue(CLAIMS, NOW)


def part(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def forged(*, key: bytes | None = None, head: dict | None = None, **claims: object) -> str:
    """Return a token that is ours but for what is named."""
    payload = jwt.decode(TOKEN, options={"verify_signature": False}) | claims
    payload = {name: value for name, value in payload.items() if value is not ...}
    headers = {"kid": VAULT.key_id, "typ": TYPE} | (head or {})
    return jwt.encode(payload, key or VAULT.derive(LABEL), "HS256", headers=headers)


def test_what_was_issued_is_read() -> None:
    assert TOKENS.read(TOKEN, NOW) == CLAIMS
    assert TOKENS.read(forged(), NOW) == CLAIMS


def test_it_is_good_for_a_quarter_of_an_hour() -> None:
    assert timedelta(minutes=15) == LIFETIME
    assert TOKENS.read(TOKEN, NOW + LIFETIME - timedelta(seconds=1)) == CLAIMS
    assert TOKENS.read(TOKEN, NOW + LIFETIME + LEEWAY) is None
    assert TOKENS.read(TOKEN, NOW - LEEWAY - timedelta(seconds=1)) is None


def test_a_token_of_a_former_key_is_read_as_long_as_the_key_is_known() -> None:
    both = AccessTokens(Vault(Keys(OTHER, (OURS,))))
    assert both.read(TOKEN, NOW) == CLAIMS
    assert TOKENS.read(both.issue(CLAIMS, NOW), NOW) is None
    assert AccessTokens(Vault(OTHER)).read(TOKEN, NOW) is None


def unsigned(algorithm: str, signature: str = "") -> str:
    head = {"alg": algorithm, "kid": VAULT.key_id, "typ": TYPE}
    return f"{part(head)}.{TOKEN.split('.')[1]}.{signature}"


FORGERIES = {
    "no algorithm": unsigned("none"),
    "None, written otherwise": unsigned("nOnE"),
    "none, with our signature": unsigned("none", TOKEN.split(".")[2]),
    "another algorithm": jwt.encode(
        jwt.decode(TOKEN, options={"verify_signature": False}),
        VAULT.derive(LABEL) * 2,
        "HS512",
        headers={"kid": VAULT.key_id, "typ": TYPE},
    ),
    "another key": forged(key=OTHER),
    "the vault's key itself": forged(key=OURS),
    "a key for another purpose": forged(key=VAULT.derive("storetwin refusals")),
    "another kid": forged(head={"kid": "00000000"}),
    "the kid of a key that we do not have": forged(head={"kid": Vault(OTHER).key_id}, key=OTHER),
    "another type": forged(head={"typ": "JWT"}),
    "a critical extension": forged(head={"crit": ["b64"], "b64": False}),
    "another issuer": forged(iss="somebody"),
    "no issuer": forged(iss=...),
    "no subject": forged(sub=...),
    "no session": forged(sid=...),
    "no organisation": forged(org=...),
    "no end": forged(exp=...),
    "an end that is no number": forged(exp="never"),
    "an end that is no number at all": forged(exp=None),
    "an endless one": forged(exp=float("inf")),
    "no beginning": forged(iat=...),
    "a subject that is no id": forged(sub="ada"),
    "a session that is a list": forged(sid=[]),
    "a number for an id": forged(org=7),
    "altered claims": ".".join(
        [
            TOKEN.split(".")[0],
            part(jwt.decode(TOKEN, options={"verify_signature": False}) | {"org": str(uuid4())}),
            TOKEN.split(".")[2],
        ]
    ),
    "nothing": "",
    "dots": "..",
    "deep": part("x") + "." + "W" * 2000 + ".x",
    "a deep head": base64.urlsafe_b64encode(b"[" * 2900).decode() + ".e30.e30",
    "half": TOKEN[: len(TOKEN) // 2],
}


@pytest.mark.parametrize("token", FORGERIES.values(), ids=FORGERIES.keys())
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_forged_token_is_nobodys(token: str) -> None:
    assert TOKENS.read(token, NOW) is None


@given(st.integers(0, len(TOKEN) - 1), st.characters(max_codepoint=127))
def test_one_other_character_makes_it_nobodys(place: int, character: str) -> None:
    altered = TOKEN[:place] + character + TOKEN[place + 1 :]
    assert (TOKENS.read(altered, NOW) is None) is (altered != TOKEN)


@given(st.text(max_size=300))
def test_any_text_is_nobodys(text: str) -> None:
    assert TOKENS.read(text, NOW) is None


def test_it_does_not_show_its_key() -> None:
    assert VAULT.derive(LABEL).hex() not in repr(TOKENS)
    assert UUID(jwt.decode(TOKEN, options={"verify_signature": False})["sid"])
