"""What a store's record means: which of its members becomes which column of core, and how. Pure."""
