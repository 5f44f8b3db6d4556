"""Faults that play with the connection: silence, drips, ends that never come or come too soon."""

from __future__ import annotations

import gzip
import math
from dataclasses import replace

from storetwin.sandboxes.woocommerce.answers import Answer
from storetwin.sandboxes.woocommerce.delivery import Delivery
from storetwin.sandboxes.woocommerce.fault_dirt import Spoil, halved
from storetwin.sandboxes.woocommerce.fault_kinds import FaultSpec
from storetwin.sandboxes.woocommerce.fault_refusals import Refusal
from storetwin.sandboxes.woocommerce.request import Request

_BEGINNING = b'[{"id":1,"filling":"'
_ENDING = b'"}]'
_MEGABYTE = 2**20


def hang(spec: FaultSpec, _: Request) -> Answer:
    """Return silence."""
    silence = max(1, spec.number("seconds", 600))
    return Answer(0, b"", is_bare=True, delivery=Delivery(silence=silence))


def _endless(spec: FaultSpec, _: Request) -> Answer:
    delivery = Delivery(
        piece=max(1, spec.number("bytes", 65_536)),
        pause=spec.number("ms", 5) / 1000,
        filling=math.inf,
    )
    return Answer(200, _BEGINNING, is_fatal=True, delivery=delivery)


def huge(spec: FaultSpec, _: Request) -> Answer:
    """Return a list of one record that is longer than anybody should read."""
    size = spec.number("mb", 1024) * _MEGABYTE - len(_BEGINNING) - len(_ENDING)
    delivery = Delivery(filling=max(0, size), tail=_ENDING)
    return Answer(200, _BEGINNING, is_fatal=True, delivery=delivery)


INSTEAD: dict[str, Refusal] = {"hang": hang, "endless": _endless, "huge": huge}
"""Those that answer in the shop's place, by name."""


def hung_up(answer: Answer) -> Answer:
    """Return the answer with half its body, after which the connection is closed."""
    answer = halved(answer)
    return replace(answer, delivery=replace(answer.delivery, is_cut=True))


def _reset(answer: Answer, _: FaultSpec) -> Answer:
    return hung_up(answer)


def _drip(answer: Answer, spec: FaultSpec) -> Answer:
    piece, pause = max(1, spec.number("bytes", 64)), spec.number("ms", 20) / 1000
    return replace(answer, delivery=replace(answer.delivery, piece=piece, pause=pause))


def _cut_gzip(answer: Answer, _: FaultSpec) -> Answer:
    packed = gzip.compress(answer.body, 6, mtime=0)
    headers = [*answer.headers, ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
    return replace(answer, body=packed[: len(packed) // 2], headers=headers)


SPOILED_ON_THE_WAY: dict[str, Spoil] = {"cut-gzip": _cut_gzip, "reset": _reset, "drip": _drip}
"""Those that let the shop answer and spoil how it arrives, by name, in this order."""
