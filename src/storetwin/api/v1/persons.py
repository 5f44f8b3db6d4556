"""What is known of a person: told, and taken out of the twins."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from storetwin.api.bulk import streamed
from storetwin.api.callers import Administrator, Exporter
from storetwin.api.given import Given
from storetwin.api.problems import ProblemError
from storetwin.api.route import DoorRoute
from storetwin.hub import Hub
from storetwin.hub.person_models import LONGEST_EMAIL, Erasure, Named, Removal
from storetwin.kernel.json_values import written

router = APIRouter(prefix="/persons", tags=["persons"], route_class=DoorRoute)
ROUTERS = (router,)

_TOLD: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Everything that is known of him, piece by piece. The last piece has the "
        "kind `end`: an answer without it is not whole.",
        "content": {
            "application/json": {
                "schema": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["kind"],
                        "properties": {"kind": {"type": "string"}},
                    },
                }
            }
        },
    }
}


class PersonAsked(Given):
    """Whom you mean: by his e-mail, or by the id of his account in one store."""

    email: str | None = Field(
        default=None,
        max_length=LONGEST_EMAIL,
        description="In any spelling.",
        examples=["ada@example.org"],
    )
    customer_id: str | None = Field(
        default=None,
        max_length=18,
        pattern="^[0-9]+$",
        description="As the store has it; needs a connection.",
    )
    connection: str | None = Field(
        default=None, max_length=200, description="Name or id: only there. All without it."
    )

    def named(self) -> Named:
        """Return whom the caller means."""
        return Named(self.email, self.customer_id, self.connection)


class PersonToErase(PersonAsked):
    """Whom to erase."""

    confirm: str = Field(
        default="",
        max_length=LONGEST_EMAIL,
        description="The e-mail, or the id, once more; not needed for `dry_run`.",
        examples=["ada@example.org"],
    )
    dry_run: bool = Field(default=False, description="Change nothing, only count.")


class RemovalDocument(BaseModel):
    """What was taken out of one twin."""

    connection: str
    records: int = Field(description="Records that were changed.")
    versions: int = Field(description="Earlier versions that were changed.")
    removed: int = Field(description="What could not be changed exactly, and was removed.")
    by_resource: dict[str, int] = Field(description="His records, by resource.")
    mentions: int = Field(description="Records of others that had his e-mail in them.")
    deliveries: int = Field(description="Deliveries of webhooks that were emptied.")
    texts: dict[str, int] = Field(description="Texts of ours that spoke of him, by what they are.")
    core: dict[str, int] = Field(description="Records of core that had something of him, by noun.")
    in_store: dict[str, list[str]] = Field(
        description="His records that the store had when it was last read. Unless he is erased "
        "there, he comes back with a reading that shows him."
    )
    erased_before: datetime | None = Field(
        description="When he was erased last: the store has shown him since, if there is anything."
    )


class ErasureDocument(BaseModel):
    """What was taken out of the twins."""

    dry_run: bool
    connections: list[RemovalDocument]
    answers: int = Field(description="Repeatable answers of this API that were forgotten.")
    delivered_to: list[str] = Field(description="Where else data of his was sent by this hub.")


@router.post("/export", response_class=Response, responses=_TOLD)
async def export_person(caller: Exporter, request: Request, asked: PersonAsked) -> Response:
    """Tell everything that is known of a person: his records with every version, and who mentions him.

    Nothing of the answer is kept anywhere.
    """
    pieces = _pieces(caller.hub, asked.named())
    return await streamed(request, pieces, "application/json", {"Cache-Control": "no-store"})


@router.post("/erase")
async def erase_person(caller: Administrator, asked: PersonToErase) -> ErasureDocument:
    """Take a person out of the twins. Orders keep what an accountant needs: lines, totals, dates.

    Erase him in the store first: the store is the source, and brings him back as long as it has him.
    """
    named = asked.named()
    who = asked.email or asked.customer_id or ""
    if not asked.dry_run and asked.confirm.strip().lower() != who.strip().lower():
        raise ProblemError(
            422,
            "not_confirmed",
            "It was not confirmed who is to be erased.",
            remedy="Send the e-mail, or the id, as `confirm` as well.",
        )
    erasure = await caller.hub.persons.erase(named, is_rehearsal=asked.dry_run)
    return _document(erasure)


async def _pieces(hub: Hub, named: Named) -> AsyncGenerator[bytes]:
    """Yield the pieces as the members of one list, as they come."""
    mark = "["
    async with aclosing(hub.persons.export(named)) as pieces:
        async for piece in pieces:
            yield (mark + written(piece)).encode()
            mark = ",\n"
    yield b"]\n"


def _document(erasure: Erasure) -> ErasureDocument:
    return ErasureDocument(
        dry_run=erasure.is_rehearsal,
        connections=[_removal(one) for one in erasure.connections],
        answers=erasure.answers,
        delivered_to=list(erasure.delivered_to),
    )


def _removal(one: Removal) -> RemovalDocument:
    return RemovalDocument(**{name: getattr(one, name) for name in RemovalDocument.model_fields})
