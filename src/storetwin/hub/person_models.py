"""Whom a caller means, and what became of his data."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from storetwin.kernel.errors import ConfigurationError
from storetwin.resources.personal import Person

LONGEST_EMAIL = 320


@dataclass(frozen=True, slots=True)
class Named:
    """Whom a caller means. Nothing of it shows.

    Args:
        email: in any spelling.
        customer_id: of his account in the store of a connection.
        connection: only there; else in every twin of the organisation.
    """

    email: str | None = field(default=None, repr=False)
    customer_id: str | None = field(default=None, repr=False)
    connection: str | None = None

    def person(self) -> Person:
        """Return the person.

        Raises:
            ConfigurationError: neither is given, or it is no e-mail.
        """
        email = (self.email or "").strip().lower()
        if bool(email) == bool(self.customer_id):
            raise ConfigurationError(
                "Nobody is named.", remedy="Give an e-mail, or the id of a customer."
            )
        if email and ("@" not in email.strip("@") or len(email) > LONGEST_EMAIL):
            raise ConfigurationError("That is no e-mail.", remedy="Give it like ada@example.org.")
        if self.customer_id and (not self.customer_id.isdecimal() or int(self.customer_id) == 0):
            raise ConfigurationError(
                "That is no id of a customer.", remedy="Give the number that the store shows."
            )
        if self.customer_id and self.connection is None:
            raise ConfigurationError(
                "Ids of customers count in one store only.", remedy="Name the connection as well."
            )
        customers = frozenset({self.customer_id}) if self.customer_id else frozenset()
        return Person(frozenset({email}) if email else frozenset(), customers)


@dataclass(frozen=True, slots=True)
class Removal:
    """What was taken out of one twin.

    Args:
        records, versions: changed; removed: those that could not be changed exactly.
        by_resource: his records, by resource.
        mentions: records of others that had his e-mail in them.
        deliveries: of webhooks, emptied.
        texts: of ours, by what they are: dead letters, runs, certificates.
        core: records of core that had something of him, by noun.
        in_store: his records that the store had when it was last read: it shows them in the open
            unless he was erased there.
        erased_before: when he was erased last, if he was: then the store brought him back.
    """

    connection: str
    records: int
    versions: int
    removed: int
    by_resource: dict[str, int]
    mentions: int
    deliveries: int
    texts: dict[str, int]
    core: dict[str, int]
    in_store: dict[str, list[str]]
    erased_before: datetime | None

    @property
    def is_empty(self) -> bool:
        """Say whether there was nothing of him."""
        counted = self.records + self.versions + self.removed + self.deliveries
        return not counted and not any(self.texts.values()) and not any(self.core.values())


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was taken out of all twins.

    Args:
        answers: repeatable answers of the API that had to do with him, forgotten.
        delivered_to: where else data of his was sent by us. Nothing is sent anywhere yet.
    """

    is_rehearsal: bool
    connections: tuple[Removal, ...]
    answers: int
    delivered_to: tuple[str, ...] = ()
