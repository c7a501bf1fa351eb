"""``cbrn-data mcp``: answer agents over standard input and output, until the input ends."""

from __future__ import annotations

import sys
from pathlib import Path

from cbrn_data.agents.opened import OpenedStore
from cbrn_data.agents.server import server
from cbrn_data.progress import stop_observing
from cbrn_data.settings import read_settings


def serve_agents(source: str | None, root: Path) -> None:
    """Serve a store. A store that cannot be read, or that nobody vouches for, is refused before the first request."""
    stop_observing()
    store = OpenedStore(source, read_settings(root))
    store.releases()
    if sys.stdin.isatty():
        print(
            "This answers a program over standard input, not a person; docs/mcp.md says how an agent starts it.",
            file=sys.stderr,
        )
    server(store).run()
