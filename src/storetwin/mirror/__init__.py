"""What the stores say: exact copies, every version, tombstones, and the proof that none is missing."""
