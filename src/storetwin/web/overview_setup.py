"""How one begins: the steps until the first store is in step, ticked by what has happened. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from storetwin.runs.models import RunKind
from storetwin.web.connection_view import Seen
from storetwin.web.needs import address

CONNECT: Final = "/configuration/connections/new"
START: Final = "/operations/runs"
_TITLES: Final = (
    ("connect", "Connect a store", "Its address is enough to begin. Nothing is written to it."),
    ("test", "Test the connection", "Each check says what it means and what to do."),
    ("pull", "Pull everything once", "You can close the page meanwhile. It goes on by itself."),
    ("prove", "Prove that nothing is missing", "Every record is counted on both sides."),
    ("choose", "Choose what enters core", "Look at what is new before it enters."),
    ("keep", "Keep it in step", "By webhooks and a schedule."),
)


@dataclass(frozen=True, slots=True)
class SetupStep:
    """One step of the checklist.

    Args:
        word: of `WORDS`, where something is under way.
        posts: what the button sends; empty where it leads on.
    """

    title: str
    text: str
    is_done: bool = False
    is_next: bool = False
    word: str | None = None
    button: str = ""
    href: str | None = None
    posts: Mapping[str, str] | None = None


def setup_steps(seen: Seen | None, *, may_connect: bool, may_pull: bool) -> list[SetupStep]:
    """Return the steps: for the first store, or for the one that is to be connected."""
    done = {step.key: step for step in seen.steps} if seen else {}
    steps, is_found = [], False
    for key, title, text in _TITLES:
        step = done.get(key)
        is_done = step is not None and step.is_done
        is_next = not is_done and not is_found
        is_found = is_found or is_next
        told = step.fact if step is not None and step.is_done and step.fact else text
        one = SetupStep(title, told, is_done, is_next)
        if is_next:
            one = _with_button(one, key, seen, may_connect=may_connect, may_pull=may_pull)
        steps.append(one)
    return steps


def _with_button(
    step: SetupStep, key: str, seen: Seen | None, *, may_connect: bool, may_pull: bool
) -> SetupStep:
    if seen is None:
        return SetupStep(
            step.title,
            step.text if may_connect else "Somebody who may create connections does this.",
            is_next=True,
            button="Connect a store",
            href=CONNECT if may_connect else None,
        )
    name = seen.connection.name
    at_work = [run for run in seen.standing.at_work if run["kind"] != RunKind.RECEIVE]
    if at_work and key in ("pull", "prove"):
        return SetupStep(
            step.title,
            step.text,
            is_next=True,
            word="Running",
            button="Look at it",
            href=f"/operations/runs/{at_work[0]['run_id']}",
        )
    if key in ("pull", "prove"):
        how = "whole" if key == "pull" else "prove"
        return SetupStep(
            step.title,
            step.text,
            is_next=True,
            button="Pull everything" if key == "pull" else "Prove now",
            href=START if may_pull else None,
            posts={"connection": name, "how": how},
        )
    where, button = {
        "test": (address(name), "Test it"),
        "choose": ("/data", "Look at the data"),
    }.get(key, (address(name), "See how"))
    return SetupStep(step.title, step.text, is_next=True, button=button, href=where)
