"""The extra that each command needs.

``pip install cbrn_data`` installs ``cbrn_data.load`` and the program; the extras of ``pyproject.toml`` install what its
commands need. This module imports no library.
"""

from __future__ import annotations

from collections.abc import Sequence

from cbrn_data.errors import extra_missing

EXTRAS = {
    "add": "leaflets",
    "approve": "verify",
    "describe": "validate",
    "diff": "verify",
    "doctor": "validate",
    "erase": "publish",
    "extract": "leaflets",
    "init": "publish",
    "keep-code": "publish",
    "key": "verify",
    "links": "publish",
    "mcp": "mcp",
    "new-table": "publish",
    "plan": "publish",
    "publish": "publish",
    "push": "publish",
    "releases": "verify",
    "review": "publish",
    "serve": "publish",
    "settings": "verify",
    "trace": "verify",
    "update": "leaflets",
    "validate": "validate",
    "verify": "verify",
    "withdraw": "publish",
}
"""Command -> the smallest extra with which it runs. ``publish`` contains all others but ``mcp``."""


def missing_extra(error: ModuleNotFoundError, arguments: Sequence[str]) -> str:
    """Return one line that names the extra with the module that a command needs.

    >>> missing_extra(ModuleNotFoundError(name="pandera"), ["validate", "table.csv"])
    "cbrn-data validate needs the extra validate (pandera is not installed): pip install 'cbrn_data[validate]'"
    """
    command = next((word for word in arguments if word in EXTRAS), "")
    what = (error.name or "a module that is not installed").partition(".")[0]
    is_portal = "--html" in arguments and command != "validate"
    extra = "publish" if is_portal else EXTRAS.get(command, "publish")  # the pages need the portal
    return extra_missing(f"cbrn-data {command}".rstrip(), extra, what)


def overview() -> str:
    """Return the commands by the extra that they need: the help of an installation without extras."""
    lines = ["This installation has only the client (import cbrn_data). The commands of cbrn-data need extras:"]
    for extra in dict.fromkeys(EXTRAS[name] for name in sorted(EXTRAS)):
        names = ", ".join(name for name in sorted(EXTRAS) if EXTRAS[name] == extra)
        lines.append(f"  pip install 'cbrn_data[{extra}]'".ljust(38) + names)
    return "\n".join(lines)
