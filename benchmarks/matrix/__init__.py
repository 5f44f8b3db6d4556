"""The fault matrix: every fault alone and in pairs, what a pull under it has lost, and what it cost."""
