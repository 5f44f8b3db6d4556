"""Words every room shares: errors, times, ids, hashes. Pure; imports nothing of ours."""
