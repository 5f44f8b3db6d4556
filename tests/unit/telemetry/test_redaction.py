"""No secret and no person's data in a line, wherever it stands in the event."""

import json
import logging
import time

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from storetwin.telemetry.logs import Log, configure_logging
from storetwin.telemetry.redaction import redact, redact_event

HEX = st.text("0123456789abcdef", min_size=40, max_size=40)


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("key ck_0123456789abcdef0123 used", "0123456789abcdef0123"),
        ("Authorization: Basic Y2tfMTIzNDU2Nzg5MDoxMjM0", "Y2tfMTIzNDU2"),
        ("GET /orders?consumer_secret=cs_x&per_page=1", "cs_x"),
        ("GET /orders?oauth_signature=abc%3D&page=2", "abc%3D"),
        ("postgresql://storetwin:hunter2@db/storetwin", "hunter2"),
        ("mail to zoe@example.test sent", "zoe@example.test"),
        ("postgresql://storetwin:p@ss/w@db/storetwin", "ss/w"),
        ("host=db password='two words' dbname=x", "words"),
        ("PGPASSWORD=hunter2 psql", "hunter2"),
        ("kwargs: {'consumer_secret': 'plain', 'page': 1}", "plain"),
        ('{"oauth_signature": "abc=", "page": 1}', "abc="),
    ],
)
def test_what_must_not_be_told_is_masked(text, gone):
    assert gone not in redact(text)
    assert "***" in redact(text)


def test_the_rest_stays():
    assert (
        redact("page 3 of orders, 100 records in 0.4 s") == "page 3 of orders, 100 records in 0.4 s"
    )


@pytest.mark.parametrize(
    "text",
    [
        "GET http://127.0.0.1:8088/wp-json/a@b",
        "https://shop.test:443/@handle",
        "The consumer secret is wrong.",
    ],
)
def test_what_only_looks_like_a_secret_stays(text):
    assert redact(text) == text


@given(
    st.text("abcdefghijklmnopqrstuvwxyz/@:+", min_size=6, max_size=20),
    st.sampled_from(["password", "consumer_secret", "oauth_signature", "pwd", "token"]),
    st.sampled_from(["?a=1&{0}={1}", "{0}='{1}'", "{{'{0}': '{1}', 'a': 1}}", '{{"{0}":"{1}"}}']),
)
def test_a_named_secret_of_any_shape_never_survives(secret, name, shape):
    assert f"zzqq{secret}" not in redact(shape.format(name, f"zzqq{secret}"))


@given(
    st.text("abcdefghijklmnopqrstuvwxyz0123456789/@:+%", min_size=6, max_size=20).filter(
        lambda text: not text[0].isdecimal()
    )
)
def test_the_password_of_a_dsn_never_survives(password):
    line = "cannot open postgresql://storetwin:{}@db/x now"
    assert redact(line.format(password)) == line.format("***")


@pytest.mark.parametrize(
    "piece", ["a", "0f", "a.b-c+", "x://u:", "a@b", "password='", '"secret": "x']
)
def test_a_whole_page_in_a_line_costs_no_time_to_speak_of(piece):
    line = piece * (100_000 // len(piece))
    started = time.process_time()
    redact(line)
    assert time.process_time() - started < 3


@given(HEX, st.sampled_from(["ck_", "cs_"]), st.sampled_from(["event", "url", "nested"]))
def test_a_key_never_survives(digits, prefix, place):
    event = {"event": "x", "url": "y", "nested": {"deep": ["z"]}}
    if place == "nested":
        event["nested"]["deep"].append(f"before {prefix}{digits} behind")
    else:
        event[place] = f"before {prefix}{digits} behind"
    assert digits not in json.dumps(redact_event(None, "", event))


def test_a_value_with_a_secret_name_is_masked_whole():
    assert redact_event(None, "", {"consumer_secret": "plain"}) == {"consumer_secret": "***"}


@pytest.mark.parametrize("form", ["json", "console"])
def test_lines_are_redacted_in_both_forms(form, capfd):
    kept = logging.getLogger().handlers[:]
    try:
        configure_logging("info", form)
        Log().info("asked", url="https://x/?consumer_key=ck_0123456789abcdef", mail="a@b.test")
        logging.getLogger("library").warning("secret=%s", "cs_0123456789abcdef")
    finally:
        logging.getLogger().handlers[:] = kept
        structlog.reset_defaults()
    said = capfd.readouterr().err
    assert "asked" in said
    assert "0123456789abcdef" not in said
    assert "a@b.test" not in said
