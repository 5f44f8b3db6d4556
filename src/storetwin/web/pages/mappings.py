"""Import mappings: the list, and one of them: its fields, an editor, and what it makes of a record."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from storetwin.mapping.flaws import Flaw, MappingFlawedError
from storetwin.web.mapping_form import put, read_form
from storetwin.web.mapping_view import Seen, Where, parsed, see, see_list
from storetwin.web.route import PageRoute
from storetwin.web.view import Creating, Deleting, Page, Reading, Updating

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
PATH: Final = "/configuration/mappings"
ONE: Final = PATH + "/{mapping_id}"
API: Final = "/api/v1/connections"
NEW: Final = "new"
Named = Annotated[str, InPath(max_length=100)]
Noun = Annotated[str, Query(max_length=63)]
Rule = Annotated[str, Query(max_length=4, pattern=r"^(new|\d{1,3})?$")]
Record = Annotated[str, Query(max_length=200)]
Do = Annotated[str, Query(max_length=12)]


class NewMappingForm(BaseModel):
    """A new mapping."""

    model_config = ConfigDict(extra="ignore")

    connection: str = Field(max_length=200)
    name: str = Field(max_length=100)
    begin: str = Field(default="suggestion", max_length=20)


class PlaceForm(BaseModel):
    """Which rule is meant."""

    model_config = ConfigDict(extra="ignore")

    noun: str = Field(max_length=63)
    rule: str = Field(default=NEW, max_length=4)
    sample: str = Field(default="", max_length=200)

    @property
    def place(self) -> int | None:
        """Return its place; None for one that is new."""
        return int(self.rule) if self.rule.isdecimal() else None


class RuleForm(PlaceForm):
    """A rule as the editor sends it: the parameters of its steps are further texts."""

    model_config = ConfigDict(extra="allow")

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Return what the editor says."""
        said = self.model_extra or {}
        return [(name, value) for name, value in said.items() if isinstance(value, str)]


class WholeForm(BaseModel):
    """All that a mapping says, as JSON."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field(max_length=100)
    document: str = Field(max_length=1_000_000)


@router.get(PATH)
async def mappings_page(page: Reading) -> Response:
    """List the import mappings."""
    context = {"seen": await see_list(page.hub), "stores": await page.hub.register.every()}
    return await page.render("mappings/index.html", context, api=API)


@router.post(PATH)
async def create_mapping_page(page: Creating, given: Annotated[NewMappingForm, Form()]) -> Response:
    """Add a mapping: of this store's own fields, or with nothing in it."""
    document: Any = {"rules": {}}
    if given.begin == "suggestion":
        document = (await page.hub.mappings.trials.suggest(given.connection)).document
    made = await page.hub.mappings.create(
        given.connection, given.name, document, page.principal.user_id
    )
    note = f"{made.name} is a draft: nothing changes until you activate it."
    return page.redirect(f"{PATH}/{made.id}", note)


@router.get(ONE)
async def mapping_page(
    page: Reading,
    mapping_id: Named,
    noun: Noun = "",
    rule: Rule = "",
    sample: Record = "",
    do: Do = "",
    *,
    edited: bool = False,
    check: bool = False,
) -> Response:
    """Show a mapping, and what it makes of a record; with what a form says in place of a rule."""
    where = Where(noun, rule, sample)
    form = read_form(page.request.query_params.multi_items()).after(do) if edited else None
    seen = await see(page.hub, mapping_id, where, form)
    if check:
        seen.checked = await page.hub.mappings.trials.check(
            seen.connection.name, seen.noun, seen.document
        )
    return await _render(page, seen)


@router.post(ONE + "/rule")
async def save_rule_page(
    page: Updating, mapping_id: Named, given: Annotated[RuleForm, Form()]
) -> Response:
    """Keep a rule in the draft."""
    form = read_form(given.texts)
    where = Where(given.noun, given.rule, given.sample)
    mapping = await page.hub.mappings.one(None, mapping_id)
    rule = form.document()
    document = put(parsed(mapping.document), given.noun, given.place, rule)
    try:
        changed = await page.hub.mappings.change(
            None, mapping_id, document=document, user_id=page.principal.user_id
        )
    except MappingFlawedError:
        return await _render(page, await see(page.hub, mapping_id, where, form), 422)
    kept = f"{rule['field']} is kept in the draft v{changed.version}."
    return page.redirect(f"{PATH}/{mapping_id}?{where.query(rule=_place(document, given))}", kept)


