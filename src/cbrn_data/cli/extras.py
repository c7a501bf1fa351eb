"""What each command needs beyond the client: the extra that installs it.

``pip install cbrn_data`` gives ``cbrn_data.load`` and the program; the extras of ``pyproject.toml`` give its commands.
No library is imported here.
"""

from __future__ import annotations

from collections.abc import Sequence

from cbrn_data.errors import extra_missing

EXTRAS = {
    "add": "leaflets",
    "diff": "verify",
    "extract": "leaflets",
    "key": "verify",
    "links": "publish",
    "plan": "publish",
    "publish": "publish",
    "push": "publish",
    "releases": "verify",
    "review": "publish",
    "serve": "publish",
    "trace": "verify",
    "validate": "validate",
    "verify": "verify",
    "withdraw": "publish",
}
"""Command -> the least extra with which it runs. ``publish`` holds all of them."""


def missing_extra(error: ModuleNotFoundError, arguments: Sequence[str]) -> str:
    """Return one line that says which extra brings the module that a command lacks.

    >>> missing_extra(ModuleNotFoundError(name="pandera"), ["validate", "table.csv"])
    "cbrn-data validate needs the extra validate (pandera is not installed): pip install 'cbrn_data[validate]'"
    """
    command = next((word for word in arguments if word in EXTRAS), "")
    what = (error.name or "a module that is not installed").partition(".")[0]
    extra = EXTRAS.get(command, "publish")
    return extra_missing(f"cbrn-data {command}".rstrip(), extra, what)


def overview() -> str:
    """Return the commands by the extra that each needs: the help of an installation without any extra."""
    lines = ["This installation has the client only: import cbrn_data. Each command of cbrn-data needs an extra:"]
    for extra in dict.fromkeys(EXTRAS[name] for name in sorted(EXTRAS)):
        names = ", ".join(name for name in sorted(EXTRAS) if EXTRAS[name] == extra)
        lines.append(f"  pip install 'cbrn_data[{extra}]'".ljust(38) + names)
    return "\n".join(lines)
