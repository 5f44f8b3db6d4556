"""``storetwin webhook``: what stores tell by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.options import JSON, NAME
from storetwin.cli.running import print_json, say, say_error, with_hub

if TYPE_CHECKING:
    from storetwin.connections.webhooks_health import Health
    from storetwin.hub import Hub
    from storetwin.hub.mending import Mended
    from storetwin.hub.probing import Probed
    from storetwin.hub.webhooks import Overview

app = typer.Typer(
    help="Let stores tell what changes: list, create, repair, test and remove webhooks.",
    no_args_is_help=True,
)
STYLES = {
    "ok": "green",
    "waiting for the first": "green",
    "off": "yellow",
    "polling only": "yellow",
}


@app.command("list")
def list_(name: str = NAME, as_json: bool = JSON) -> None:
    """Show which webhooks the store has of ours, and how they are doing."""

    async def verb(hub: Hub) -> Exit:
        found = await hub.webhooks.look(name)
        if as_json:
            print_json(describe(found))
        else:
            _print_overview(name, found)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


@app.command()
def create(
    name: str = NAME,
    allow_ip: list[str] = typer.Option(
        [], "--allow-ip", help="Let only this address or network deliver; may be repeated."
    ),
    any_ip: bool = typer.Option(False, "--any-ip", help="Let any address deliver again."),
    as_json: bool = JSON,
) -> None:
    """Make webhooks in the store for everything that it can tell. Others' are not touched."""
    if allow_ip and any_ip:
        raise typer.BadParameter("Give either --allow-ip or --any-ip.")

    async def verb(hub: Hub) -> Exit:
        allowed = allow_ip if allow_ip or any_ip else None
        mended = await hub.webhooks.create(name, allowed_ips=allowed)
        return _tell_mended(name, mended, as_json=as_json)

    with_hub(verb, as_json=as_json)


@app.command()
def repair(
    name: str = NAME,
    new_secret: bool = typer.Option(
        False, "--new-secret", help="Replace all, with a new delivery URL and a new secret."
    ),
    as_json: bool = JSON,
) -> None:
    """Make anew what is missing, disabled, paused, doubled, or delivers elsewhere."""

    async def verb(hub: Hub) -> Exit:
        mended = await hub.webhooks.repair(name, is_new=new_secret)
        return _tell_mended(name, mended, as_json=as_json)

    with_hub(verb, as_json=as_json)


@app.command()
def test(name: str = NAME, as_json: bool = JSON) -> None:
    """Send a harmless delivery to our own public URL, and say whether it was kept."""

    async def verb(hub: Hub) -> Exit:
        probed = await hub.webhooks.test(name)
        found = await hub.webhooks.look(name)
        if as_json:
            print_json(_describe_probed(probed) | {"store": describe(found)})
        else:
            _print_probed(probed)
            _print_latest(name, found)
        return Exit.DONE if probed.is_kept else Exit.FAILED

    with_hub(verb, as_json=as_json)


@app.command()
def remove(name: str = NAME, as_json: bool = JSON) -> None:
    """Delete our webhooks in the store; from then on it is only asked."""

    async def verb(hub: Hub) -> Exit:
        removed = await hub.webhooks.remove(name)
        if as_json:
            print_json({"connection": name, "removed": removed})
        else:
            say(f"Removed {removed} webhooks of {name}. The store is only asked from now on.")
        return Exit.DONE

    with_hub(verb, as_json=as_json)


# -- as documents ---------------------------------------------------------------------------------


def describe(found: Overview) -> dict[str, Any]:
    """Return what may be shown of a connection's webhooks; never the delivery URL's token."""
    end, plan = found.end, found.plan
    traffic = end.traffic if end else None
    return {
        "standing": found.health.standing.value,
        "reason": found.health.reason,
        "remedy": found.health.remedy,
        "working": sorted(plan.kept) if plan else [],
        "lacking": dict(plan.create) if plan and end and end.is_wanted else {},
        "not_needed": len(plan.delete) if plan else 0,
        "of_others": found.others,
        "allowed_ips": list(end.allowed_ips) if end else [],
        "deliveries": traffic.deliveries if traffic else 0,
        "refused": traffic.refused if traffic else 0,
        "missed": traffic.missed if traffic else 0,
        "last_delivery_at": traffic.last_delivery_at if traffic else None,
        "last_ping_at": traffic.last_ping_at if traffic else None,
        "last_refused_at": traffic.last_refused_at if traffic else None,
        "last_refusal": traffic.last_refusal if traffic else None,
        "waiting": found.waiting,
        "oldest_waiting_at": found.oldest_at,
        "given_up": found.given_up,
        "latest": found.latest,
    }


