"""What the stores' records would mean for core: differences and decisions, no copies."""
