"""The door for AI assistants: tools that read the twin, over HTTP and over standard input."""
