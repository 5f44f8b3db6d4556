"""What a dead letter keeps of a request and its answer: never a key, never more than fits."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from storetwin.connections.models import Credentials
from storetwin.http.answer import Answer
from storetwin.kernel.errors import RecordError
from storetwin.woocommerce.evidence import MOST_BYTES, evidence, kept
from storetwin.woocommerce.exchange import Question

KEY, SECRET = "ck_" + "a1" * 20, "cs_" + "b2/+" * 10
CREDENTIALS = Credentials(SecretStr(KEY), SecretStr(SECRET))


def answered(status: int, body: bytes, kind: str = "text/html") -> Answer:
    return Answer(status, {"content-type": kind}, body, None, 0.412)


def test_it_says_what_was_asked_and_what_came() -> None:
    said = b"<p>There has been a critical error, ask zoe@nowhere.example.</p>"
    found = json.loads(
        evidence(Question("orders/7", {"_fields": "id"}), answered(500, said), CREDENTIALS)
    )
    assert found == {
        "request": {"method": "GET", "path": "orders/7", "params": {"_fields": "id"}},
        "answer": {
            "status": 500,
            "content_type": "text/html",
            "duration_ms": 412,
            "bytes": len(said),
            "body": "<p>There has been a critical error, ask …@….</p>",
        },
    }


def test_of_a_good_answer_no_text_is_kept() -> None:
    body = json.dumps([{"id": 7, "billing": {"last_name": "Quillfeather"}}]).encode()
    text = evidence(Question("orders"), answered(200, body), CREDENTIALS)
    assert "Quillfeather" not in text
    assert "last_name" in text


def test_nothing_in_it_steers_a_terminal() -> None:
    said = "a\x1b[2Jb\x9b31mc\x7fd\x07e"
    found = json.loads(evidence(Question("orders"), answered(500, said.encode()), CREDENTIALS))
    assert found["answer"]["body"] == "a [2Jb 31mc d e"


def test_an_error_carries_it_also_where_nothing_came() -> None:
    with pytest.raises(RecordError) as some, kept(Question("orders/7"), CREDENTIALS):
        raise RecordError("no answer")
    assert some.value.evidence is not None
    assert json.loads(some.value.evidence)["answer"] is None


@given(
    st.text(max_size=400),
    st.dictionaries(st.text(max_size=90), st.text(max_size=300), max_size=30),
    st.text(max_size=3_000),
    st.sampled_from([200, 400, 500]),
    st.sampled_from(["", KEY, SECRET, f'\\"{KEY}', "\U0001f600" * 3_000, '"' * 5_000]),
)
def test_whatever_came_it_fits_and_holds_no_key(
    path: str, params: dict[str, str], body: str, status: int, added: str
) -> None:
    answer = answered(status, (body + added).encode("utf-8", "replace"), added[:90])
    params |= {"consumer_key": KEY, "consumer_secret": SECRET, "search": added}
    text = evidence(Question(path, params), answer, CREDENTIALS)
    assert len(text.encode()) <= MOST_BYTES
    assert KEY not in text
    assert SECRET not in text
    json.loads(text)
