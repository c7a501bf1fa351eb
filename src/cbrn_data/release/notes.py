"""What a release brings, for people: a summary in one line, and ``CHANGES.md``.

Source text in Markdown is data: it is escaped, and never a heading, a link or markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from cbrn_data.checks.across import Rows, claimant, newest_totals
from cbrn_data.findings import shown
from cbrn_data.release.version import Reason
from cbrn_data.schema.canonical import Row
from cbrn_data.schema.model import Package
from cbrn_data.words.text import live, natural_order

if TYPE_CHECKING:
    from cbrn_data.schema.delta import RecordChanges

LISTED = 20
"""How many rows of one table and kind ``CHANGES.md`` lists; the others are counted, and stand in ``changes.csv``."""

_HEADLINES = ("regions", "countries", "projects", "achievements")
_ONE = {"evidence": "evidence row"}


def counted(number: int, table: str) -> str:
    """Return a number of rows in words.

    >>> counted(1, "projects"), counted(2, "project_countries"), counted(1, "achievement_countries")
    ('1 project', '2 project countries', '1 achievement country')
    """
    words = table.replace("_", " ").split(" ")
    if number == 1:
        words[-1] = _ONE.get(words[-1], re.sub("ies$", "y", words[-1]).removesuffix("s"))
    return f"{number:,} {' '.join(words)}"


def summary(
    changes: list[Row],
    package: Package,
    counts: dict[str, int],
    first: bool,
    why: Sequence[Reason] = (),
    records: Sequence[RecordChanges] = (),
) -> str:
    """Return in one line what a release brings to the tables of things.

    To those of pairs only where nothing else moved; where neither did, the strongest reasons ``why`` it is a release.
    """
    if first:
        return "First release: " + ", ".join(counted(counts[name], name) for name in _HEADLINES if name in counts)
    names = [table.name for table in package.with_role("data")]
    pairs = [name for name in names if "_" in name]
    for tables in ([name for name in names if name not in pairs], pairs):
        parts = [
            f"{counted(len(rows), table)} {kind}{_named(table, rows)}"
            for table in tables
            for kind in ("added", "changed", "removed")
            if (rows := {row["row_id"] for row in changes if (row["table_name"], row["change"]) == (table, kind)})
        ]
        parts += [
            f"{counted(number, each.table.name)} {kind}"
            for each in records
            if each.table.name in tables
            for kind, number in each.kinds
        ]
        if parts:
            return "; ".join(parts)
    strongest = "; ".join(reason.why for reason in why if reason.step == why[0].step)
    return "No value changed; sources, descriptions or evidence did" + (f" ({strongest})" if strongest else "")


def _named(table: str, rows: set[str | None]) -> str:
    """Name rows by their ids where these are short and few."""
    ids = sorted((live(row or "") for row in rows), key=natural_order)
    return f" ({', '.join(ids)})" if table in {"regions", "countries", "projects"} and len(ids) <= 6 else ""


def completeness(rows: Rows) -> str:
    """Return how many projects are named, and how many the newest leaflet or page of each region claims."""
    names = {row["region_id"]: row["name"] for row in rows["regions"]}
    claims = [
        f"the {claimant(figure)} of {names[region_id]} claims {figure['value']}"
        for region_id, figure in newest_totals(rows).items()
    ]
    return "; ".join([f"{len(rows['projects']):,} named here", *claims])


def changes_text(
    version: str,
    previous: str | None,
    line: str,
    complete: str,
    reasons: list[Reason],
    changes: list[Row],
    package: Package,
    records: Sequence[RecordChanges] = (),
) -> bytes:
    """Return ``CHANGES.md``: the summary, how ``complete`` it is, why it has its version, and the rows of data tables."""
    lines = [f"# {version}", "", f"{escaped(line)}.", "", f"How complete it is: projects, {escaped(complete)}.", ""]
    if previous is None:
        lines += ["There is no release before it to compare with.", ""]
    else:
        lines += [f"Compared with {previous}. Why this version:", ""]
        lines += [f"- {reason.step}: {escaped(reason.why)}" for reason in reasons] + [""]
        for table in package.with_role("data"):
            lines += list(_table_lines(table.title, [change for change in changes if change["table_name"] == table.name]))
        for each in records:
            lines += list(_record_lines(each))
        lines += ["Every changed cell, with its old and new value, stands in `changes.csv`.", ""]
    return "\n".join(lines).encode()


def _table_lines(title: str, changes: list[Row]) -> Iterator[str]:
    rows: dict[str, list[Row]] = {}
    for change in changes:
        rows.setdefault(live(change["row_id"] or ""), []).append(change)
    if not rows:
        return
    yield from (f"## {escaped(title)}", "")
    for row_id, cells in sorted(rows.items(), key=lambda row: natural_order(row[0]))[:LISTED]:
        kind = cells[0]["change"]
        what = f": {_headline(cells)}" if kind != "changed" else ""
        yield f"- {kind} `{shown(row_id, 120).replace('`', '')}`{what}"
        if kind == "changed":
            yield from (f"  - {cell['field']}: {_value(cell['old'])} → {_value(cell['new'])}" for cell in cells)
    if len(rows) > LISTED:
        yield f"- and {len(rows) - LISTED:,} more"
    yield ""


def _record_lines(changes: RecordChanges) -> Iterator[str]:
    yield from (f"## {escaped(changes.table.title)}", "")
    yield from (f"- {change['change']} `{shown(live(change['row_id'] or ''), 120)}`" for change in changes.first)
    if (rest := changes.counts.total() - len(changes.first)) > 0:
        yield f"- and {rest:,} more"
    yield ""


def _headline(cells: list[Row]) -> str:
    side = "new" if cells[0]["change"] == "added" else "old"
    values = {cell["field"]: cell[side] for cell in cells}
    named = ("title", "title_official", "name", "name_in_source", "text", "status", "country_id", "project_id")
    return next((_value(values[name]) for name in named if values.get(name)), "")


def _value(cell: str | None) -> str:
    return "nothing" if cell is None else escaped(shown(live(cell), 160))


def escaped(text: str) -> str:
    """Return ``text`` so that Markdown shows it as it is.

    >>> escaped("<b>[x](y)*")
    '\\\\<b\\\\>\\\\[x\\\\](y)\\\\*'
    """
    return re.sub(r"([\\`*_\[\]<>#|~!&])", r"\\\1", text)
