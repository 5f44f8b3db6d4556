"""Rules of the staging explorer: what a person sets, and what is done by them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC
from uuid import UUID

from storetwin.connections.models import Connection
from storetwin.db.database import Transaction
from storetwin.hub.promoting import Promoting
from storetwin.hub.running import Runner
from storetwin.hub.schedules import zone_of
from storetwin.kernel.errors import UnknownNameError
from storetwin.kernel.ids import new_id
from storetwin.mapping.nouns import noun_of
from storetwin.staging import rules
from storetwin.staging.models import ChoiceAction, Chose, Chosen, Filter, RuleAction
from storetwin.staging.rules import Rule

Choose = Callable[[Chosen, ChoiceAction, UUID], Awaitable[Chose]]
_CHOICES = {RuleAction.SELECT: ChoiceAction.SELECT, RuleAction.IGNORE: ChoiceAction.IGNORE}


class UnknownRuleError(UnknownNameError):
    """There is no such rule."""

    code = "unknown_rule"


@dataclass(frozen=True, slots=True)
class StagingRules:
    """The rules of one organisation.

    Args:
        choose: makes a choice; see :meth:`storetwin.hub.staging.Staging.choose`.
    """

    runner: Runner
    choose: Choose

    async def list(self) -> list[Rule]:
        """Return the rules, the oldest first."""
        async with self._transaction() as tx:
            return await rules.list_rules(tx, self.runner.organisation_id)

    async def one(self, name: str) -> Rule:
        """Return a rule by its name or id.

        Raises:
            UnknownRuleError: there is none.
        """
        for rule in await self.list():
            if name in (rule.name, str(rule.rule_id)):
                return rule
        raise UnknownRuleError(
            f"There is no rule {name!r}.", remedy="See which there are: storetwin staging rules."
        )

    async def add(
        self,
        name: str,
        wanted: Filter,
        action: RuleAction,
        *,
        connection_id: UUID | None = None,
        spec: str | None = None,
        is_active: bool = True,
    ) -> Rule:
        """Keep a new rule; it is applied to what comes or changes from now on, or at its times.

        Raises:
            RuleRefusedError: its name is taken, or what it says does not go together.
            UnknownNameError: there is no such resource.
        """
        rule = Rule(
            new_id(self.runner.clock()), name, connection_id, wanted, action, spec, is_active
        )
        return await self._keep(rule)

    async def change(self, rule: Rule) -> Rule:
        """Keep a rule as it is given.

        Raises:
            RuleRefusedError: its name is taken, or what it says does not go together.
            UnknownRuleError: there is none of its id.
        """
        await self.one(str(rule.rule_id))
        return await self._keep(rule)

    async def remove(self, name: str) -> None:
        """Remove a rule; what it has chosen stays chosen.

        Raises:
            UnknownRuleError: there is none.
        """
        rule = await self.one(name)
        async with self._transaction() as tx:
            await rules.remove(tx, self.runner.organisation_id, rule.rule_id)

    async def apply(self, name: str) -> int:
        """Apply a rule now, whenever it is due; return how many records it chose.

        Raises:
            UnknownRuleError: there is none.
        """
        rule = await self.one(name)
        return await self._apply(rule, await self._of(rule))

    async def follow(self, connection: Connection) -> None:
        """Apply the rules that are due: at once to the records of a store, at their times to all."""
        own, now = self.runner.organisation_id, self.runner.clock()
        async with self._transaction() as tx:
            every = await rules.list_rules(tx, own)
            news = await rules.news_of(tx, own, connection.id)
        for rule in every:
            is_meant = rule.connection_id in (None, connection.id)
            if is_meant and rule.is_due(now, has_news=news is not None):
                await self._apply(rule, [connection] if rule.spec is None else await self._of(rule))
        if news is not None:
            async with self._transaction() as tx:
                await rules.note_followed(tx, own, connection.id, news)

    # -- inside ---------------------------------------------------------------------------------

    async def _of(self, rule: Rule) -> Sequence[Connection]:
        every = await self.runner.register.every()
        return [one for one in every if rule.connection_id in (None, one.id)]

    async def _apply(self, rule: Rule, connections: Sequence[Connection]) -> int:
        count, zone = 0, UTC if not connections else zone_of(connections[0])
        for connection in connections:
            chosen = Chosen(rule.of(connection.id))
            if rule.action is RuleAction.PROMOTE:
                asked = await Promoting(self.runner).ask(chosen, [connection])
                count += sum(one.records for one in asked)
            else:
                made = await self.choose(chosen, _CHOICES[rule.action], rule.rule_id)
                count += made.changed
        now = self.runner.clock()
        async with self._transaction() as tx:
            await rules.note_applied(
                tx,
                self.runner.organisation_id,
                rule.rule_id,
                count,
                now=now,
                next_at=rule.next_after(now, zone),
            )
        return count

    async def _keep(self, rule: Rule) -> Rule:
        if noun_of(rule.resource) is None:
            raise UnknownNameError(f"There is no resource {rule.resource!r}.")
        rules.check(rule)
        now = self.runner.clock()
        kept = replace(rule, next_at=rule.next_after(now, UTC))
        async with self._transaction() as tx:
            await rules.keep(tx, self.runner.organisation_id, kept, now)
        return replace(kept, created_at=kept.created_at or now)

    def _transaction(self) -> AbstractAsyncContextManager[Transaction]:
        return self.runner.database.transaction(self.runner.organisation_id)
