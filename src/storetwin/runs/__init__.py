"""What happened: runs, progress, cursors, dead letters, certificates."""
