"""Staging: what the stores' records would mean for core, and what is to become of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from storetwin.api.callers import Creator, Deleter, Importer, Reader, Updater
from storetwin.api.paging import Page
from storetwin.api.route import DoorRoute
from storetwin.api.staging_asked import Connections, Narrowed, Placed
from storetwin.api.staging_forms import (
    ChoiceGiven,
    ChoiceMade,
    ChosenRecords,
    MappingGiven,
    PreviewShown,
    PromotionsAsked,
    ResourceCounts,
    StagedShown,
    StagedTable,
    StagedWhole,
    StateCount,
    choice_shown,
    chosen_of,
    filter_of,
    ids_of,
    preview_shown,
    promotions_shown,
    record_shown,
    whole_shown,
)
from storetwin.api.staging_rule_forms import (
    RuleApplied,
    RuleGiven,
    RuleShown,
    filter_given,
    rule_shown,
)
from storetwin.staging.models import State
from storetwin.staging.rules import Rule

router = APIRouter(prefix="/staging", tags=["staging"], route_class=DoorRoute)
ROUTERS = (router,)

Resource = Annotated[str, Path(min_length=1, max_length=63, description="Like `products`.")]
RuleName = Annotated[str, Path(min_length=1, max_length=100, description="Its name or id.")]


@router.get("")
async def count_staging(caller: Reader, connections: Connections = None) -> Page[ResourceCounts]:
    """Count the records of each resource by what they would mean for core."""
    wanted = await ids_of(caller, connections)
    sums: dict[str, dict[State, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for count in await caller.hub.staging.counts(connections=wanted):
        numbers = sums[count.resource][count.state]
        numbers[0] += count.records
        numbers[1] += count.selected
    return Page(
        data=[
            ResourceCounts(
                resource=resource,
                records=sum(numbers[0] for numbers in states.values()),
                selected=sum(numbers[1] for numbers in states.values()),
                states=[
                    StateCount(state=state, records=states[state][0], selected=states[state][1])
                    for state in State
                    if state in states
                ],
            )
            for resource, states in sorted(sums.items())
        ]
    )


# -- rules ----------------------------------------------------------------------------------------


@router.get("/rules")
async def list_staging_rules(caller: Reader) -> Page[RuleShown]:
    """List the rules that choose records by themselves, the oldest first."""
    return Page(data=[rule_shown(rule) for rule in await caller.hub.staging.rules.list()])


@router.post("/rules", status_code=201)
async def create_staging_rule(
    caller: Creator, given: RuleGiven, request: Request, response: Response
) -> RuleShown:
    """Make a rule: it chooses what comes or changes from now on, or at its times.

    Apply it once to what is there already: `POST /api/v1/staging/rules/{rule}/apply`.
    """
    connection_id, wanted = await filter_given(caller, given)
    rule = await caller.hub.staging.rules.add(
        given.name,
        wanted,
        given.action,
        connection_id=connection_id,
        spec=given.schedule,
        is_active=given.is_active,
    )
    found = request.url_for("show_staging_rule", rule=str(rule.rule_id))
    response.headers["Location"] = found.path
    return rule_shown(rule)


@router.get("/rules/{rule}")
async def show_staging_rule(caller: Reader, rule: RuleName) -> RuleShown:
    """Show a rule."""
    return rule_shown(await caller.hub.staging.rules.one(rule))


@router.put("/rules/{rule}")
async def update_staging_rule(caller: Updater, rule: RuleName, given: RuleGiven) -> RuleShown:
    """Put another rule in the place of one; what it has chosen stays chosen."""
    before = await caller.hub.staging.rules.one(rule)
    connection_id, wanted = await filter_given(caller, given)
    changed: Rule = replace(
        before,
        name=given.name,
        connection_id=connection_id,
        filter=wanted,
        action=given.action,
        spec=given.schedule,
        is_active=given.is_active,
    )
    return rule_shown(await caller.hub.staging.rules.change(changed))


@router.delete("/rules/{rule}", status_code=204)
async def delete_staging_rule(caller: Deleter, rule: RuleName) -> None:
    """Remove a rule; what it has chosen stays chosen."""
    await caller.hub.staging.rules.remove(rule)


@router.post("/rules/{rule}/apply")
async def apply_staging_rule(caller: Importer, rule: RuleName) -> RuleApplied:
    """Apply a rule now, whenever it is due."""
    return RuleApplied(records=await caller.hub.staging.rules.apply(rule))


# -- records --------------------------------------------------------------------------------------


@router.get("/{resource}")
async def list_staged_records(
    caller: Reader, resource: Resource, given: Narrowed, place: Placed
) -> StagedTable:
    """List the records of a resource with what they would mean for core; pages reach 10,000 rows."""
    wanted = replace(
        await filter_of(caller, resource, given),
        is_selected=place.is_selected,
        rule_id=place.rule_id,
    )
    found = await caller.hub.staging.page(
        wanted,
        place.sort,
        is_descending=place.is_descending,
        page=place.page,
        page_size=place.page_size,
    )
    return StagedTable(
        data=[record_shown(record) for record in found.data],
        row_count=found.row_count,
        row_count_is_exact=not found.is_cut_off,
        page=found.page,
        page_size=found.page_size,
    )


@router.get("/{resource}/records/{connection}/{remote_id:path}")
async def show_staged_record(
    caller: Reader,
    resource: Resource,
    connection: Annotated[str, Path(max_length=200, description="Its name or id.")],
    remote_id: Annotated[str, Path(min_length=1, max_length=200)],
) -> StagedWhole:
    """Show a record with everything that promoting it would change, and what it may be."""
    return whole_shown(await caller.hub.staging.record(connection, resource, remote_id))


@router.post("/{resource}/selections")
async def choose_staged_records(
    caller: Updater, resource: Resource, given: ChoiceGiven
) -> ChoiceMade:
    """Select, deselect, ignore or restore records: some by name, or all that match but some.

    All of it or nothing. Where as many are meant as `seen` says, `is_as_seen` is true.
    """
    chosen = await chosen_of(caller, resource, given)
    return choice_shown(await caller.hub.staging.choose(chosen, given.action))


@router.post("/{resource}/mappings")
async def map_staged_record(
    caller: Updater, resource: Resource, given: MappingGiven
) -> StagedShown:
    """Say which core record a record is, or that it is a new one; it is selected for promotion."""
    return record_shown(
        await caller.hub.staging.map(given.connection, resource, given.remote_id, given.core_id)
    )


@router.post("/{resource}/previews")
async def preview_promotion(
    caller: Updater, resource: Resource, given: ChosenRecords
) -> PreviewShown:
    """Say what promoting some records would do; it does nothing."""
    return preview_shown(await caller.hub.staging.preview(await chosen_of(caller, resource, given)))


@router.post("/{resource}/promotions", status_code=202)
async def promote_records(
    caller: Importer, resource: Resource, given: ChosenRecords
) -> PromotionsAsked:
    """Bring some records into core, in a run of each store; what they name comes along.

    What is meant is settled now. Send `{"filter": {"is_selected": true}}` for what was selected.
    """
    chosen = await chosen_of(caller, resource, given)
    user_id = caller.principal.user_id
    return promotions_shown(await caller.hub.staging.promote(chosen, user_id))
