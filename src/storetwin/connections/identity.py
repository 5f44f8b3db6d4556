"""Which store is it? What it says of itself and samples of its records, and what both mean.

A store can be restored from a backup, copied, moved, emptied, or be another one behind the same
address. :func:`judge` decides which; it is pure. Whoever asks the store hands in what was seen.

WooCommerce tells a ``store_id`` since 8.4 (``system_status.environment``), to keys of users who may
see the status. Older stores and other keys are known by their home address and by their records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

import msgspec

from storetwin.connections.models import normalise_url
from storetwin.kernel.errors import ConfigurationError

FEW = 5  # so many of the newest records gone at once are no deletions by hand
ORDER_KEY = "order_key"  # random, made once with each order, never edited
CREATED = "date_created_gmt"
MARKS = (ORDER_KEY, CREATED, "slug", "sku", "name")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a store says of itself, and what a person has accepted of it. None: it does not say.

    Args:
        store_id: WooCommerce's own UUID of the installation; a copy keeps it.
        home_url: the store's idea of its address; some stores follow the host of the request.
        is_network: the site is one of a WordPress network; its address names it.
        accepted_at: when a person last said that the store may have gone back.
        kept_until: by resource, the highest id that was still the same then. What lies beyond
            and was not written since then is no evidence any more.
        doubt: what the store was last taken for instead; None while it is trusted.
    """

    store_id: str | None = None
    home_url: str | None = None
    name: str | None = None
    wc_version: str | None = None
    currency: str | None = None
    timezone: str | None = None
    is_network: bool = False
    accepted_at: datetime | None = None
    kept_until: dict[str, int] = field(default_factory=dict)
    doubt: str | None = None

    def as_json(self) -> str:
        """Return the identity as JSON text."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | None) -> Identity | None:
        """Read what :meth:`as_json` wrote; None for None."""
        return msgspec.json.decode(text, type=cls) if text else None


@dataclass(frozen=True, slots=True)
class Trace:
    """A record, reduced to what tells it from another one of the same id.

    Args:
        marks: those of :data:`MARKS` that are there and not empty.
        written_at: when this version was written here; None for what the store shows.
    """

    number: int
    marks: Mapping[str, str]
    modified_at: datetime | None = None
    written_at: datetime | None = None


class Sight(StrEnum):
    """What the store has where the twin holds a record."""

    SAME = "the same record"
    OTHER = "another record under its id"
    OLDER = "the same record, dated back"
    ABSENT = "no record"
    UNSEEN = "could not be found out"


@dataclass(frozen=True, slots=True)
class Seen:
    """One record of a sample: as the twin holds it, and what the store has there."""

    held: Trace
    sight: Sight


@dataclass(frozen=True, slots=True)
class Sample:
    """Some records of a resource, by ascending id.

    Args:
        is_empty: the store has no record of the resource at all; None where nobody asked.
    """

    resource: str
    seen: tuple[Seen, ...] = ()
    is_empty: bool | None = None

    def count(self, sight: Sight) -> int:
        """Return how many records were found like that."""
        return sum(1 for seen in self.seen if seen.sight is sight)

    @property
    def known(self) -> tuple[Seen, ...]:
        """Return the records of which something was found out."""
        return tuple(seen for seen in self.seen if seen.sight is not Sight.UNSEEN)

    @property
    def lost(self) -> tuple[Seen, ...]:
        """Return the newest records in a row that are not what the twin holds."""
        known = self.known
        at = len(known)
        while at and known[at - 1].sight in (Sight.ABSENT, Sight.OTHER):
            at -= 1
        return known[at:]

    @property
    def last_kept(self) -> Trace | None:
        """Return the newest record before the first that another one took the place of, or was lost."""
        kept: Trace | None = None
        first_lost = self.lost[0].held.number if self.lost else None
        for seen in self.known:
            if seen.sight is Sight.OTHER or seen.held.number == first_lost:
                break
            if seen.sight in (Sight.SAME, Sight.OLDER):
                kept = seen.held
        return kept

    @property
    def is_rewound(self) -> bool:
        """Say whether these records show that the store went back to an earlier state.

        An id that has another record is proof where an order key says so. Without keys it takes
        two, for a product may be made anew by hand. Deleting a few of the newest is usual.
        """
        others = [seen for seen in self.known if seen.sight is Sight.OTHER]
        enough = 1 if any(ORDER_KEY in seen.held.marks for seen in others) else 2
        return len(others) >= enough or len(self.lost) >= FEW or self.count(Sight.OLDER) >= 2


class Standing(StrEnum):
    """How the records of the store stand to those of the twin."""

    NOTHING = "the twin has nothing to compare with"
    UNCLEAR = "it could not be found out"
    SAME = "the same records"
    REWOUND = "the same records up to a point"
    EMPTY = "no record is there any more"
    FOREIGN = "none of the records is the same"


class Verdict(StrEnum):
    """Which store it is."""

    SAME = "same"
    MOVED = "moved"
    CLONED = "cloned"
    RESTORED = "restored"
    WIPED = "wiped"
    ANOTHER = "another"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reasons, one sentence each, old and new values named.

    Args:
        kept_until: by resource, the highest id up to which the records are the same.
    """

    verdict: Verdict
    standing: Standing
    reasons: tuple[str, ...] = ()
    kept_until: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_trusted(self) -> bool:
        """Say whether a run may go on: nothing speaks for another store."""
        return self.verdict in (Verdict.SAME, Verdict.UNKNOWN)


