"""Store data: rules, which choose records by themselves.

The module's name sorts before that of the tables: ``/data/rules`` is none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from storetwin.kernel.errors import StoretwinError
from storetwin.runs.schedules import parse_spec
from storetwin.staging.models import Filter, RuleAction
from storetwin.staging.rules import USUAL_STATES, Rule
from storetwin.web.data_asked import PATH, slug
from storetwin.web.data_choosing import counted
from storetwin.web.data_explorer import asked_of, fields_of
from storetwin.web.data_view import label_of
from storetwin.web.route import PageRoute
from storetwin.web.schedule_words import sentence
from storetwin.web.view import Creating, Deleting, Importing, Page, Reading, Updating
from storetwin.web.words import STATE, Tone

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
RULES: Final = f"{PATH}/rules"
LIST: Final = "data/rules.html"
FORM: Final = "data/rule.html"
API: Final = "/api/v1/staging/rules"
ACTIONS: Final[Mapping[RuleAction, str]] = {
    RuleAction.SELECT: "Mark for promotion",
    RuleAction.IGNORE: "Ignore",
    RuleAction.PROMOTE: "Promote",
}
ABOUT: Final[Mapping[RuleAction, str]] = {
    RuleAction.SELECT: "They wait, marked, until somebody promotes them.",
    RuleAction.IGNORE: "They are left out of promotions and of what is to be looked at.",
    RuleAction.PROMOTE: "They come into core by themselves.",
}


class RuleForm(BaseModel):
    """The form of a rule.

    Args:
        filter: of a table, as its address has it.
        spec: when; empty: whenever records come or change.
    """

    model_config = ConfigDict(extra="ignore")

    name: str = Field(default="", max_length=100)
    resource: str = Field(default="products", max_length=63)
    filter: str = Field(default="", max_length=4000)
    action: RuleAction = RuleAction.SELECT
    spec: str = Field(default="", max_length=200)
    now: bool = False


@router.get(RULES)
async def data_rules_page(page: Reading) -> Response:
    """Show the rules, and what each did last."""
    stores = {store.id: store.name for store in await page.hub.register.every()}
    rules = [
        {
            "rule": rule,
            "action": ACTIONS[rule.action],
            "what": told(rule.filter),
            "store": stores.get(rule.connection_id) if rule.connection_id else None,
            "when": sentence(parse_spec(rule.spec)) if rule.spec else "whenever records change",
            "label": label_of(rule.resource),
            "path": f"{PATH}/{slug(rule.resource)}?rule={rule.rule_id}",
        }
        for rule in await page.hub.staging.rules.list()
    ]
    return await page.render(LIST, {"rules": rules}, api=API)


@router.get(f"{RULES}/new")
async def new_data_rule_page(
    page: Creating,
    resource: Annotated[str, Query(max_length=63)] = "products",
    filter: Annotated[str, Query(max_length=4000)] = "",  # noqa: A002 - as the address has it
) -> Response:
    """Ask what a rule is to do with the records of a filter."""
    return await _form(page, RuleForm(resource=resource, filter=filter))


@router.post(RULES)
async def create_staging_rule_page(page: Creating, given: Annotated[RuleForm, Form()]) -> Response:
    """Keep a rule, and apply it to what is there already where that was asked for."""
    asked, _ = await asked_of(page, given.resource, query=given.filter)
    connections = asked.filter.connection_ids
    try:
        rule = await page.hub.staging.rules.add(
            given.name.strip() or ACTIONS[given.action],
            asked.filter,
            given.action,
            connection_id=connections[0] if connections else None,
            spec=given.spec.strip() or None,
        )
    except StoretwinError as error:
        return await _form(page, given, error)
    note = f"The rule “{rule.name}” is kept."
    if given.now:
        note += f" {_applied(rule, await page.hub.staging.rules.apply(str(rule.rule_id)))}"
    return page.redirect(RULES, note)


@router.post(f"{RULES}/{{rule}}/apply")
async def apply_staging_rule_page(page: Importing, rule: str) -> Response:
    """Apply a rule now."""
    found = await page.hub.staging.rules.one(rule)
    count = await page.hub.staging.rules.apply(rule)
    return page.redirect(RULES, _applied(found, count), Tone.OK if count else Tone.IDLE)


@router.post(f"{RULES}/{{rule}}/switch")
async def update_staging_rule_page(page: Updating, rule: str) -> Response:
    """Switch a rule off, or on again."""
    found = await page.hub.staging.rules.one(rule)
    kept = await page.hub.staging.rules.change(replace(found, is_active=not found.is_active))
    state = "on" if kept.is_active else "off"
    return page.redirect(RULES, f"The rule “{kept.name}” is {state}.", Tone.IDLE)


@router.post(f"{RULES}/{{rule}}/remove")
async def delete_staging_rule_page(page: Deleting, rule: str) -> Response:
    """Remove a rule; what it has chosen stays chosen."""
    found = await page.hub.staging.rules.one(rule)
    await page.hub.staging.rules.remove(rule)
    told_ = f"The rule “{found.name}” is removed. What it had chosen stays as it is."
    return page.redirect(RULES, told_, Tone.IDLE)


async def _form(page: Page, given: RuleForm, fault: StoretwinError | None = None) -> Response:
    asked, stores = await asked_of(page, given.resource, query=given.filter)
    wanted = asked.filter
    if not wanted.states:
        wanted = replace(wanted, states=USUAL_STATES)
    matching = (await page.hub.staging.page(wanted, page_size=1)).row_count
    context: dict[str, Any] = {
        "form": given,
        "fault": fault,
        "actions": ACTIONS,
        "about": ABOUT,
        "label": label_of(asked.resource),
        "what": told(asked.filter),
        "matching": counted(matching, asked.resource),
        "store": next((s.name for s in stores if asked.filter.connection_ids == (s.id,)), None),
        "back": f"{asked.path}?{given.filter}",
    }
    return await page.render(FORM, context, status=422 if fault else 200, api=API)


def told(wanted: Filter) -> str:
    """Return in words which records of its resource a rule chooses."""
    states = wanted.states or USUAL_STATES
    parts = [" or ".join(STATE[state].lower() for state in states)]
    if wanted.search:
        parts.append(f"with “{wanted.search}”")
    if wanted.status:
        parts.append(f"in the store {' or '.join(wanted.status)}")
    if wanted.field:
        parts.append(
            f"of which {fields_of(wanted.resource).get(wanted.field, wanted.field)} changed"
        )
    if wanted.modified_after:
        parts.append(f"modified since {wanted.modified_after:%Y-%m-%d}")
    if wanted.modified_before:
        parts.append(f"modified before {wanted.modified_before:%Y-%m-%d}")
    return ", ".join(parts)


def _applied(rule: Rule, count: int) -> str:
    verb = {
        RuleAction.SELECT: "marked",
        RuleAction.IGNORE: "ignored",
        RuleAction.PROMOTE: "given to a promotion",
    }[rule.action]
    return f"{counted(count, rule.resource)} {verb}."