def _describe_probed(probed: Probed) -> dict[str, Any]:
    return {
        "arrived": probed.status is not None,
        "status": probed.status,
        "kept": probed.is_kept,
        "milliseconds": round(probed.seconds * 1000),
        "trouble": probed.trouble,
        "remedy": probed.remedy,
    }


# -- for people -----------------------------------------------------------------------------------


def _tell_mended(name: str, mended: Mended, *, as_json: bool) -> Exit:
    if as_json:
        print_json(
            {
                "created": mended.created,
                "deleted": mended.deleted,
                "kept": list(mended.kept),
                "refused": mended.refused,
            }
        )
    else:
        for topic, why in mended.created.items():
            say(f" ✓ {topic:<18} created: {why}")
        for topic, why in mended.refused.items():
            say_error(f" ✗ {topic:<18} {why}")
        say(
            f"{len(mended.created)} created, {len(mended.kept)} well already, "
            f"{mended.deleted} old ones deleted."
        )
        say(f"Next: storetwin webhook test {name}")
    return Exit.INCOMPLETE if mended.refused else Exit.DONE


def _print_health(name: str, health: Health) -> None:
    from rich.text import Text

    from storetwin.cli.screen import out

    style = STYLES.get(health.standing.value, "red")
    line = Text(f"{name}  ", "bold").append(health.standing.value, style)
    out().print(line.append(f"  {health.reason}"), soft_wrap=True)
    if health.remedy:
        out().print(Text(f"  What to do: {health.remedy.replace('NAME', name)}", style))


def _print_overview(name: str, found: Overview) -> None:
    from storetwin.cli.screen import out, table

    _print_health(name, found.health)
    if found.end is None:
        return
    if found.plan is not None:
        rows = [(topic, "works") for topic in sorted(found.plan.kept)]
        rows += sorted(found.plan.create.items()) if found.end.is_wanted else []
        if rows:
            out().print(table(None, ("topic", "in the store"), rows))
    traffic = found.end.traffic
    say(
        f"{traffic.deliveries:,} deliveries, {traffic.refused:,} refused, {found.waiting:,} waiting, "
        f"{found.given_up:,} named no record or were given up."
    )
    if found.others:
        say(f"The store has {found.others} webhooks of others; they are not touched.")
    if found.end.allowed_ips:
        say(f"Only these may deliver: {', '.join(found.end.allowed_ips)}")


def _print_probed(probed: Probed) -> None:
    arrived = probed.status is not None
    steps = (
        ("arrived at the public URL", arrived),
        ("verified", probed.status == 200),
        ("kept", probed.is_kept),
    )
    for what, holds in steps:
        say(f" {'✓' if holds else '✗'} {what}")
    if probed.trouble:
        say_error(f"Error: {probed.trouble}")
        say_error(f"  What to do: {probed.remedy}")
    elif probed.is_kept:
        say(f"It took {probed.seconds * 1000:,.0f} ms.")
    else:
        say_error("Error: It was answered 200 and not kept here: another hub answers there.")
        say_error(
            "  What to do: Let the public URL lead to `storetwin serve` of this installation."
        )


def _print_latest(name: str, found: Overview) -> None:
    latest = found.latest
    if latest is None or found.end is None or found.end.traffic.last_delivery_at is None:
        say(f"The store has delivered nothing yet. Change something in {name} and look again.")
    else:
        at = found.end.traffic.last_delivery_at
        say(f"The store last delivered at {at:%Y-%m-%d %H:%M:%S} UTC.")
    _print_health(name, found.health)
