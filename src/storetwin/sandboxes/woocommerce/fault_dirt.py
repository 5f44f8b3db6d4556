"""Faults that dirty an answer: something stands before or behind the JSON, or is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from storetwin.sandboxes.woocommerce.answers import HTML, Answer
from storetwin.sandboxes.woocommerce.fault_kinds import FaultSpec
from storetwin.sandboxes.woocommerce.fixed import fixed_answers

Spoil = Callable[[Answer, FaultSpec], Answer]

_NOTICE = (
    b'<br />\n<b>Warning</b>:  Undefined array key "foo" in <b>/var/www/html/wp-content/plugins/'
    b"some-plugin/some-plugin.php</b> on line <b>42</b><br />\n"
)
_COMMENT = b"\n<!-- Page cached by SomeCache 0.12s -->"


def halved(answer: Answer) -> Answer:
    """Return the answer with the first half of its body."""
    return replace(answer, body=answer.body[: len(answer.body) // 2])


def _noticed(answer: Answer, _: FaultSpec) -> Answer:
    return replace(answer, body=_NOTICE + answer.body)


def _noticed_much(answer: Answer, _: FaultSpec) -> Answer:
    body = fixed_answers()["big_notice"].encode() + answer.body
    return Answer(200, body, content_type=HTML, is_bare=True, records=answer.records)


def _marked(answer: Answer, _: FaultSpec) -> Answer:
    return replace(answer, body=b"\xef\xbb\xbf" + answer.body)


def _commented(answer: Answer, _: FaultSpec) -> Answer:
    return replace(answer, body=answer.body + _COMMENT)


def _cut(answer: Answer, _: FaultSpec) -> Answer:
    return halved(answer)


def _mistyped(answer: Answer, spec: FaultSpec) -> Answer:
    return replace(answer, content_type=spec.text("type", HTML))


DIRT: dict[str, Spoil] = {
    "notice": _noticed,
    "big-notice": _noticed_much,
    "bom": _marked,
    "comment": _commented,
    "truncate": _cut,
    "content-type": _mistyped,
}
"""By name, in the order in which they are done."""