def trusted(remembered: Identity | None, seen: Identity) -> Identity:
    """Return what to remember of a store that is the same: what it does not say now stays as it was."""
    said = remembered or Identity()
    return replace(
        said,
        store_id=seen.store_id or said.store_id,
        home_url=seen.home_url or said.home_url,
        name=seen.name or said.name,
        wc_version=seen.wc_version or said.wc_version,
        currency=seen.currency or said.currency,
        timezone=seen.timezone or said.timezone,
        is_network=seen.is_network or said.is_network,
        doubt=None,
    )


def accepted(
    remembered: Identity | None, seen: Identity, judgement: Judgement, now: datetime
) -> Identity:
    """Return what to remember of a store that went back with a person's knowledge."""
    before = remembered.kept_until if remembered else {}
    kept = {name: min(n, before.get(name, n)) for name, n in judgement.kept_until.items()}
    return replace(trusted(remembered, seen), accepted_at=now, kept_until=before | kept)


def compare(held: Trace, found: Trace | None, *, accepted_at: datetime | None = None) -> Sight:
    """Say what the store has in the place of a record.

    Args:
        found: what the store shows under the same id; None when it says that there is none.
        accepted_at: a version that was written before may be dated back: a person said so.
    """
    if found is None:
        return Sight.ABSENT
    is_same = _is_same(held.marks, found.marks)
    if is_same is None:
        return Sight.UNSEEN
    if not is_same:
        return Sight.OTHER
    was_accepted = accepted_at and held.written_at and held.written_at <= accepted_at
    if held.modified_at and found.modified_at and found.modified_at < held.modified_at:
        return Sight.SAME if was_accepted else Sight.OLDER
    return Sight.SAME


def _is_same(held: Mapping[str, str], found: Mapping[str, str]) -> bool | None:
    """Say whether two records of one id are the same; None where the marks do not tell.

    An order key decides alone. Else the date of creation and one more mark are enough, and without
    that date most of the marks: dates can be edited, and two shops may sell the same thing.
    """
    both = {name for name in MARKS if name in held and name in found}
    same = {name for name in both if held[name] == found[name]}
    if ORDER_KEY in both:
        return ORDER_KEY in same
    if not both:
        return None
    if not same or same == both:
        return bool(same)
    is_told = (
        len(same) > 1 if CREATED in same else CREATED not in both and 2 * len(same) > len(both)
    )
    return True if is_told else None


def stand(samples: Sequence[Sample]) -> Standing:
    """Say how the records of the store stand to those of the twin, over all samples."""
    looked_at = [sample for sample in samples if sample.seen]
    if not looked_at:
        return Standing.NOTHING
    if any(s.count(Sight.SAME) or s.count(Sight.OLDER) for s in looked_at):
        return Standing.REWOUND if any(s.is_rewound for s in looked_at) else Standing.SAME
    known = [sample for sample in looked_at if sample.known]
    if any(sample.is_rewound and sample.count(Sight.OTHER) for sample in known):
        return Standing.FOREIGN
    if sum(len(sample.known) for sample in known) < FEW:
        return Standing.UNCLEAR
    is_empty = all(s.is_empty and not s.count(Sight.OTHER) for s in known)
    return Standing.EMPTY if is_empty else Standing.FOREIGN


