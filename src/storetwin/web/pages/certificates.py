"""Certificates: what is proven of each store, and one proof resource by resource."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from storetwin.hub.standings import ConnectionStanding
from storetwin.runs.asking import Asked
from storetwin.runs.models import RunKind
from storetwin.web.data_asked import record_path, records_path
from storetwin.web.listing import PageNumber, Search, part_of
from storetwin.web.needs import lacking_of
from storetwin.web.route import PageRoute
from storetwin.web.view import JSON, Importing, Page, Reading

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
PATH: Final = "/certificates"
API: Final = "/api/v1/certificates"
ROWS: Final = 20
LEVELS: Final[Mapping[str, str]] = {
    "ids": "which records exist",
    "modified": "records and their dates",
    "bytes": "every byte",
}


class ProveForm(BaseModel):
    """A store that is to be proven."""

    model_config = ConfigDict(extra="ignore")

    connection: str = Field(max_length=200)


@dataclass(frozen=True, slots=True)
class Proof:
    """A certificate with what its document says.

    Args:
        text: the document as it is kept; its SHA-256 is `digest`.
    """

    row: Mapping[str, Any]
    text: str

    @property
    def document(self) -> dict[str, Any]:
        """Return what it says."""
        found: dict[str, Any] = json.loads(self.text)
        return found

    @property
    def file(self) -> bytes:
        """Return the file that is given away."""
        return self.text.encode("utf-8", "replace")

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the file."""
        return sha256(self.file).hexdigest()

    @property
    def lacking(self) -> int:
        """Return how many records are missing."""
        return lacking_of(self.document)

    @property
    def seconds(self) -> float:
        """Return how long it took."""
        lasted: float = (self.row["ended_at"] - self.row["started_at"]).total_seconds()
        return lasted

    @property
    def sum(self) -> dict[str, int]:
        """Return the counts of all resources together; an unknown one counts as nothing."""
        resources = self.document["resources"]
        return {
            name: sum(int(one.get(name) or 0) for one in resources)
            for name in ("in_store", "in_twin", "buried", "lacking_count")
        }

    @property
    def unlisted(self) -> int:
        """Return how many records are in no list of the store's, but are there."""
        return sum(len(one["unlisted"]) for one in self.document["resources"])

    @property
    def sentence(self) -> str:
        """Return what is proven, in one sentence without its time."""
        level = LEVELS.get(self.row["level"], self.row["level"])
        found, names = self.sum, len(self.document["resources"])
        resources = "1 resource" if names == 1 else f"{names:,} resources"
        store = self.row["connection"]
        if self.row["is_complete"]:
            return (
                f"All {found['in_store']:,} records of {store} are in the twin: {resources} "
                f"compared by {level}."
            )
        if self.lacking:
            are = "1 record is" if self.lacking == 1 else f"{self.lacking:,} records are"
            return (
                f"Of {found['in_store']:,} records of {store} {are} not in the twin: {resources} "
                f"compared by {level}."
            )
        return f"{store} could not be proven whole: {resources} compared by {level}."


@dataclass(frozen=True, slots=True)
class StoreProof:
    """A store with its latest proof.

    Args:
        requests, seconds: what the latest cost: so about does the next.
    """

    one: ConnectionStanding
    lacking: int = 0
    records: int | None = None
    requests: int | None = None
    seconds: float | None = None
    run_id: UUID | None = None

    @property
    def ended_at(self) -> datetime | None:
        """Return when it was proven last."""
        return self.one.certificate["ended_at"] if self.one.certificate else None


@router.get(PATH)
async def certificates_page(
    page: Reading,
    connection: Annotated[str | None, Query(max_length=200)] = None,
    behind: UUID | None = None,
    q: Search = None,
    number: PageNumber = 1,
) -> Response:
    """Show what is proven of each store, and the proofs before."""
    if page.wants_json:
        return await page.render("certificates/index.html", api=API)
    every = sorted([_latest(one) for one in await page.hub.standings.every()], key=_rank)
    kept = {"connection": connection or "", "behind": str(behind or "")}
    stores = part_of(every, q, number, path=PATH, at="stores-t", words=_words, size=ROWS, kept=kept)
    rows = await page.hub.asking.certificates(
        connection or None, is_complete=None, behind=behind, limit=ROWS + 1
    )
    context = {
        "stores": stores,
        "names": sorted(store.one.connection.name for store in every),
        "rows": rows[:ROWS],
        "older": rows[ROWS - 1]["certificate_id"] if len(rows) > ROWS else None,
        "connection": connection,
        "behind": behind,
        "LEVELS": LEVELS,
    }
    return await page.render("certificates/index.html", context)


@router.get(PATH + "/{certificate_id}")
async def certificate_page(page: Reading, certificate_id: UUID) -> Response:
    """Show one certificate: the sentence first, then each resource."""
    proof = await _proof(page, certificate_id)
    context = {"proof": proof, "document": proof.document}
    context |= {"record_path": record_path, "records_path": records_path}
    return await page.render("certificates/one.html", context, document=proof.document)


@router.get(PATH + "/{certificate_id}/certificate.json")
async def download_certificate_page(page: Reading, certificate_id: UUID) -> Response:
    """Give a certificate as a file: exactly the bytes whose hash its page shows."""
    proof = await _proof(page, certificate_id)
    name = f"storetwin-certificate-{certificate_id}.json"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return Response(proof.file, media_type=JSON, headers=headers)


@router.post(PATH + "/prove")
async def prove_store_page(page: Importing, given: Annotated[ProveForm, Form()]) -> Response:
    """Ask for a proof of a store, and show the run that makes it."""
    run_id, _ = await page.hub.asking.ask(given.connection, Asked(RunKind.VERIFY))
    return page.redirect(f"/operations/runs/{run_id}")


async def _proof(page: Page, certificate_id: UUID) -> Proof:
    row = await page.hub.asking.certificate(certificate_id)
    return Proof(row, row["document"])


def _latest(one: ConnectionStanding) -> StoreProof:
    at_work: Sequence[Mapping[str, Any]] = [
        run for run in one.at_work if run["kind"] in (RunKind.VERIFY, RunKind.PULL)
    ]
    run_id = at_work[0]["run_id"] if at_work else None
    found = one.certificate
    if found is None:
        return StoreProof(one, run_id=run_id)
    document = json.loads(found["document"])
    return StoreProof(
        one,
        lacking_of(document),
        sum(int(resource.get("in_store") or 0) for resource in document["resources"]),
        document.get("requests"),
        (found["ended_at"] - found["started_at"]).total_seconds(),
        run_id,
    )


def _words(store: StoreProof) -> str:
    """Return what a store is searched by."""
    return f"{store.one.connection.name} {store.one.connection.url}"


def _rank(store: StoreProof) -> tuple[int, float, str]:
    """Return where a store stands: what is missing first, then never proven, then the oldest."""
    found = store.one.certificate
    if found is None:
        return 1, 0.0, store.one.connection.name
    return (2 if found["is_complete"] else 0), found["ended_at"].timestamp(), ""
