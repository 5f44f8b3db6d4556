"""How a run ended, as every door is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a pull or a verification ended.

    Args:
        certificate: as every door shows it.
    """

    run_id: UUID
    certificate: dict[str, Any]

    @property
    def is_complete(self) -> bool:
        """Say whether the twin has everything that the store has."""
        return bool(self.certificate["is_complete"])