@router.post(ONE + "/rule/remove")
async def remove_rule_page(
    page: Updating, mapping_id: Named, given: Annotated[PlaceForm, Form()]
) -> Response:
    """Take a rule out of the draft."""
    mapping = await page.hub.mappings.one(None, mapping_id)
    document = put(parsed(mapping.document), given.noun, given.place, None)
    user_id = page.principal.user_id
    await page.hub.mappings.change(None, mapping_id, document=document, user_id=user_id)
    where = Where(given.noun, "", given.sample)
    return page.redirect(f"{PATH}/{mapping_id}?{where.query()}", "The rule is out of the draft.")


@router.get(ONE + "/document")
async def mapping_document_page(page: Reading, mapping_id: Named) -> Response:
    """Show all that a mapping says, to be edited as a whole."""
    mapping = await page.hub.mappings.one(None, mapping_id)
    text = json.dumps(parsed(mapping.document), indent=2, ensure_ascii=False)
    return await _render_document(page, mapping_id, WholeForm(name=mapping.name, document=text))


@router.post(ONE + "/document")
async def save_mapping_document_page(
    page: Updating, mapping_id: Named, given: Annotated[WholeForm, Form()]
) -> Response:
    """Keep all that a mapping says, and its name."""
    try:
        document = json.loads(given.document)
    except (ValueError, RecursionError) as error:
        where = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "the text"
        return await _render_document(
            page, mapping_id, given, [Flaw("", where, "this is no JSON.")]
        )
    try:
        changed = await page.hub.mappings.change(
            None, mapping_id, name=given.name, document=document, user_id=page.principal.user_id
        )
    except MappingFlawedError as error:
        return await _render_document(page, mapping_id, given, error.flaws)
    return page.redirect(f"{PATH}/{mapping_id}", f"{changed.name} v{changed.version} is kept.")


@router.get(ONE + "/activate")
async def mapping_effect_page(page: Reading, mapping_id: Named) -> Response:
    """Show what activating a mapping would change in core; nothing happens."""
    seen = await see(page.hub, mapping_id, Where())
    effect = await page.hub.mappings.trials.effect(seen.connection.name, seen.document)
    context = {"seen": seen, "effect": effect}
    return await page.render("mappings/activate.html", context, api=API)


@router.post(ONE + "/activate")
async def activate_mapping_page(page: Updating, mapping_id: Named) -> Response:
    """Promote by the latest version of a mapping from now on."""
    mapping = await page.hub.mappings.one(None, mapping_id)
    connection = str(mapping.connection_id)
    done = await page.hub.mappings.activate(connection, mapping_id, page.principal.user_id)
    again = f" {done.linked:,} records in core are compared again." if done.linked else ""
    return page.redirect(f"{PATH}/{mapping_id}", f"{mapping.name} is active.{again}")


@router.post(ONE + "/deactivate")
async def deactivate_mapping_page(page: Updating, mapping_id: Named) -> Response:
    """Promote by no mapping any more."""
    mapping = await page.hub.mappings.one(None, mapping_id)
    if mapping.is_active:
        connection = str(mapping.connection_id)
        await page.hub.mappings.activate(connection, None, page.principal.user_id)
    return page.redirect(f"{PATH}/{mapping_id}", "Records enter core as the store says them.")


@router.post(ONE + "/remove")
async def remove_mapping_page(page: Deleting, mapping_id: Named) -> Response:
    """Remove a mapping that is not active."""
    mapping = await page.hub.mappings.one(None, mapping_id)
    await page.hub.mappings.remove(None, mapping_id, page.principal.user_id)
    return page.redirect(PATH, f"{mapping.name} is removed.")


# -- inside ---------------------------------------------------------------------------------------


async def _render(page: Page, seen: Seen, status: int = 200) -> Response:
    return await page.render("mappings/show.html", {"seen": seen}, status=status, api=API)


async def _render_document(
    page: Page, mapping_id: str, given: WholeForm, flaws: Any = ()
) -> Response:
    mapping = await page.hub.mappings.one(None, mapping_id)
    context = {"mapping": mapping, "given": given, "flaws": flaws}
    status = 422 if flaws else 200
    return await page.render("mappings/document.html", context, status=status, api=API)


def _place(document: dict[str, Any], given: PlaceForm) -> str:
    """Return the place of a rule after it was kept."""
    return str(len(document["rules"][given.noun]) - 1) if given.place is None else given.rule
