"""Organisations and the people in them: who asks, what he may, and who did what."""
