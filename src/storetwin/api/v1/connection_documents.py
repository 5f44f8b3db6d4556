"""What is answered about connections."""

from __future__ import annotations

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from storetwin.api.v1.connection_requests import PluginList
from storetwin.connections.choices import describe_options
from storetwin.connections.identity import Identity, Verdict
from storetwin.connections.models import AuthScheme, Connection, ConnectionState, StoreFacts
from storetwin.connections.probe import ProbeReport


class StoreDocument(BaseModel):
    """What a store says of itself; null where it does not say, or was not asked yet."""

    store_id: str | None
    home_url: str | None
    woocommerce: str | None
    wordpress: str | None
    timezone: str | None
    currency: str | None

    @classmethod
    def of(cls, facts: StoreFacts) -> Self:
        """Return what a store says of itself as it is answered."""
        return cls(
            store_id=facts.store_id,
            home_url=facts.home_url,
            woocommerce=facts.wc_version,
            wordpress=facts.wp_version,
            timezone=facts.timezone,
            currency=facts.currency,
        )


class OptionsDocument(BaseModel):
    """What was chosen for a connection."""

    extra: list[str]
    without: list[str]
    endpoints: list[PluginList]
    languages: list[str]
    at_once: int | None
    per_minute: int | None
    quiet_hours: list[str]
    keep_versions: int | None
    keep_days: int | None


class ConnectionDocument(BaseModel):
    """A connection; never its keys."""

    id: UUID
    name: str
    url: str
    platform: str
    state: ConnectionState
    pause_reason: str | None
    is_default: bool
    auth: AuthScheme
    detected_auth: AuthScheme | None = Field(
        description="How the keys travel, as a test found out."
    )
    tls: str = Field(description="`checked`, `own_ca` or `not_checked`.")
    store: StoreDocument
    options: OptionsDocument
    created_at: datetime
    created_by: UUID | None = Field(description="The user; null: at the machine itself.")
    tested_at: datetime | None

    @classmethod
    def of(cls, connection: Connection) -> Self:
        """Return a connection as it is answered."""
        tls = "own_ca" if connection.ca else "checked"
        return cls(
            id=connection.id,
            name=connection.name,
            url=connection.url,
            platform=connection.platform,
            state=connection.state,
            pause_reason=connection.pause_reason,
            is_default=connection.is_default,
            auth=connection.auth,
            detected_auth=connection.detected,
            tls="not_checked" if connection.is_tls_insecure else tls,
            store=StoreDocument.of(connection.store),
            options=OptionsDocument(**describe_options(connection.options)),
            created_at=connection.created_at,
            created_by=connection.created_by,
            tested_at=connection.last_probe_at,
        )


class ConnectionChanged(ConnectionDocument):
    """A connection, and what its new options cost."""

    forgotten: list[str] = Field(
        description="Resources whose records were dropped from the twin, for some of what they held "
        "is sealed from now on; the next pull brings them again."
    )


class CheckDocument(BaseModel):
    """One thing that was looked at."""

    name: str = Field(examples=["reachable"])
    is_ok: bool | None = Field(description="null: it could not be found out.")
    finding: str
    remedy: str | None = Field(description="What to do, where it is not well.")


class ProbeDocument(BaseModel):
    """What a test of a connection found."""

    is_ok: bool = Field(description="Nothing is wrong; what could not be found out does not count.")
    auth: AuthScheme | None = Field(description="How the keys travelled; null: they did not work.")
    error: str | None = Field(description="The kind of what is wrong first.")
    store: StoreDocument
    checks: list[CheckDocument]
    warnings: list[str] = Field(description="What looks odd about the keys.")

    @classmethod
    def of(cls, report: ProbeReport, warnings: tuple[str, ...] = ()) -> Self:
        """Return a report as it is answered."""
        return cls(
            is_ok=report.is_ok,
            auth=report.scheme,
            error=report.trouble.code if report.trouble else None,
            store=StoreDocument.of(report.store),
            checks=[
                CheckDocument(name=c.name, is_ok=c.ok, finding=c.finding, remedy=c.remedy)
                for c in report.checks
            ],
            warnings=list(warnings),
        )


class ConnectionTried(ConnectionDocument):
    """A connection that was made or got other keys, and how its test went."""

    test: ProbeDocument | None = Field(description="null: it was not tested.")


class IdentityFacts(BaseModel):
    """What a store says of itself."""

    store_id: str | None
    home_url: str | None
    name: str | None
    wc_version: str | None
    currency: str | None
    timezone: str | None

    @classmethod
    def of(cls, identity: Identity) -> Self:
        """Return an identity as it is answered."""
        return cls(**{name: getattr(identity, name) for name in cls.model_fields})


class IdentityDocument(BaseModel):
    """Which store is remembered, and whether it is trusted."""

    connection: str
    state: ConnectionState
    remembered: IdentityFacts | None = Field(description="null: no run was there yet.")
    doubt: Verdict | None = Field(description="What the store was last taken for instead.")
    accepted_at: datetime | None

    @classmethod
    def of(cls, connection: Connection) -> Self:
        """Return what is remembered of a connection's store."""
        kept = Identity.from_json(connection.identity)
        return cls(
            connection=connection.name,
            state=connection.state,
            remembered=IdentityFacts.of(kept) if kept else None,
            doubt=Verdict(kept.doubt) if kept and kept.doubt else None,
            accepted_at=kept.accepted_at if kept else None,
        )


class IdentityCompared(IdentityDocument):
    """Which store answers now, compared with the one that is remembered."""

    verdict: Verdict
    records: str = Field(description="How the store's records stand to those of the twin.")
    finding: str
    remedy: str | None
    seen: IdentityFacts
