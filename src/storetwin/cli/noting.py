"""What is done at the machine itself stands in the audit log as well."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from storetwin.kernel.errors import StoretwinError

if TYPE_CHECKING:
    from storetwin.hub import Hub


@asynccontextmanager
async def noting(hub: Hub, action: str, subject: str | None = None) -> AsyncIterator[None]:
    """Write down what the block does, and how it ends.

    Args:
        action: by the name of the API's operation, where there is one.
    """
    from storetwin.tenancy import audit
    from storetwin.tenancy.models import Via

    deed = audit.Deed(os_user(), Via.COMMAND, action, subject)
    entry = await audit.record(hub.database, hub.organisation_id, deed, hub.clock())
    outcome = audit.DONE
    try:
        yield
    except StoretwinError as error:
        outcome = error.code
        raise
    finally:
        await audit.finish(hub.database, hub.organisation_id, entry, outcome)


def os_user() -> str:
    """Return who runs this, as the operating system knows him: nothing that he says himself."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"
