"""What a person chooses for a connection: its name, what is pulled, and how gently."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from storetwin.api.problems import answer_to
from storetwin.connections.catalogue import catalogue_for
from storetwin.connections.choices import (
    MOST_AT_ONCE,
    MOST_KEPT,
    Wanted,
    changes_to,
    read_quiet_hours,
)
from storetwin.connections.models import Connection
from storetwin.connections.options import Options
from storetwin.kernel.errors import ConfigurationError, StoretwinError
from storetwin.web.pages.connections import API, ONE, Named, address_of
from storetwin.web.route import PageRoute
from storetwin.web.view import Page, Updating
from storetwin.web.words import Tone

router = APIRouter(route_class=PageRoute)
ROUTERS = (router,)
MOST_A_MINUTE = 100_000
Short = Annotated[str, Field(max_length=20)]


class OptionsForm(BaseModel):
    """What is chosen for a connection; an empty number is no limit."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field(default="", max_length=200)
    pulled: list[Annotated[str, Field(max_length=100)]] = Field(default=[], max_length=200)
    at_once: Short = ""
    per_minute: Short = ""
    quiet_hours: str = Field(default="", max_length=400)
    keep_versions: Short = ""
    keep_days: Short = ""

    @classmethod
    def of(cls, connection: Connection) -> OptionsForm:
        """Return the form as a connection fills it."""
        chosen = connection.options
        catalogue = catalogue_for(chosen)
        names = {resource.name for resource in catalogue.resources}
        spans = (f"{span.start:%H:%M}-{span.end:%H:%M}" for span in chosen.quiet_hours)
        return cls(
            name=connection.name,
            pulled=sorted(names - catalogue.left_out),
            at_once=_shown(chosen.at_once),
            per_minute=_shown(chosen.per_minute),
            quiet_hours=", ".join(spans),
            keep_versions=_shown(chosen.keep_versions),
            keep_days=_shown(chosen.keep_days),
        )

    def wanted(self, options: Options) -> Wanted:
        """Return what is wanted.

        Raises:
            ConfigurationError: a number or a span of the day cannot be read.
        """
        plain = catalogue_for(Options(endpoints=options.endpoints))
        names = {resource.name for resource in plain.resources}
        pulled = set(self.pulled) & names
        spans = filter(str.strip, self.quiet_hours.replace("–", "-").replace("\n", ",").split(","))
        return Wanted(
            extra=tuple(sorted(pulled & plain.left_out)),
            without=tuple(sorted(names - plain.left_out - pulled)),
            at_once=_number("Requests at once", self.at_once, MOST_AT_ONCE),
            per_minute=_number("Requests a minute", self.per_minute, MOST_A_MINUTE),
            quiet_hours=tuple(map(read_quiet_hours, spans)),
            keep_versions=_number("Versions to keep", self.keep_versions, MOST_KEPT),
            keep_days=_number("Days to keep", self.keep_days, MOST_KEPT),
        )


@router.get(ONE + "/options")
async def connection_options_page(page: Updating, name: Named) -> Response:
    """Show what is chosen for a connection."""
    found = await page.hub.register.named(name)
    return await _form(page, found, OptionsForm.of(found))


@router.post(ONE + "/options")
async def update_connection_page(
    page: Updating, name: Named, given: Annotated[OptionsForm, Form()]
) -> Response:
    """Give a connection another name or other options."""
    found = await page.hub.register.named(name)
    new_name = given.name.strip()
    try:
        if new_name != found.name:
            await page.hub.register.check_name_free(new_name)
        choices = changes_to(found.options, given.wanted(found.options))
        kept, forgotten = await page.hub.configure(found.name, choices)
        if new_name != found.name:
            kept = await page.hub.register.rename(found.name, new_name)
    except StoretwinError as error:
        return await _form(page, found, given, error)
    if forgotten:
        told = f"Saved. {', '.join(forgotten)} were dropped from the twin; the next pull brings "
        return page.redirect(address_of(kept), f"{told}them again, sealed.", Tone.CHANGE)
    return page.redirect(address_of(kept), "Saved. The next run goes by it.")


async def _form(
    page: Page, found: Connection, form: OptionsForm, error: StoretwinError | None = None
) -> Response:
    resources = catalogue_for(found.options).resources
    context: dict[str, Any] = {
        "one": found,
        "form": form,
        "error": error,
        "to": address_of(found),
        "resources": sorted(resource.name for resource in resources),
        "extra": {resource.name for resource in resources if resource.is_extra},
        "most_at_once": MOST_AT_ONCE,
        "most_kept": MOST_KEPT,
    }
    status = answer_to(error).status_code if error else 200
    return await page.render(
        "connections/options.html", context, status=status, api=f"{API}/{found.id}"
    )


def _shown(value: int | None) -> str:
    return "" if value is None else str(value)


def _number(what: str, text: str, most: int) -> int:
    """Return a number; 0 where nothing is written, which takes the limit away.

    Raises:
        ConfigurationError: it is none, or too large.
    """
    plain = text.strip()
    if not plain:
        return 0
    value = int(plain) if plain.isascii() and plain.isdecimal() else 0
    if not 1 <= value <= most:
        raise ConfigurationError(
            f"{what} cannot be {plain!r}.",
            remedy=f"Write a number from 1 to {most:,}, or nothing for no limit.",
        )
    return value
