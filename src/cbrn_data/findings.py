"""What a check has to say: one class, and one catalogue of codes (``findings.yaml``).

Findings are data, never exceptions: all of a step are collected and sorted, and only then does an error carry those
that block. Whether a code blocks stands in the catalogue and nowhere else, so nothing is a warning by accident.
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
"""How the name of a leaflet's reading file ends."""
_ENDING = re.compile(r"\.(?:pdf|docx|html?)\.read(?:-[0-9]+)?\.txt$|\.[^.]+$", re.IGNORECASE)


def reading_file(name: str) -> str:
    """Return the name of the reading file of a leaflet, of its document, or of the text that was kept of that.

    >>> reading_file("a.b.txt"), reading_file("leaflet.pdf"), reading_file("leaflet.pdf.read-2.txt")
    ('a.b.reading.yaml', 'leaflet.reading.yaml', 'leaflet.reading.yaml')
    """
    return f"{_ENDING.sub('', name)}{READING}"


@dataclass(frozen=True)
class Code:
    """A kind of finding: ``title`` in a few words, ``explanation`` why it matters, ``fix`` what to do."""

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
    """One thing that is wrong or worth knowing, where it is, and in which words.

    ``source`` is the file as people know it (``raw/projects.csv``), ``line`` counts from 1. ``entry`` would settle it, in a
    leaflet's reading file. A code that is not in the catalogue is a KeyError where the finding is made.
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

    def __post_init__(self) -> None:
        catalogue()[self.code]

    @property
    def severity(self) -> str:
        """``error`` blocks a release; ``warning`` is published with it."""
        return catalogue()[self.code].severity

    @property
    def blocks(self) -> bool:
        """Whether no release may be made while this stands."""
        return self.severity == "error"

    @property
    def place(self) -> str:
        """``file:line`` as editors understand it, or the table and row where no line is known."""
        if self.source:
            return f"{self.source}:{self.line}" if self.line else self.source
        return "/".join(part for part in (self.table, self.row, self.field) if part)

    def order(self) -> tuple[Any, ...]:
        """The order in which findings are listed: blocking first, then by place."""
        return (not self.blocks, self.source, self.line or 0, self.code, self.table or "", self.row or "", self.message)

    def __lt__(self, other: Finding) -> bool:
        return self.order() < other.order()

    def as_dict(self) -> dict[str, Any]:
        """The finding for machines: every field, with its severity and the way out."""
        said = {key: value for key, value in asdict(self).items() if key != "entry" or value}
        return {"severity": self.severity, **said, "fix": catalogue()[self.code].fix}


def blocking(findings: Iterable[Finding]) -> list[Finding]:
    """Return those findings that forbid a release, sorted."""
    return sorted(finding for finding in findings if finding.blocks)
