"""The hub: what is built once and handed to every door, and the verbs the doors call."""

from storetwin.hub.hub import Hub, Outcome

__all__ = ["Hub", "Outcome"]
