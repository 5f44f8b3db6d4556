"""What is sent about connections."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, SecretStr

from storetwin.api.given import Given
from storetwin.connections.choices import MOST_AT_ONCE, MOST_KEPT, Wanted, read_quiet_hours
from storetwin.connections.models import MAX_NAME_LENGTH, AuthScheme, Credentials
from storetwin.connections.options import Endpoint
from storetwin.connections.register import NewConnection

LONGEST_URL = 2048
Name = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_NAME_LENGTH,
        description="Letters, digits, dots, dashes and underscores.",
        examples=["shop"],
    ),
]
Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=LONGEST_URL,
        description="The shop's front page, in any spelling.",
        examples=["https://shop.example"],
    ),
]
Key = Annotated[SecretStr, Field(min_length=1, max_length=200, examples=["ck_…"])]
Secret = Annotated[SecretStr, Field(min_length=1, max_length=200, examples=["cs_…"])]
Ca = Annotated[
    str | None,
    Field(max_length=100_000, description="PEM text of one more certificate authority to trust."),
]
Insecure = Annotated[bool, Field(description="Do not check the store's certificate.")]
Word = Annotated[str, Field(min_length=1, max_length=100)]


class Keys(Given):
    """A consumer key and its secret; neither is ever answered."""

    consumer_key: Key
    consumer_secret: Secret

    def credentials(self) -> Credentials:
        """Return them as the hub takes them."""
        return Credentials(self.consumer_key, self.consumer_secret)


class ProbeGiven(Keys):
    """Keys and an address to be tested; nothing of it is kept."""

    url: Url
    auth: AuthScheme = Field(default=AuthScheme.AUTO, description="How the keys travel.")
    ca: Ca = None
    is_tls_insecure: Insecure = False

    def connection(self, name: str, created_by: UUID) -> NewConnection:
        """Return the connection that is meant."""
        return NewConnection(
            name,
            self.url,
            self.credentials(),
            self.auth,
            self.ca,
            self.is_tls_insecure,
            created_by,
        )


class ConnectionGiven(ProbeGiven):
    """A connection to be made."""

    name: Name


class PluginList(Given):
    """A list of a plugin's own, below `/wp-json`."""

    name: Word = Field(examples=["subscriptions"])
    path: str = Field(min_length=1, max_length=300, examples=["wc/v3/subscriptions"])
    key: Word = Field(default="id", description="The member that names a record.")
    parent: Word | None = Field(
        default=None, description="The resource of the containers, where the path has `{parent}`."
    )
    params: dict[Word, Annotated[str, Field(max_length=200)]] = Field(
        default={}, max_length=20, description="Parameters that make the list show every record."
    )
    is_paged: bool = True
    can_include: bool = True
    secret: list[Word] = Field(
        default=[], max_length=50, description="Members, dotted, that are sealed and never shown."
    )

    def endpoint(self) -> Endpoint:
        """Return it as the hub takes it."""
        return Endpoint(**self.model_dump() | {"secret": tuple(self.secret)})


class OptionsGiven(Given):
    """What is chosen for a connection. What is absent stays; null takes a limit away."""

    extra: list[Word] | None = Field(
        default=None,
        max_length=100,
        description="All resources that are pulled only because they were chosen, like order_notes.",
    )
    without: list[Word] | None = Field(
        default=None, max_length=100, description="All resources that are left out."
    )
    endpoints: list[PluginList] | None = Field(
        default=None, max_length=50, description="All lists of plugins."
    )
    languages: list[Word] | None = Field(
        default=None, max_length=50, description="The catalogue's languages; empty for one only."
    )
    at_once: int | None = Field(
        default=None, ge=1, le=MOST_AT_ONCE, description="Requests in flight at most."
    )
    per_minute: int | None = Field(
        default=None, ge=1, le=100_000, description="Requests a minute at most."
    )
    quiet_hours: list[Word] | None = Field(
        default=None,
        max_length=20,
        description="When the store is left alone, by its own clock.",
        examples=[["22:00-06:00"]],
    )
    keep_versions: int | None = Field(
        default=None, ge=1, le=MOST_KEPT, description="A record's latest versions that stay."
    )
    keep_days: int | None = Field(
        default=None, ge=1, le=MOST_KEPT, description="Days that an earlier version stays."
    )

    def wanted(self) -> Wanted:
        """Return what is wanted as the hub takes it; what was not sent is left as it is.

        Raises:
            ConfigurationError: a span of the day cannot be read.
        """
        sent = self.model_fields_set

        def limit(name: str) -> int | None:
            return (getattr(self, name) or 0) if name in sent else None

        def whole(name: str) -> tuple[str, ...] | None:
            return tuple(getattr(self, name) or ()) if name in sent else None

        spans, lists = whole("quiet_hours"), self.endpoints or []
        return Wanted(
            extra=whole("extra"),
            without=whole("without"),
            endpoints=tuple(one.endpoint() for one in lists) if "endpoints" in sent else None,
            languages=whole("languages"),
            at_once=limit("at_once"),
            per_minute=limit("per_minute"),
            quiet_hours=None if spans is None else tuple(map(read_quiet_hours, spans)),
            keep_versions=limit("keep_versions"),
            keep_days=limit("keep_days"),
        )


class ConnectionChanges(Given):
    """What is changed of a connection."""

    name: Name | None = None
    options: OptionsGiven | None = None


class Pause(Given):
    """Why a connection is paused."""

    reason: str = Field(
        default="Paused by hand.", min_length=1, max_length=500, description="Runs will say so."
    )


class Acceptance(Given):
    """What is accepted of a store that is not as it was."""

    url: Url | None = Field(default=None, description="Where the shop is from now on.")
    is_restored: bool = Field(
        default=False, description="It went back to an earlier state, or was emptied."
    )
    is_replaced: bool = Field(
        default=False, description="Another store took its place: everything of the old is buried."
    )
