"""What a real store may do differently from the recorded one, each with its reason.

The sandbox gets no allowance. A difference of a real store that is not listed here is either a
trap that the recordings do not know, or a reason to widen the comparison: look before you add.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from storetwin.testing.conformance import Difference


@dataclass(frozen=True)
class Allowance:
    """A kind of difference that a real store may show.

    Args:
        recordings: pattern of the recordings' names.
        where: pattern of :attr:`Difference.where`.
        reason: why it is no fault of the store.
    """

    recordings: str
    where: str
    reason: str

    def covers(self, recording: str, difference: Difference) -> bool:
        return bool(
            re.fullmatch(self.recordings, recording) and re.fullmatch(self.where, difference.where)
        )


ALLOWANCES: tuple[Allowance, ...] = (
    Allowance("list_webhooks_.*", "records", "a store need not have webhooks"),
    Allowance(
        "options_(products|variations)", r"body\.(endpoints\[\d\]\.args|schema.*)\.tax_class\.enum",
        "tax classes are named by the shopkeeper",
    ),
)  # fmt: skip


def without_allowed(recording: str, differences: list[Difference]) -> list[Difference]:
    """The differences that no allowance covers."""
    return [
        each for each in differences
        if not any(allowance.covers(recording, each) for allowance in ALLOWANCES)
    ]  # fmt: skip
