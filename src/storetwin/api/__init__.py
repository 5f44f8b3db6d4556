"""The door over HTTP: health, and where stores deliver their webhooks."""
