"""The hub: what is built once and handed to every door, and the verbs the doors call."""

from storetwin.hub.hub import Hub
from storetwin.hub.outcome import Outcome

__all__ = ["Hub", "Outcome"]
