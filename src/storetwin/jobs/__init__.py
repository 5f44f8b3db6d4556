"""What happens by itself: the queue, its workers, and what is done when its time has come."""
