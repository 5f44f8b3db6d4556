"""The web pages: a door for people."""
