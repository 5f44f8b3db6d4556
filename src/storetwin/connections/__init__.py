"""Configured, credentialed links to stores: register them, keep their keys sealed, probe them."""
