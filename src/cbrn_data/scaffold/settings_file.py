"""A settings file with every key as a comment, as ``cbrn-data init`` writes it."""

from __future__ import annotations

import json
import textwrap

from cbrn_data.settings import KNOWN

_HEAD = """\
# The settings of this project. `cbrn-data settings` shows each value and where it is from.
# To set a key, remove the first # of its line. Paths are relative to this file. Put no secrets here.
"""


def settings_text() -> str:
    """Return the file."""
    parts = [_HEAD]
    for setting in KNOWN:
        overrides = f" The variable {setting.variable} overrides it." if setting.variable else ""
        purpose = f"{setting.purpose[0].upper()}{setting.purpose[1:]}.{overrides}"
        parts.append("\n".join(f"# {line}" for line in textwrap.wrap(purpose, 120)))
        parts.append(f"# {setting.key} = {json.dumps(setting.example)}\n")
    parts.append("# Bounds that a release must keep against the one before.\n# [guard]\n")
    return "\n".join(parts)
