"""Seeded data: the same seed and the same number of orders give the same bytes."""
