"""``storetwin vault``: the keys that seal what is secret, and changing them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.noting import noting
from storetwin.cli.options import JSON
from storetwin.cli.running import print_json, with_hub

if TYPE_CHECKING:
    from storetwin.hub import Hub
    from storetwin.hub.vaults import Observe, Rotated, Tally, VaultStatus

app = typer.Typer(help="The keys that seal what is secret.", no_args_is_help=True)


@app.command()
def status(as_json: bool = JSON) -> None:
    """Tell which keys there are, by their ids, and how many values each seals."""

    async def verb(hub: Hub) -> Exit:
        with _progress("look") as observe:
            found = await hub.vaults.status(observe)
        if as_json:
            print_json(_document(found))
        else:
            _print(found)
        return Exit.DONE

    with_hub(verb, as_json=as_json)


@app.command()
def rotate(as_json: bool = JSON) -> None:
    """Change to a new key and seal everything with it, while everything runs.

    Killed in between, the same command goes on. The former keys stay until: storetwin vault retire.
    """

    async def verb(hub: Hub) -> Exit:
        from dataclasses import asdict

        with _progress("seal anew") as observe:
            async with noting(hub, "rotate_vault"):
                rotated = await hub.vaults.rotate(observe)
        if as_json:
            print_json(asdict(rotated))
        else:
            _tell(rotated)
        return Exit.INCOMPLETE if rotated.stuck else Exit.DONE

    with_hub(verb, as_json=as_json)


@app.command()
def retire(as_json: bool = JSON) -> None:
    """Throw away the former keys, if they seal nothing any more."""

    async def verb(hub: Hub) -> Exit:
        from dataclasses import asdict

        with _progress("look") as observe:
            async with noting(hub, "retire_vault_keys"):
                retired = await hub.vaults.retire(observe)
        if as_json:
            print_json(asdict(retired))
            return Exit.DONE
        from storetwin.cli.screen import out

        for key_id in retired.dropped:
            out().print(f"The key {key_id} was thrown away. Backups older than this need it.")
        for key_id in retired.removable:
            out().print(f"Take the key {key_id} out of STORETWIN_FORMER_ENCRYPTION_KEYS.")
        if not retired.dropped and not retired.removable:
            out().print("There is no former key. Change to a new one: storetwin vault rotate")
        return Exit.DONE

    with_hub(verb, as_json=as_json)


@contextmanager
def _progress(what: str) -> Iterator[Observe]:
    """Show how many values were looked at and sealed anew so far."""
    from storetwin.cli.screen import err

    with err().status(what) as shown:

        def observe(tally: Tally) -> None:
            looked = tally.values.total()
            shown.update(f"{what}: {looked:,} values, {tally.resealed:,} sealed anew")

        yield observe


def _document(found: VaultStatus) -> dict[str, object]:
    return {
        "is_rotating": found.is_rotating,
        "rotated_at": found.rotated_at,
        "place": found.place,
        "keys": [
            {"key_id": key_id, "role": role, "values": found.values.get(key_id, 0)}
            for key_id, role in _roles(found).items()
        ],
    }


def _roles(found: VaultStatus) -> dict[str, str]:
    """Return what each key is, by its id."""
    missing = {key_id: "missing" for key_id in sorted(found.values) if key_id}
    former = dict.fromkeys(found.former, "former")
    return (
        {found.current: "current"}
        | former
        | {
            key_id: role
            for key_id, role in missing.items()
            if key_id != found.current and key_id not in former
        }
    )


def _print(found: VaultStatus) -> None:
    from storetwin.cli.screen import out, table

    rows = [
        (key_id, role, f"{found.values.get(key_id, 0):,}") for key_id, role in _roles(found).items()
    ]
    out().print(table("Keys", ("key", "what it is", "values>"), rows))
    out().print(f"They come from {found.place or 'STORETWIN_ENCRYPTION_KEY'}.")
    if found.is_rotating:
        out().print("A change of the key has not come to its end: storetwin vault rotate")
    elif found.former:
        out().print("The former keys are not needed here any more: storetwin vault retire")


def _tell(rotated: Rotated) -> None:
    from storetwin.cli.screen import out

    how = "A new key" if rotated.is_new else "The key"
    out().print(f"{how} {rotated.key_id} seals everything; {rotated.resealed:,} values anew.")
    for key_id, count in rotated.stuck.items():
        out().print(f"{count:,} values under the key {key_id} cannot be opened: storetwin status")
    for key_id in rotated.former:
        out().print(f"The key {key_id} is needed no more: storetwin vault retire")
    out().print("Keep the new key with your backups: those made from now on need it.")
