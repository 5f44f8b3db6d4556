"""What a person may ask a run to do, and what of that goes together. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from storetwin.kernel.errors import ConfigurationError, ConflictError
from storetwin.runs.models import RunKind

ASKABLE = (RunKind.PULL, RunKind.SYNC, RunKind.SWEEP, RunKind.VERIFY)
LARGEST_PAGE = 100  # of the WooCommerce REST API
SMALLEST_PAGE = 10  # a walk overlaps its pages: with fewer records it would hardly get on


class NotAskableError(ConfigurationError):
    """What was asked for does not go together, or cannot be done."""

    code = "not_askable"


class NotRepeatableError(ConflictError):
    """A run that cannot be repeated: it has not ended, or nobody could ask for it."""

    code = "not_repeatable"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run is to do.

    Args:
        kind: one of :data:`ASKABLE`.
        resources: names; none means all of the connection.
        full: read every page again from the beginning.
        dry: say what a pull would change; change nothing.
        records: single records, like ``orders/3912``; nothing else is read.
        since: only what was created from then on.
        until: only what was created until then, itself excluded.
        level: how closely a verification looks.
        bury: the store really lost many records: bury them in the twin too.
        now: do not mind quiet hours.
        batch: records on a page at most; the store's own limit for None.
    """

    kind: RunKind
    resources: tuple[str, ...] = ()
    full: bool = False
    dry: bool = False
    records: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    level: str | None = None
    bury: bool = False
    now: bool = False
    batch: int | None = None

    @property
    def run_kind(self) -> RunKind:
        """Return the kind of run that does it."""
        return RunKind.REHEARSE if self.dry else self.kind

    @property
    def is_span(self) -> bool:
        """Say whether it reads what was created within a span of dates."""
        return self.since is not None or self.until is not None

    def as_options(self) -> dict[str, Any]:
        """Return what is kept with the run: what differs from the usual."""
        usual = {f.name: f.default for f in fields(self) if f.name != "kind"}
        kept = {n: getattr(self, n) for n in usual if getattr(self, n) != usual[n]}
        return {n: list(v) if isinstance(v, tuple) else v for n, v in kept.items()}

    def as_text(self) -> str:
        """Return the options as JSON: the same text for the same."""
        return json.dumps(self.as_options(), sort_keys=True)

    @classmethod
    def of_run(cls, kind: RunKind, options: Mapping[str, Any]) -> Self:
        """Read what a run was asked to do, whoever asked: also a schedule or the command line.

        Raises:
            NotRepeatableError: nobody can ask for such a run.
        """
        is_dry = kind is RunKind.REHEARSE
        if kind not in (*ASKABLE, RunKind.PROMOTE) and not is_dry:
            raise NotRepeatableError(
                f"A run of the kind {kind.value!r} is not repeated.",
                remedy="Ask for a pull, a sync, a sweep or a verification.",
            )
        known = {f.name for f in fields(cls) if f.name != "kind"}
        given: dict[str, Any] = {
            n: tuple(v) if isinstance(v, list) else v
            for n, v in options.items()
            if n in known and v is not None
        }
        return cls(RunKind.PULL if is_dry else kind, **(given | {"dry": is_dry}))


def check(asked: Asked) -> None:
    """Check that what is asked for goes together.

    Raises:
        NotAskableError: says what does not, and what to do.
    """
    if asked.kind not in ASKABLE:
        raise NotAskableError(f"Nobody can ask for a run of the kind {asked.kind.value!r}.")
    of_pull = {"full": asked.full, "dry_run": asked.dry, "records": bool(asked.records)}
    of_pull["since and until"] = asked.is_span
    if asked.kind is not RunKind.PULL and (named := [n for n, is_set in of_pull.items() if is_set]):
        raise NotAskableError(
            f"{' and '.join(named)} goes with kind 'pull' only, not with {asked.kind.value!r}.",
            remedy="Leave it out, or ask for a pull.",
        )
    if len(ways := [n for n, is_set in of_pull.items() if is_set]) > 1:
        raise NotAskableError(
            f"{' and '.join(ways)} do not go together.", remedy="Give one of them."
        )
    if asked.records and asked.resources:
        raise NotAskableError(
            "records name their resources themselves.", remedy="Leave resources out."
        )
    if asked.batch is not None and not SMALLEST_PAGE <= asked.batch <= LARGEST_PAGE:
        raise NotAskableError(f"A page has {SMALLEST_PAGE} to {LARGEST_PAGE} records.")
    if asked.level is not None and asked.kind is not RunKind.VERIFY:
        raise NotAskableError(
            "A level is of a verification only.", remedy="Ask for kind 'verify', or leave it out."
        )
    is_partial = bool(asked.records) or asked.is_span or asked.dry
    if asked.bury and (is_partial or asked.kind is RunKind.SYNC):
        raise NotAskableError(
            "bury goes with a whole pull, a sweep or a verification.",
            remedy="Leave it out: nothing else concludes from a list that a record is gone.",
        )
