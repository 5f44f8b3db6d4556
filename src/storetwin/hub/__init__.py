"""The hub: what is built once and handed to every door, and the verbs the doors call."""

from storetwin.hub.hub import Hub, Outcome
from storetwin.hub.running import RunInProgressError

__all__ = ["Hub", "Outcome", "RunInProgressError"]
