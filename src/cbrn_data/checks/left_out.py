"""What is left out of the tables of a release, as its report names it: see ``complete``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cbrn_data.findings import Finding, shown

COMPLETE = "complete"
"""The name of this check."""
LEFT_OUT = "left_out"
"""The key of ``report.json`` for what is left out."""


@dataclass(frozen=True, order=True)
class LeftOut:
    """A line of a source, its cell in the column ``name``, or ``words`` of it, without evidence.

    ``reason`` is "" if there is none.
    """

    source_id: str
    line: int
    name: str = ""
    reason: str = ""
    words: str = ""

    @property
    def place(self) -> tuple[str, int, str, str]:
        """The line, cell or words, without the reason."""
        return self.source_id, self.line, self.name, self.words


def unexplained(left_out: Iterable[LeftOut]) -> Iterator[Finding]:
    """Yield a finding for each line or cell that is left out without a reason."""
    for each in left_out:
        if not each.reason:
            what = f"the value of {each.name}" if each.name else repr(shown(each.words, 80)) if each.words else "this line"
            message = f"{what} is neither in the tables nor left out for a reason"
            yield Finding("source-left-out", message, each.source_id, each.line, field=each.name or None)


def as_report(left_out: Iterable[LeftOut]) -> list[dict[str, Any]]:
    """Return the entries of a report: the lines by source, column, words and reason."""
    lines: dict[tuple[str, str, str, str], list[int]] = defaultdict(list)
    for each in sorted(left_out):
        lines[each.source_id, each.name, each.words, each.reason].append(each.line)
    return [
        {"source_id": source_id, **({"field": name} if name else {}), **({"words": words} if words else {}),
         "reason": reason, "lines": numbers}
        for (source_id, name, words, reason), numbers in sorted(lines.items())
    ]  # fmt: skip


def of_report(entries: Iterable[Mapping[str, Any]]) -> list[LeftOut]:
    """Return what a report names as left out. Raises KeyError or TypeError if it is malformed."""
    return [
        LeftOut(
            str(entry["source_id"]),
            int(line),
            str(entry.get("field", "")),
            str(entry["reason"]),
            str(entry.get("words", "")),
        )
        for entry in entries
        for line in entry["lines"]
    ]
