"""``python -m labchat``: the same as the ``labchat`` command."""

from labchat.cli import main

main()
