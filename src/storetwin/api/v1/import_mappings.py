"""Import mappings: which fields of a store become which columns of core, and how."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from storetwin.api.callers import Caller, Creator, Deleter, Reader, Updater
from storetwin.api.given import Given
from storetwin.api.mapping_forms import (
    CheckShown,
    EffectShown,
    PreviewShown,
    SourceShown,
    check_shown,
    effect_shown,
    preview_shown,
)
from storetwin.api.paging import Cursor, Limit, Page, page_of, position_of
from storetwin.api.route import DoorRoute, QuestionRoute
from storetwin.connections.models import Connection
from storetwin.core.definitions import ImportMapping

PREFIX = "/connections/{connection}/import-mappings"
router = APIRouter(prefix=PREFIX, tags=["import mappings"], route_class=DoorRoute)
questions = APIRouter(prefix=PREFIX, tags=["import mappings"], route_class=QuestionRoute)
ROUTERS = (router, questions)

Connected = Annotated[str, Path(max_length=200, description="The connection's name or id.")]
Called = Annotated[str, Path(max_length=200, description="The mapping's name or id.")]
Noun = Annotated[str, Field(min_length=1, max_length=63, examples=["products"])]
Name = Annotated[str, Field(min_length=1, max_length=100, examples=["kitchen"])]
Document = Annotated[
    dict[str, Any],
    Field(
        description="`rules` by noun, and `tables`: see docs/howto/map-fields.md.",
        examples=[
            {
                "rules": {
                    "products": [
                        {
                            "field": "custom.volume_ml",
                            "source": "name",
                            "steps": [
                                {"step": "extract", "pattern": "(\\d+) ?ml"},
                                {"step": "number"},
                            ],
                            "when_empty": "leave",
                        }
                    ]
                }
            }
        ],
    ),
]


class ImportMappingGiven(Given):
    """A new import mapping; it is not active until somebody activates it."""

    name: Name
    document: Document


class ImportMappingChange(Given):
    """What changes of an import mapping; what is absent stays."""

    name: Name | None = None
    document: Document | None = None


class ActivationGiven(Given):
    """How an import mapping is activated."""

    dry_run: bool = Field(
        default=False, description="Say what it would change in core, and change nothing."
    )


class PreviewGiven(Given):
    """Which record is to be seen before and after."""

    noun: Noun
    remote_id: str | None = Field(
        default=None, min_length=1, max_length=200, description="The first one without it."
    )
    document: Document | None = Field(
        default=None, description="Tried instead of what is kept; nothing is written."
    )


class CheckGiven(Given):
    """What a mapping is to be checked on: every record of a noun."""

    noun: Noun
    document: Document | None = Field(
        default=None, description="Tried instead of what is kept; nothing is written."
    )
    seconds: int = Field(default=20, ge=1, le=60, description="After which it stops.")


class ImportMappingShown(BaseModel):
    """An import mapping."""

    id: UUID
    connection: str
    connection_id: UUID
    name: str
    version: int = Field(description="The latest; a draft unless it is the active one.")
    active_version: int | None = Field(
        description="By which records are promoted; null: by none of this mapping."
    )
    is_active: bool
    document: dict[str, Any] = Field(description="What `version` says.")
    created_at: datetime
    created_by: UUID | None
    updated_at: datetime
    updated_by: UUID | None
    activated_at: datetime | None = Field(description="When it was last activated.")


class ActivationShown(BaseModel):
    """What activating a mapping did, or would do."""

    mapping: ImportMappingShown
    is_active: bool = Field(description="false after a dry run.")
    before: UUID | None = Field(description="The mapping that was active until now.")
    before_version: int | None
    compared_again: int = Field(
        description="Records in core that are compared with the store again."
    )
    effect: EffectShown | None = Field(description="Of a dry run: what it would change in core.")


class SuggestionShown(BaseModel):
    """A mapping made of what this store's own records have."""

    document: dict[str, Any]
    sources: dict[str, list[SourceShown]] = Field(description="What could be mapped, by noun.")


@router.get("")
async def list_import_mappings(
    caller: Reader, connection: Connected, limit: Limit = 50, cursor: Cursor = None
) -> Page[ImportMappingShown]:
    """List the import mappings of a connection, the oldest first."""
    found = await caller.hub.mappings.list(connection)
    question = f"import mappings {connection}"
    position = position_of(cursor, question, str)
    every = sorted(found, key=lambda one: str(one[1].id))
    shown = [_shown(of, one) for of, one in every if position is None or str(one.id) > position[0]]
    return page_of(shown[: limit + 1], limit, question, lambda one: str(one.id))


@router.post("", status_code=201)
async def create_import_mapping(
    caller: Creator,
    connection: Connected,
    given: ImportMappingGiven,
    request: Request,
    response: Response,
) -> ImportMappingShown:
    """Add an import mapping; every flaw is told with its place. Nothing changes until it is activated."""
    made = await caller.hub.mappings.create(
        connection, given.name, given.document, caller.principal.user_id
    )
    response.headers["Location"] = f"{request.url.path}/{made.id}"
    return _shown(await caller.hub.register.named(connection), made)


@router.get("/active")
async def show_active_import_mapping(caller: Reader, connection: Connected) -> ImportMappingShown:
    """Show the import mapping by which records are promoted, as its active version says."""
    mapping, active = await caller.hub.mappings.required_active(connection)
    shown = _shown(await caller.hub.register.named(connection), mapping)
    return shown.model_copy(
        update={"version": active.version, "document": json.loads(active.document)}
    )


