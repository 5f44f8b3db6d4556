"""The pages, one module each: what is in here is found and served (`storetwin.web.app`).

A module has ``ROUTERS``; see ``docs/explanation/pages.md`` for how a page is made.
"""
