"""``storetwin user``: who may sign in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import typer

from storetwin.cli.exits import Exit
from storetwin.cli.inviting import print_link, url_of
from storetwin.cli.noting import noting
from storetwin.cli.options import JSON, ORGANISATION
from storetwin.cli.running import print_json, say, say_error, with_hub
from storetwin.tenancy.models import Role

if TYPE_CHECKING:
    from pydantic import SecretStr

    from storetwin.hub import Hub
    from storetwin.tenancy.members import Member
    from storetwin.tenancy.organisations import Organisation

app = typer.Typer(help="Who may sign in, and what he may.", no_args_is_help=True)
EMAIL = typer.Argument(help="His e-mail address.", metavar="EMAIL")
PASSWORD_VARIABLE = "STORETWIN_PASSWORD"  # noqa: S105 - the name of a variable
PAGE = 200


@app.command()
def add(
    email: str = EMAIL,
    role: Role | None = typer.Option(
        None, "--role", help="Default: owner for the very first user, viewer for others."
    ),
    name: str | None = typer.Option(None, "--name", help="What he is called."),
    organisation: str | None = ORGANISATION,
    installation_admin: bool | None = typer.Option(
        None,
        "--installation-admin/--no-installation-admin",
        help="May make organisations, and what else concerns all. Default: the very first user.",
    ),
    invite: bool = typer.Option(
        False, "--invite", help="Print a one-time link instead of asking for a password."
    ),
    as_json: bool = JSON,
) -> None:
    """Let somebody in: with a password, or by a one-time link where none is given.

    The password comes from STORETWIN_PASSWORD, the terminal, or standard input.
    """

    async def verb(hub: Hub) -> Exit:
        from storetwin.tenancy.members import NewUser, has_users

        hub = await in_organisation(hub, organisation)
        is_first = not await has_users(hub.database)
        chosen = role or (Role.OWNER if is_first else Role.VIEWER)
        is_admin = is_first if installation_admin is None else installation_admin
        new = NewUser(email, name or email.partition("@")[0], is_admin)
        known = await hub.people.users.find(email)
        password = None if known or invite else _password(may_lack=True)
        async with noting(hub, "add_user", f"email={email} role={chosen}"):
            if known is not None:
                await hub.people.users.enrol(known, chosen, is_installation_admin=is_admin)
            elif password is not None:
                await hub.people.users.add(new, chosen, password)
            else:
                return await _invite(hub, new, chosen, as_json=as_json)
        if as_json:
            print_json({"added": email, "role": chosen.value, "is_installation_admin": is_admin})
        else:
            say(f"Added {email} as {chosen}.")
        return Exit.DONE

    with_hub(verb, as_json=as_json)


async def _invite(hub: Hub, new: Any, role: Role, *, as_json: bool) -> Exit:
    from storetwin.tenancy.invitations import NewInvitation

    issued = await hub.people.invitations.invite(
        None, NewInvitation(role, new.email, new.is_installation_admin)
    )
    if as_json:
        found = {"email": new.email, "role": role.value, "link": issued.link(url_of(hub))}
        print_json({"invited": found | {"expires_at": issued.expires_at.isoformat()}})
        return Exit.DONE
    say(f"{new.email} becomes {role} by this link, within 7 days, once:")
    print_link(issued, url_of(hub), new.email)
    return Exit.DONE


@app.command("list")
def list_(organisation: str | None = ORGANISATION, as_json: bool = JSON) -> None:
    """List who is in which organisation, and what he is there."""

    async def verb(hub: Hub) -> Exit:
        every = await hub.people.organisations.every()
        if organisation is not None:
            every = [await hub.people.organisations.named(organisation)]
        found = [(one, m) for one in every for m in await _members(hub, one)]
        if as_json:
            print_json([_readable(one, member) for one, member in found])
        elif not found:
            say_error("Nobody can sign in yet. Let somebody in: storetwin user add EMAIL")
        else:
            from storetwin.cli.screen import out, table

            rows = [
                (m.email, m.name, one.name, m.role.value, "disabled" if m.disabled_at else "active")
                for one, m in found
            ]
            out().print(table(None, ("e-mail", "name", "organisation", "role", "state"), rows))
        return Exit.DONE

    with_hub(verb, as_json=as_json)


async def _members(hub: Hub, organisation: Organisation) -> list[Member]:
    from storetwin.tenancy.members import same_email

    verbs = hub.of(organisation.organisation_id).people.members
    found = page = await verbs.every(limit=PAGE)
    while len(page) == PAGE:
        page = await verbs.every(limit=PAGE, after=same_email(page[-1].email))
        found = found + page
    return found


@app.command()
def role(
    email: str = EMAIL,
    role: Role = typer.Argument(help="What he becomes."),
    organisation: str | None = ORGANISATION,
) -> None:
    """Make a member something else; his API keys can at most what he then may, at once."""

    async def verb(hub: Hub) -> Exit:
        hub = await in_organisation(hub, organisation)
        user = await hub.people.users.named(email)
        async with noting(hub, "update_member", f"email={email} role={role}"):
            await hub.people.members.change_role(None, user.user_id, role)
        say(f"{user.email} is {role} now.")
        return Exit.DONE

    with_hub(verb)


@app.command()
def password(email: str = EMAIL) -> None:
    """Give somebody another password; all his sessions end.

    It comes from STORETWIN_PASSWORD, the terminal, or standard input.
    """

    async def verb(hub: Hub) -> Exit:
        user = await hub.people.users.named(email)
        given = _password(may_lack=False)
        assert given is not None
        async with noting(hub, "set_password", f"email={email}"):
            await hub.people.users.set_password(email, given)
        say(f"{user.email} has another password; his sessions have ended.")
        return Exit.DONE

    with_hub(verb)


@app.command()
def disable(email: str = EMAIL) -> None:
    """Shut somebody out of the whole installation: his sessions end, his keys rest."""

    async def verb(hub: Hub) -> Exit:
        async with noting(hub, "disable_user", f"email={email}"):
            await hub.people.users.disable(email)
        say(f"{email} is shut out. Let him in again: storetwin user enable {email}")
        return Exit.DONE

    with_hub(verb)


@app.command()
def enable(email: str = EMAIL) -> None:
    """Let somebody in again who was shut out; his keys work on."""

    async def verb(hub: Hub) -> Exit:
        async with noting(hub, "enable_user", f"email={email}"):
            await hub.people.users.enable(email)
        say(f"{email} may sign in again.")
        return Exit.DONE

    with_hub(verb)


@app.command()
def remove(
    email: str = EMAIL,
    organisation: str | None = typer.Option(
        None, "--organisation", help="Only from this one; else he is forgotten altogether."
    ),
    yes: bool = typer.Option(False, "--yes", help="Do not ask."),
) -> None:
    """Forget somebody with his sessions and API keys; what he did stays in the audit log."""
    if not yes and sys.stdin.isatty():
        typer.confirm(f"Remove {email} with all his API keys?", abort=True, err=True)

    async def verb(hub: Hub) -> Exit:
        hub = await in_organisation(hub, organisation)
        user = await hub.people.users.named(email)
        action = "delete_user" if organisation is None else "delete_member"
        async with noting(hub, action, f"email={email}"):
            if organisation is None:
                await hub.people.users.remove(email)
            else:
                await hub.people.members.remove(None, user.user_id)
        say(f"Removed {user.email}.")
        return Exit.DONE

    with_hub(verb)


async def in_organisation(hub: Hub, organisation: str | None) -> Hub:
    """Return the hub of the organisation that is named; the default one's where none is."""
    if organisation is None:
        return hub
    found = await hub.people.organisations.named(organisation)
    return hub.of(found.organisation_id)


def _password(*, may_lack: bool) -> SecretStr | None:
    """Return a password from the environment, the terminal (twice) or standard input.

    Raises:
        ConfigurationError: there is none, and there has to be one.
    """
    from pydantic import SecretStr

    from storetwin.kernel.errors import ConfigurationError
    from storetwin.settings import environment_secret

    value = environment_secret(PASSWORD_VARIABLE)
    if not value and sys.stdin.isatty():
        value = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    elif not value:
        value = sys.stdin.readline().rstrip("\r\n")
    if value:
        return SecretStr(value)
    if may_lack:
        return None
    raise ConfigurationError(
        "The password is missing.",
        remedy=f"Set {PASSWORD_VARIABLE}, or write it on standard input.",
    )


def _readable(organisation: Organisation, member: Member) -> dict[str, Any]:
    return {
        "user_id": str(member.user_id),
        "email": member.email,
        "name": member.name,
        "organisation": organisation.name,
        "role": member.role.value,
        "created_at": member.created_at.isoformat(),
        "is_disabled": member.disabled_at is not None,
    }
