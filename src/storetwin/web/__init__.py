"""The web pages: a door for people.

They call the verbs of the hub, and decide nothing themselves. `web.app.add_pages` gives them to
an application.
"""
