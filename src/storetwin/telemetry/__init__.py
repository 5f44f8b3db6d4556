"""Logs that never hold a secret or a person's data."""
