"""The release guard: limits on what a release may lose against the one before, so that losses are noticed.

The defaults hold without a settings file; ``[guard]`` of ``cbrn-data.toml`` sets others, and ``[guard.<table>]`` those of
one table. A loss beyond a bound is an error, unless it is allowed with a reason, which is published in ``release.json`` and
``CHANGES.md``. ``losses`` measures.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import Finding, shown
from cbrn_data.settings import FILE, GUARD, Settings, line_of

BOUNDS: Mapping[str, float] = {
    "guard-rows-lost": 10,
    "guard-keys-removed": 0,
    "guard-nulls-gained": 10,
    "guard-values-lost": 0,
    "guard-source-lost": 50,
}
"""The most of each loss, by finding code: % of rows, keys, percentage points, values, % of what a source gives."""
WAY_OUT = "; the bound is "
"""In a message, this separates the loss, which is published if it is allowed, from the way out."""


def setting_of(code: str) -> str:
    """Return the name of a bound in ``[guard]``.

    >>> setting_of("guard-rows-lost")
    'rows_lost'
    """
    return code.removeprefix("guard-").replace("-", "_")


_CODES = {setting_of(code): code for code in BOUNDS}


@dataclass(frozen=True)
class Allowance:
    """A code that may pass, in one table or (None) in any, and the reason, which is published."""

    code: str
    table: str | None
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether this lets a finding pass."""
        return finding.code == self.code and self.table in (None, finding.table)


@dataclass(frozen=True)
class Allowed:
    """An allowed loss: code, table, message, and the reason; an entry of ``allowed`` in ``release.json``."""

    code: str
    table: str
    message: str
    reason: str

    def as_dict(self) -> dict[str, str]:
        """The entry of ``release.json``."""
        return asdict(self)


@dataclass(frozen=True)
class Guard:
    """The bounds of a project: ``given`` are those of its settings file, by table (None: every table) and code."""

    given: Mapping[tuple[str | None, str], float] = field(default_factory=dict)
    file: Path = Path(FILE)
    allowances: Sequence[Allowance] = ()

    def bound(self, table: str, code: str) -> float:
        """Return the bound of a table."""
        return self.given.get((table, code), self.given.get((None, code), BOUNDS[code]))

    def origin(self, table: str, code: str) -> str:
        """Return where the bound of a table is from, for messages."""
        for of in (table, None):
            if (of, code) in self.given:
                return f"{self.file}:{line_of(self.file, '.'.join(filter(None, (GUARD, of, setting_of(code)))))}"
        return "the default"

    def judge(self, found: Sequence[Finding]) -> tuple[list[Finding], list[Allowed]]:
        """Return the findings that stop a release, and those that are allowed."""
        stops, allowed = [], []
        for finding in found:
            reason = next((one.reason for one in self.allowances if one.covers(finding)), None)
            if reason is None:
                stops.append(finding)
            else:
                message = finding.message.rpartition(WAY_OUT)[0]
                allowed.append(Allowed(finding.code, finding.table or "", message, reason))
        return stops, allowed


def read_guard(settings: Settings, tables: Collection[str], allow: Sequence[str] = (), reason: str | None = None) -> Guard:
    """Return the guard of a project; ``allow`` are codes, each alone or as ``CODE:TABLE``, which pass for one ``reason``.

    Raises CbrnDataError, with file and line, for an unknown bound, table or code, a wrong number, or no reason.
    """
    file = settings.root / FILE
    given: dict[tuple[str | None, str], float] = {}
    if not isinstance(settings.guard, Mapping):
        raise CbrnDataError(f"{file}:{line_of(file, GUARD)}: guard must be a table; write [guard], and its bounds below")
    for name, value in settings.guard.items():
        of_table = isinstance(value, Mapping)
        for inner, number in value.items() if of_table else [(name, value)]:
            key = f"{GUARD}.{name}.{inner}" if of_table else f"{GUARD}.{name}"
            place = f"{file}:{line_of(file, key)}"
            if of_table and name not in tables:
                raise CbrnDataError(f"{place}: there is no table {shown(name, 40)}; tables: {', '.join(tables)}")
            if inner not in _CODES:
                raise CbrnDataError(f"{place}: {shown(key, 80)} is not known; known bounds: {', '.join(_CODES)}")
            if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number < float("inf"):
                raise CbrnDataError(f"{place}: {key} is {shown(repr(number), 40)} and must be a number from 0 up")
            given[(name if of_table else None), _CODES[inner]] = number
    return Guard(given, file, [_allowance(entry, tables, reason) for entry in allow])


def _allowance(entry: str, tables: Collection[str], reason: str | None) -> Allowance:
    code, _, table = entry.partition(":")
    given = f"--allow {shown(entry, 80)}"
    if code not in BOUNDS:
        raise CbrnDataError(f"{given}: {shown(code, 40)!r} is not one of {', '.join(BOUNDS)}")
    if table and table not in tables:
        raise CbrnDataError(f"{given}: there is no table {shown(table, 40)!r}; tables: {', '.join(tables)}")
    if not reason or not reason.strip():
        raise CbrnDataError(f"{given} needs --reason TEXT, which is published with the release")
    return Allowance(code, table or None, " ".join(reason.split()))
