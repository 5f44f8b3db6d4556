"""``python -m storetwin`` is ``storetwin``."""

from storetwin.cli.main import main

main()
