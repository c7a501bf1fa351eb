"""Describe the changes of a release: a summary in one line, and ``CHANGES.md``.

Text of sources is escaped, so that Markdown does not interpret it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from cbrn_data.checks.across import claimant, newest_totals
from cbrn_data.findings import shown
from cbrn_data.normalise.text import natural_order
from cbrn_data.release.changes import RowChange, TableChanges
from cbrn_data.release.guard import Allowed
from cbrn_data.release.version import Reason
from cbrn_data.schema.table import Tables

LISTED = 20
"""The most rows of a table in ``CHANGES.md``; the others are counted, and are in ``changes.csv``."""

_HEADLINES = ("regions", "countries", "projects", "achievements")
_ONE = {"evidence": "evidence row"}


def counted(number: int, table: str) -> str:
    """Return a number of rows with the name of the table.

    >>> counted(1, "projects"), counted(2, "project_countries"), counted(1, "achievement_countries")
    ('1 project', '2 project countries', '1 achievement country')
    """
    words = table.replace("_", " ").split(" ")
    if number == 1:
        words[-1] = _ONE.get(words[-1], re.sub("ies$", "y", words[-1]).removesuffix("s"))
    return f"{number:,} {' '.join(words)}"


def summary(changes: Sequence[TableChanges], counts: Mapping[str, int], first: bool, why: Sequence[Reason] = ()) -> str:
    """Return the changes of the tables of entities in one line; ``counts`` has the rows of each table of data.

    If these did not change, return those of the tables of pairs, else the strongest reasons ``why`` it is a release.
    """
    if first:
        told = [name for name in _HEADLINES if counts.get(name)]
        told = told or [name for name, number in counts.items() if number]
        return "First release: " + ", ".join(counted(counts[name], name) for name in told)
    data = [each for each in changes if each.table.role == "data"]
    for is_pair in (False, True):
        of = [each for each in data if ("_" in each.table.name) == is_pair]
        parts = [
            f"{counted(number, each.table.name)} {kind}{_named(each, kind)}" for each in of for kind, number in each.kinds
        ]
        if parts:
            return "; ".join(parts)
    strongest = "; ".join(reason.why for reason in why if reason.step == why[0].step)
    return "No value changed, only sources, descriptions or evidence" + (f" ({strongest})" if strongest else "")


def _named(changes: TableChanges, kind: str) -> str:
    """Return the ids of rows, if they are short and few."""
    if changes.table.name not in {"regions", "countries", "projects"} or changes.counts[kind] > 6:
        return ""
    return f" ({', '.join(sorted((change.row_id for change in changes.of_kind(kind)), key=natural_order))})"


def completeness(tables: Tables) -> str:
    """Return the number of named projects, and that claimed by the newest leaflet or page of each region."""
    names = {row["region_id"]: row["name"] for row in tables["regions"].rows}
    claims = [
        f"the {claimant(figure)} of {names[region_id]} claims {figure['value']}"
        for region_id, figure in newest_totals(tables).items()
    ]
    return "; ".join([f"{tables['projects'].count:,} named here", *claims])


def changes_text(
    version: str,
    previous: str | None,
    line: str,
    complete: str,
    reasons: list[Reason],
    changes: Sequence[TableChanges],
    allowed: Sequence[Allowed] = (),
) -> bytes:
    """Return ``CHANGES.md``: summary, completeness, reasons for the version, what was allowed, and changed rows of data."""
    lines = [f"# {version}", "", f"{escaped(line)}.", "", f"Completeness of projects: {escaped(complete)}.", ""]
    if previous is None:
        lines += ["This is the first release.", ""]
    else:
        lines += [f"Compared with {previous}. Why this version:", ""]
        lines += [f"- {reason.step}: {escaped(reason.why)}" for reason in reasons] + [""]
        if allowed:
            lines += ["Allowed beyond the bounds of the release guard:", ""]
            lines += [f"- {escaped(one.message)}. Reason: {escaped(one.reason)}" for one in allowed] + [""]
        for each in changes:
            lines += _table_lines(each) if each.table.role == "data" else []
        lines += ["Every changed cell, with its old and new value, is in `changes.csv`.", ""] if changes else []
    return "\n".join(lines).encode()


def _table_lines(changes: TableChanges) -> Iterator[str]:
    yield from (f"## {escaped(changes.table.title)}", "")
    listed = sorted(changes.first, key=lambda change: natural_order(change.row_id))[:LISTED]
    for change in listed:
        what = f": {_headline(change)}" if change.kind != "changed" else ""
        yield f"- {change.kind} `{shown(change.row_id, 120).replace('`', '')}`{what}".removesuffix(": ")
        if change.kind == "changed":
            yield from (f"  - {name}: {_value(old)} → {_value(new)}" for name, old, new in change.cells())
    if (more := changes.counts.total() - len(listed)) > 0:
        yield f"- and {more:,} more"
    yield ""


def _headline(change: RowChange) -> str:
    values = change.new or change.old or {}
    named = ("title", "title_official", "name", "name_in_source", "text", "status", "country_id", "project_id")
    return next((_value(values[name]) for name in named if values.get(name)), "")


def _value(cell: str | None) -> str:
    return "nothing" if cell is None else escaped(shown(cell, 160))


def escaped(text: str) -> str:
    """Return ``text`` escaped for Markdown.

    >>> escaped("<b>[x](y)*")
    '\\\\<b\\\\>\\\\[x\\\\](y)\\\\*'
    """
    return re.sub(r"([\\`*_\[\]<>#|~!&])", r"\\\1", text)