@router.delete("/active", status_code=204)
async def deactivate_import_mapping(caller: Updater, connection: Connected) -> None:
    """Promote by no import mapping any more; what is in core is compared with the store again."""
    await caller.hub.mappings.required_active(connection)
    await caller.hub.mappings.activate(connection, None, caller.principal.user_id)


@router.get("/suggestion")
async def suggest_import_mapping(caller: Reader, connection: Connected) -> SuggestionShown:
    """Make a mapping of the attributes and custom fields that this store's records have."""
    made = await caller.hub.mappings.trials.suggest(connection)
    sources = {
        noun: [
            SourceShown(source=one.source, records=one.records, example=one.example) for one in seen
        ]
        for noun, seen in made.sources.items()
    }
    return SuggestionShown(document=dict(made.document), sources=sources)


@router.get("/{mapping_id}")
async def show_import_mapping(
    caller: Reader,
    connection: Connected,
    mapping_id: Called,
    version: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="As this version says; else the latest.")
    ] = None,
) -> ImportMappingShown:
    """Show an import mapping, as its latest version says it or as an earlier one did."""
    shown = await _one(caller, connection, mapping_id)
    if version is None:
        return shown
    read = await caller.hub.mappings.version(connection, mapping_id, version)
    return shown.model_copy(update={"version": version, "document": json.loads(read.document)})


@router.patch("/{mapping_id}")
async def update_import_mapping(
    caller: Updater, connection: Connected, mapping_id: Called, change: ImportMappingChange
) -> ImportMappingShown:
    """Change an import mapping: what is active stays so, the change is a draft until it is activated."""
    changed = await caller.hub.mappings.change(
        connection,
        mapping_id,
        name=change.name,
        document=change.document,
        user_id=caller.principal.user_id,
    )
    return _shown(await caller.hub.register.named(connection), changed)


@router.delete("/{mapping_id}", status_code=204)
async def delete_import_mapping(caller: Deleter, connection: Connected, mapping_id: Called) -> None:
    """Remove an import mapping that is not active."""
    await caller.hub.mappings.remove(connection, mapping_id, caller.principal.user_id)


@router.post("/{mapping_id}/activate")
async def activate_import_mapping(
    caller: Updater, connection: Connected, mapping_id: Called, given: ActivationGiven
) -> ActivationShown:
    """Promote by the latest version of a mapping from now on; what is in core is compared again.

    With `dry_run` it says what it would change in core, as far as five seconds reach.
    """
    mappings = caller.hub.mappings
    if given.dry_run:
        shown = await _one(caller, connection, mapping_id)
        active = await mappings.active(connection)
        effect = await mappings.trials.effect(connection, shown.document)
        return ActivationShown(
            mapping=shown,
            is_active=shown.is_active and shown.version == shown.active_version,
            before=active[1].definition_id if active else None,
            before_version=active[1].version if active else None,
            compared_again=0,
            effect=effect_shown(effect),
        )
    done = await mappings.activate(connection, mapping_id, caller.principal.user_id)
    return ActivationShown(
        mapping=await _one(caller, connection, mapping_id),
        is_active=True,
        before=done.before.definition_id if done.before else None,
        before_version=done.before.version if done.before else None,
        compared_again=done.linked,
        effect=None,
    )


@questions.post("/{mapping_id}/preview")
async def preview_import_mapping(
    caller: Reader, connection: Connected, mapping_id: Called, given: PreviewGiven
) -> PreviewShown:
    """Show one record by the active mapping, by this one, and as core has it; nothing is written."""
    document = await _tried(caller, connection, mapping_id, given.document)
    trial = await caller.hub.mappings.trials.preview(
        connection, given.noun, given.remote_id, document
    )
    return preview_shown(trial)


@questions.post("/{mapping_id}/check")
async def check_import_mapping(
    caller: Reader, connection: Connected, mapping_id: Called, given: CheckGiven
) -> CheckShown:
    """Map every record of a noun, and say which rules come to nothing, or fail; nothing is written."""
    document = await _tried(caller, connection, mapping_id, given.document)
    found = await caller.hub.mappings.trials.check(
        connection, given.noun, document, seconds=given.seconds
    )
    return check_shown(found)


async def _tried(
    caller: Caller, connection: str, mapping_id: str, document: dict[str, Any] | None
) -> Any:
    """Return the document that is tried.

    Raises:
        MappingFlawedError: says everything that is wrong with it.
    """
    kept = await caller.hub.mappings.one(connection, mapping_id)
    if document is None:
        return json.loads(kept.document)
    caller.hub.mappings.check(document)
    return document


async def _one(caller: Caller, connection: str, mapping_id: str) -> ImportMappingShown:
    one = await caller.hub.mappings.one(connection, mapping_id)
    return _shown(await caller.hub.register.named(connection), one)


def _shown(connection: Connection, mapping: ImportMapping) -> ImportMappingShown:
    return ImportMappingShown(
        id=mapping.id,
        connection=connection.name,
        connection_id=connection.id,
        name=mapping.name,
        version=mapping.version,
        active_version=mapping.active_version,
        is_active=mapping.is_active,
        document=json.loads(mapping.document),
        created_at=mapping.created_at,
        created_by=mapping.created_by,
        updated_at=mapping.updated_at,
        updated_by=mapping.updated_by,
        activated_at=mapping.activated_at,
    )
