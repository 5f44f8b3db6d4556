"""One row of the matrix: break a store, pull it, compare; repair it, pull again, compare again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
from psycopg.conninfo import make_conninfo

from benchmarks.matrix.expectations import MOST_MEMORY, MOST_SECONDS, Row
from benchmarks.matrix.judging import Documents, Verdict, documents_of, judge
from benchmarks.matrix.pulling import Program, Pulled
from storetwin.sandboxes.woocommerce import Sandbox, running_store

NAME = "matrix"
_HELD = """
SELECT resource, remote_id, payload::text AS payload, raw FROM mirror.snapshots WHERE state <> 'gone'
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """A row as it came out.

    Args:
        row: what was tried.
        pulled: the pull under the faults.
        verdict: what its twin held.
        requests: what it asked for.
        most: what it may ask for.
        concerned: ids of the records that have to be named.
        struck: how often the faults struck, or how many records they concern.
        healed: the pull after the repair.
        healed_verdict: what its twin held.
    """

    row: Row
    pulled: Pulled
    verdict: Verdict
    requests: int
    most: int
    concerned: frozenset[str]
    struck: int
    healed: Pulled
    healed_verdict: Verdict

    @property
    def lost(self) -> int:
        """How many records nobody names or counts.

        What answers nowhere is counted against the store's own count; while others come and go
        that is off by those, so there it has to be told, but not to the last row.
        """
        lost = len(self.verdict.lost)
        is_told = self.row.is_moving and self.verdict.told and lost <= self.row.told
        return 0 if is_told else lost

    @property
    def _has_certificate(self) -> bool:
        return self.pulled.certificate is not None

    @property
    def faults(self) -> tuple[str, ...]:
        """What is not as it has to be, in words; empty where all is well."""
        pulled, verdict, healed = self.pulled, self.verdict, self.healed
        found = {
            f"exit code {pulled.code} instead of {self.row.code}": pulled.code != self.row.code,
            "other records named than those concerned": self._has_certificate
            and verdict.records != self.concerned,
            f"{verdict.lists} lists named": self._has_certificate
            and verdict.lists != self.row.lists,
            f"{verdict.told} rows told": self._has_certificate
            and verdict.told != self.row.told
            and not (self.row.is_moving and verdict.told),
            f"{self.lost} lost": bool(self.lost),
            f"{len(verdict.wrong)} wrong": bool(verdict.wrong),
            f"more than {self.most} requests": self.requests > self.most,
            f"more than {MOST_SECONDS:.0f} s": pulled.seconds > MOST_SECONDS,
            f"more than {MOST_MEMORY:.0f} MB": pulled.memory > MOST_MEMORY,
            f"afterwards exit code {healed.code}": healed.code != 0,
            f"afterwards {len(self.healed_verdict.missing)} missing": bool(
                self.healed_verdict.missing
            ),
            f"afterwards {len(self.healed_verdict.wrong)} wrong": bool(self.healed_verdict.wrong),
            "no fault struck": bool(self.row.parts) and not self.struck,
        }
        return tuple(words for words, is_so in found.items() if is_so)


def measure(
    row: Row, program: Program, admin_dsn: str, *, orders: int, undisturbed: int
) -> Measured:
    """Try one row.

    Args:
        admin_dsn: of the database server, to look past row-level security.
        orders: of the store.
        undisturbed: requests of the same pull without any fault; 0 where this is that pull.
    """
    with running_store(orders=orders) as store:
        program.connect(NAME, store.url, store.key, store.secret)
        try:
            return _measure(row, program, admin_dsn, store, undisturbed)
        finally:
            program.disconnect(NAME)


def _measure(
    row: Row, program: Program, admin_dsn: str, store: Sandbox, undisturbed: int
) -> Measured:
    for part in row.parts:
        store.faults.switch_on(part.fault)
    store.requests.clear()
    before = documents_of(store.store)
    pulled = program.pull(NAME)
    requests, struck = store.requests.total, strikes(store, row)
    concerned = frozenset(
        str(n) for part in row.parts if part.names for n in store.faults.ids(part.kind)
    )
    store.faults.clear()
    after = documents_of(store.store)
    verdict = judge(before, after, held(admin_dsn, before), pulled.certificate)
    healed = program.pull(NAME)
    settled = judge(before, after, held(admin_dsn, before), healed.certificate)
    most = row.most(undisturbed or requests)
    return Measured(row, pulled, verdict, requests, most, concerned, struck, healed, settled)


def strikes(store: Sandbox, row: Row) -> int:
    """Return how often the weakest fault of a row struck, or how many records it concerns."""
    found = [
        max(store.faults.struck(part.kind), len(store.faults.ids(part.kind))) for part in row.parts
    ]
    return min((n for n in found if n), default=len(row.parts))


def held(admin_dsn: str, resources: Iterable[str]) -> Documents:
    """Return the exact bytes of everything of these resources that is in the twin and not buried."""
    found: dict[str, dict[str, bytes]] = {resource: {} for resource in resources}
    dsn = make_conninfo(admin_dsn, dbname="storetwin")
    with psycopg.connect(dsn) as connection:
        for resource, remote_id, payload, raw in connection.execute(_HELD):
            if resource in found:
                text = bytes(raw) if payload is None else str(payload).encode()
                found[resource][remote_id] = text
    return found
