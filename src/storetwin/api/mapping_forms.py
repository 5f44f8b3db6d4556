"""How trials of import mappings are told over the API."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, Field

from storetwin.staging.trials import Checked, Effect, RecordTrial


class SourceShown(BaseModel):
    """A source that this store's records have."""

    source: str = Field(examples=["attribute:Material"])
    records: int = Field(description="In how many of those that were looked at it says something.")
    example: str = Field(description="What one of them says.")


class FieldShown(BaseModel):
    """What stands in a column, as people read it."""

    field: str
    label: str
    kind: str
    source: str | None = Field(description="Of the rule; null where there is none.")
    steps: list[str] | None = Field(description="Of the rule; null where there is none.")
    active: str | None = Field(description="By the mapping that is active.")
    tried: str | None = Field(description="By this one.")
    core: str | None = Field(description="In core now.")
    problem: str | None = Field(description="Why this one comes to nothing.")


class ProblemShown(BaseModel):
    """What of a record could not be had."""

    field: str
    message: str
    is_fatal: bool = Field(description="The record would not enter core.")


class PreviewShown(BaseModel):
    """One record before and after."""

    noun: str
    remote_id: str
    title: str = Field(description="What people know it by.")
    is_in_core: bool
    fields: list[FieldShown] = Field(
        description="What has a rule, or differs from what the active mapping makes of it."
    )
    problems: list[ProblemShown]
    kept: int = Field(description="Members that no column takes; they are kept beside the columns.")
    document: Any = Field(description="The record as the store says it.")


class RuleChecked(BaseModel):
    """What a rule came to, where that was not a value."""

    field: str
    records: int
    ids: list[str] = Field(description="The first of them.")
    message: str | None = Field(description="Why it failed, of the first; null where it was empty.")


class CheckShown(BaseModel):
    """What a mapping makes of all records of a noun."""

    noun: str
    records: int
    looked_at: int = Field(description="Fewer than `records` where the time was over first.")
    is_whole: bool
    fine: int = Field(description="Every rule came to something.")
    failing: int = Field(description="A rule failed.")
    refused: int = Field(description="Records that would not enter core.")
    seconds: float
    empty: list[RuleChecked] = Field(description="Rules that came to nothing.")
    failed: list[RuleChecked] = Field(description="Rules that failed.")


class FieldChanged(BaseModel):
    """How many records of a noun differ in a column."""

    noun: str
    field: str
    records: int


class EffectShown(BaseModel):
    """What activating a mapping would change in core."""

    looked_at: int = Field(description="Records that are in core.")
    changed: int = Field(description="Of these, those that come to something else.")
    is_whole: bool = Field(description="false: the time was over before all were looked at.")
    fields: list[FieldChanged]


def preview_shown(trial: RecordTrial) -> PreviewShown:
    """Return one record before and after."""
    return PreviewShown(
        noun=trial.noun,
        remote_id=trial.remote_id,
        title=trial.title,
        is_in_core=trial.is_in_core,
        fields=[
            FieldShown(
                field=one.name,
                label=one.label,
                kind=one.kind,
                source=one.source,
                steps=None if one.steps is None else list(one.steps),
                active=one.active,
                tried=one.tried,
                core=one.core,
                problem=one.problem,
            )
            for one in trial.fields
        ],
        problems=[
            ProblemShown(field=one.field, message=one.message, is_fatal=one.is_fatal)
            for one in trial.problems
        ],
        kept=trial.kept,
        document=_parsed(trial.document),
    )


def check_shown(found: Checked) -> CheckShown:
    """Return what a check came to."""
    return CheckShown(
        noun=found.noun,
        records=found.records,
        looked_at=found.looked_at,
        is_whole=found.is_whole,
        fine=found.fine,
        failing=found.failing,
        refused=found.refused,
        seconds=round(found.seconds, 3),
        empty=[
            RuleChecked(field=name, records=n, ids=found.without[name], message=None)
            for name, n in found.empty.most_common()
        ],
        failed=[
            RuleChecked(
                field=name,
                records=n,
                ids=found.with_problem[name],
                message=found.messages.get(name),
            )
            for name, n in found.failed.most_common()
        ],
    )


def effect_shown(effect: Effect) -> EffectShown:
    """Return what activating would change."""
    return EffectShown(
        looked_at=effect.linked,
        changed=effect.changed,
        is_whole=effect.is_whole,
        fields=[
            FieldChanged(noun=noun, field=name, records=n)
            for noun, counts in effect.fields.items()
            for name, n in counts.most_common()
        ],
    )


def _parsed(document: bytes) -> Any:
    try:
        return json.loads(document)
    except ValueError:  # raw bytes that are no JSON
        return document.decode("utf-8", "replace")