def has_changed_home(remembered: Identity | None, seen: Identity) -> bool:
    """Say whether the store calls another address its home. Scheme and ``www.`` do not count."""
    old, new = remembered.home_url if remembered else None, seen.home_url
    return bool(old and new) and place(old or "") != place(new or "")


def place(url: str) -> str:
    """Return an address without what a store changes without moving."""
    try:
        url = normalise_url(url)
    except ConfigurationError:
        return url.strip().lower()
    return url.partition("://")[2].removeprefix("www.")


def judge(
    remembered: Identity | None,
    seen: Identity,
    samples: Sequence[Sample] = (),
    *,
    is_old_home_alive: bool = False,
) -> Judgement:
    """Decide which store it is. What its records say counts for more than what it says itself.

    Args:
        remembered: the identity that was last trusted; None before the first run.
        is_old_home_alive: the remembered home address still answers as a store of its own.
    """
    standing = stand(samples)
    reasons = _reasons(remembered, seen, samples, standing)
    verdict = _verdict(remembered, seen, standing, is_old_home_alive=is_old_home_alive)
    kept = {s.resource: s.last_kept.number if s.last_kept else 0 for s in samples if s.is_rewound}
    if standing in (Standing.EMPTY, Standing.FOREIGN):
        kept = dict.fromkeys((sample.resource for sample in samples), 0)
    return Judgement(verdict, standing, reasons, kept)


def _verdict(
    remembered: Identity | None, seen: Identity, standing: Standing, *, is_old_home_alive: bool
) -> Verdict:
    said = remembered or Identity()
    has_other_id = bool(said.store_id and seen.store_id) and said.store_id != seen.store_id
    if standing is Standing.FOREIGN or (standing is Standing.EMPTY and has_other_id):
        return Verdict.ANOTHER
    if standing is Standing.EMPTY:
        return Verdict.WIPED
    if standing is Standing.REWOUND:
        return Verdict.RESTORED
    if has_other_id:
        return Verdict.CLONED if standing is Standing.SAME else Verdict.ANOTHER
    if has_changed_home(remembered, seen):
        return Verdict.CLONED if is_old_home_alive else Verdict.MOVED
    has_same_id = bool(said.store_id) and said.store_id == seen.store_id
    has_same_home = bool(said.home_url and seen.home_url)
    is_known = has_same_id or has_same_home or standing is Standing.SAME
    return Verdict.SAME if is_known else Verdict.UNKNOWN


def _reasons(
    remembered: Identity | None, seen: Identity, samples: Sequence[Sample], standing: Standing
) -> tuple[str, ...]:
    said = remembered or Identity()
    reasons = []
    if said.store_id and seen.store_id and said.store_id != seen.store_id:
        reasons.append(f"its store_id is {seen.store_id}, it was {said.store_id}")
    if has_changed_home(remembered, seen):
        reasons.append(f"it calls itself {seen.home_url}, it was {said.home_url}")
    if standing is Standing.EMPTY:
        names = " and ".join(sample.resource for sample in samples if sample.known)
        reasons.append(f"it has no {names} at all, the twin has")
    elif standing is Standing.FOREIGN:
        count = sum(len(sample.known) for sample in samples)
        reasons.append(f"none of {count} records looked at is the one that the twin holds")
    else:
        reasons += [_went_back(sample) for sample in samples if sample.is_rewound]
    return tuple(reasons)


def _went_back(sample: Sample) -> str:
    """Say in which records a store shows that it went back, and how far."""
    others = [seen.held.number for seen in sample.known if seen.sight is Sight.OTHER]
    older = [seen.held.number for seen in sample.known if seen.sight is Sight.OLDER]
    gone = [seen.held.number for seen in sample.lost if seen.sight is Sight.ABSENT]
    told = []
    if others:
        told.append(f"{sample.resource} {_few(others)} are others than the twin holds")
    if len(gone) + len(others) >= FEW and gone:
        told.append(f"{sample.resource} {gone[0]} to {gone[-1]} are gone")
    if older and not told:
        told.append(f"{sample.resource} {_few(older)} are dated back")
    kept = sample.last_kept
    if kept is not None and (others or gone):
        created = kept.marks.get(CREATED)
        told.append(
            f"the last that is the same is {kept.number}" + (f" of {created}" if created else "")
        )
    return ", ".join(told)


def _few(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:3]))
    return shown + (f" and {len(numbers) - 3} more" if len(numbers) > 3 else "")
