"""The findings of checks: one class, and one catalogue of codes (``findings.yaml``).

Findings are data, not exceptions: all findings of a step are collected and sorted, and then one exception carries them.
Only the catalogue gives the severity of a code, so nothing is a warning by accident.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from cbrn_data.strict_yaml import load_yaml

READING = ".reading.yaml"
"""The end of the name of a reading file."""
_ENDING = re.compile(r"\.(?:pdf|docx|html?)\.read(?:-[0-9]+)?\.txt$|\.[^.]+$", re.IGNORECASE)


def reading_file(name: str) -> str:
    """Return the name of the reading file of a leaflet, of its document, or of the kept text of the document.

    >>> reading_file("a.b.txt"), reading_file("leaflet.pdf"), reading_file("leaflet.pdf.read-2.txt")
    ('a.b.reading.yaml', 'leaflet.reading.yaml', 'leaflet.reading.yaml')
    """
    return f"{_ENDING.sub('', name)}{READING}"


@dataclass(frozen=True)
class Code:
    """A kind of finding: ``title`` in a few words, ``explanation`` of what is wrong, ``fix``: what to do."""

    code: str
    severity: str
    title: str
    explanation: str
    fix: str


@cache
def catalogue() -> dict[str, Code]:
    """Return every finding code by its name, in the order of ``findings.yaml``."""
    text = files("cbrn_data").joinpath("findings.yaml").read_text(encoding="utf-8")
    return {entry["code"]: Code(**entry) for entry in load_yaml(text)}


def shown(text: str, limit: int = 200) -> str:
    """Return ``text`` safe for a log or a terminal: controls, bidi and invisible characters escaped, cut to ``limit``.

    >>> shown("a\\x1b[31mb\\u202e", 80)
    'a\\\\x1b[31mb\\\\u202e'
    """
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(_visible(char) for char in cut)


def _visible(char: str) -> str:
    if char == " " or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}:
        return char
    return char.encode("unicode_escape").decode("ascii") if char != "\xa0" else " "


@dataclass(frozen=True)
class Finding:
    """One error or warning, with its place and message.

    ``source`` is the path that people know (``raw/projects.csv``), ``line`` counts from 1. ``cell`` is
    the place in a received table: ``Sheet1!C7``, or line and column as ``7:12``. ``entry`` is the entry of a
    reading file that would resolve it. An unknown code raises KeyError.
    """

    code: str
    message: str
    source: str = ""
    line: int | None = None
    table: str | None = None
    row: str | None = None
    field: str | None = None
    value: str | None = None
    entry: str | None = None
    cell: str | None = None

    def __post_init__(self) -> None:
        catalogue()[self.code]

    @property
    def severity(self) -> str:
        """``error`` stops a release; ``warning`` is published with it."""
        return catalogue()[self.code].severity

    @property
    def is_error(self) -> bool:
        """Whether this finding stops a release."""
        return self.severity == "error"

    @property
    def place(self) -> str:
        """``file:line`` as editors understand it, or table and row if the line is not known."""
        if self.source:
            at = self.cell or self.line
            return f"{self.source}:{at}" if at else self.source
        return "/".join(part for part in (self.table, self.row, self.field) if part)

    def order(self) -> tuple[Any, ...]:
        """The order of findings: errors first, then by place."""
        return (not self.is_error, self.source, self.line or 0, self.code, self.table or "", self.row or "", self.message)

    def __lt__(self, other: Finding) -> bool:
        return self.order() < other.order()

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON data: every field, with severity and fix."""
        said = {key: value for key, value in asdict(self).items() if key not in ("entry", "cell") or value}
        return {"severity": self.severity, **said, "fix": catalogue()[self.code].fix}


def errors_of(findings: Iterable[Finding]) -> list[Finding]:
    """Return the errors, sorted."""
    return sorted(finding for finding in findings if finding.is_error)
