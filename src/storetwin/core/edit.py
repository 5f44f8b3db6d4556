"""What people change in core: it wins over what stores say, until it is taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from storetwin.core.changed import read_edits
from storetwin.core.differences import Difference, between
from storetwin.core.given import values_of
from storetwin.core.models import Action, Cause, Origin
from storetwin.core.records import Stand, read_stands
from storetwin.core.settling import OWNER, Moved, settle
from storetwin.core.statements import Q, tables_of
from storetwin.core.storing import Change, write_changes, write_row
from storetwin.core.targets import Pending, Target
from storetwin.core.values import to_json
from storetwin.core.write import hold
from storetwin.db.database import Transaction
from storetwin.kernel.errors import UnknownNameError
from storetwin.mapping.models import Noun, Row


async def edit(
    tx: Transaction,
    noun: Noun,
    core_id: UUID,
    given: Mapping[str, Any],
    user_id: UUID | None,
    now: datetime,
) -> Difference:
    """Change columns of a record; return what differs now.

    Raises:
        UnknownNameError: there is no such record.
        BadValueError: a column cannot be changed, or a value cannot stand in it.
    """
    values = values_of(noun, given)
    await hold(tx)
    old = await _stand(tx, noun, core_id)
    edits, said = await read_edits(tx, noun, [core_id])
    known = said.get(core_id, {})
    rows = [
        {"field": name, "value": value, "said": known.get(name, old.row.get(name))}
        for name, value in values.items()
    ]
    await tx.execute(
        Q.put_edits,
        {
            "noun": noun.name,
            "core_id": core_id,
            "user_id": user_id,
            "now": now,
            "rows": to_json(rows),
        },
    )
    return await _become(tx, noun, old, edits.get(core_id, {}) | values, user_id, now)


async def take_back(
    tx: Transaction,
    noun: Noun,
    core_id: UUID,
    fields: Sequence[str],
    user_id: UUID | None,
    now: datetime,
) -> Difference:
    """Let columns of a record be again what the stores say; return what differs now.

    What nobody has changed stays as it is.

    Raises:
        UnknownNameError: there is no such record.
    """
    await hold(tx)
    old = await _stand(tx, noun, core_id)
    _, said = await read_edits(tx, noun, [core_id])
    back = {name: value for name, value in said.get(core_id, {}).items() if name in fields}
    values = {"noun": noun.name, "core_id": core_id, "fields": list(back)}
    await tx.execute(Q.take_edits_back, values)
    return await _become(tx, noun, old, back, user_id, now)


async def _stand(tx: Transaction, noun: Noun, core_id: UUID) -> Stand:
    found = await read_stands(tx, tables_of(noun), [core_id])
    if core_id not in found or not is_of(noun, found[core_id]):
        raise UnknownNameError(
            f"There is no such {noun.label.lower()}.", remedy="Look for it in the list."
        )
    return found[core_id]


def is_of(noun: Noun, stand: Stand) -> bool:
    """Say whether a row of a table that several nouns share is one of this noun."""
    return all(not value or stand.row.get(name) == value for name, value in noun.constants.items())


async def _become(
    tx: Transaction, noun: Noun, old: Stand, values: Row, user_id: UUID | None, now: datetime
) -> Difference:
    """Write what a record is from now on, and what follows from it."""
    tables, cause = tables_of(noun), Cause(user_id=user_id)
    new = replace(old, row={**old.row, **values})
    if noun.derive is not None:
        parts: dict[str, list[Row]] = {
            name: [dict(row) for row in rows.values()]  # type: ignore[arg-type]
            for name, rows in new.parts.items()
        }
        new.row |= noun.derive(dict(new.row), parts)  # type: ignore[arg-type]
    found = between(tables, old, new)
    if found.fields:
        await write_row(tx, tables, new, now)
        change = Change(old.core_id, Action.UPDATED, found.fields)
        await write_changes(tx, noun, [change], cause, now)
        # Whose an order is may follow from its e-mail: the rest is asked where it is decided.
        asked = Pending(Origin(old.core_id, "customers", ""), OWNER, old.core_id)
        moved = Moved(
            {old.core_id: old}, {old.core_id: Target(new, pending=[asked])},
            frozenset([old.core_id]), {},
        )  # fmt: skip
        await settle(tx, noun, tables, moved, cause, now)
    return found
