"""Work that is done by itself: queue, schedules, tasks, recovery."""
