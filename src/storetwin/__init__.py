"""Storetwin: a complete, provable twin of every WooCommerce store in PostgreSQL."""
