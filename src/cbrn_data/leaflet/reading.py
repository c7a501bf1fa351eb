"""The reading file of a leaflet: the decisions of a person about how lines are read, each with its reason.

``<name>.reading.yaml`` is next to ``<name>.txt`` (or to its document) and is a list. Each entry has ``do`` (one of
``ACTIONS``), ``lines`` (``12`` or ``12-14``), ``words`` from these lines, ``is`` if the action needs a value, and
``reason``. An entry is reported if its lines do not contain its words or if it changes nothing: the leaflet or the
reader changed, and a person must check it again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from cbrn_data.findings import Finding, catalogue, shown
from cbrn_data.leaflet.headings import HEADINGS
from cbrn_data.normalise.contacts import without_contacts
from cbrn_data.normalise.text import Span, clean
from cbrn_data.sources.document import Document
from cbrn_data.strict_yaml import YamlError, load_yaml, places_of

ACTIONS: dict[str, str] = {
    "heading": "|".join(map(re.escape, HEADINGS)),
    "ignore": "",
    "join": "",
    "split": "",
    "country": "[A-Z]{3}",
    "region": r"[a-z0-9]+(?:-[a-z0-9]+)*",
    "project": "P[1-9][0-9]{0,3}",
    "accept": r"[a-z]+(?:-[a-z]+)*",
    "keep": "",
    "leave-out": "",
}
"""The actions of entries, and the pattern of ``is``; the pattern is empty if the action needs no value."""

_KEYS = {"do", "lines", "words", "is", "reason"}
_LINES = re.compile(r"([1-9][0-9]{0,5})(?:-([1-9][0-9]{0,5}))?")
_QUOTED = 60


@dataclass(frozen=True)
class Entry:
    """One entry, from ``line`` of the reading file; ``value`` is its ``is``, at ``span`` of that file."""

    do: str
    first: int
    last: int
    words: str
    value: str
    reason: str
    line: int
    span: Span

    @property
    def lines(self) -> range:
        """The numbers of its lines."""
        return range(self.first, self.last + 1)


@dataclass
class Reading:
    """The entries of a reading file that apply to a text; ``used`` has those that changed something."""

    document: Document | None = None
    entries: list[Entry] = field(default_factory=list)
    used: set[Entry] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)

    @property
    def place(self) -> str:
        """The name of the file for messages."""
        return self.document.place if self.document else ""

    def of(self, *actions: str) -> Iterator[Entry]:
        """Yield the entries with one of these actions."""
        return (entry for entry in self.entries if entry.do in actions)

    def at(self, line: int, *actions: str) -> Entry | None:
        """Return the first entry with one of these actions for a line, or None, and mark it as used."""
        found = next((entry for entry in self.of(*actions) if line in entry.lines), None)
        if found:
            self.used.add(found)
        return found

    def accept(self, finding: Finding) -> Finding:
        """Return a finding; one that an entry accepts becomes ``reading-accepted``."""
        for entry in self.of("accept"):
            if entry.value == finding.code and finding.line in entry.lines:
                self.used.add(entry)
                message = f"{finding.code}: {finding.message}; accepted: {entry.reason}"
                return replace(finding, code="reading-accepted", message=shown(message, 400))
        return finding

    def unused(self) -> list[Finding]:
        """Return a finding for each entry without effect, except ``region``, which is used when a leaflet is added."""
        unused = [entry for entry in self.entries if entry not in self.used and entry.do != "region"]
        return [self._stale(entry, "changes nothing") for entry in unused]

    def _stale(self, entry: Entry, why: str) -> Finding:
        lines = f"line {entry.first}" if entry.first == entry.last else f"lines {entry.first} to {entry.last}"
        message = f"the entry {entry.do!r} of {lines} {why}"
        return Finding("reading-stale", message, self.place, entry.line)


def read_reading(document: Document, of: Document) -> Reading:
    """Return the entries that apply to the text ``of``; ``findings`` has the errors of the file."""
    reading = Reading(document)
    try:
        value = load_yaml(document.text) or []
        places = places_of(document.text)
    except YamlError as error:
        reading.findings.append(Finding("reading-invalid", f"is not strict YAML: {error}", document.place, error.line))
        return reading
    if not isinstance(value, list):
        reading.findings.append(Finding("reading-invalid", "is not a list of entries", document.place, 1))
        return reading
    for number, given in enumerate(value):
        entry, wrong = _entry(given, number, places, document)
        words = of.text_of(entry.first, entry.last) if entry else ""
        if entry is None:
            reading.findings.append(Finding("reading-invalid", wrong, document.place, places[number,][0]))
        elif not any(entry.words in clean(text) for text in (words, without_contacts(words))):
            why = f"no longer applies: {shown(entry.words, 80)!r} is not there"
            reading.findings.append(reading._stale(entry, why))
        else:
            reading.entries.append(entry)
    return reading


def _entry(
    given: object, number: int, places: dict[tuple[object, ...], tuple[int, int, int]], document: Document
) -> tuple[Entry | None, str]:
    """Return an entry, or None and the error."""
    if not isinstance(given, dict) or not all(isinstance(key, str) for key in given):
        return None, "an entry has the keys do, lines, words, is and reason"
    if other := sorted(set(given) - _KEYS):
        return None, f"the key {shown(other[0], 60)!r} is not known"
    text = {key: str(value) for key, value in given.items() if value is not None}
    if missing := [key for key in ("do", "lines", "words", "reason") if not text.get(key, "").strip()]:
        return None, f"the entry lacks {', '.join(missing)}"
    if text["do"] not in ACTIONS:
        return None, f"do is {shown(text['do'], 60)!r} and must be one of {', '.join(ACTIONS)}"
    lines = _LINES.fullmatch(text["lines"])
    if not lines or int(lines[2] or lines[1]) < int(lines[1]):
        return None, f"lines is {shown(text['lines'], 60)!r} and must be a number, or two as in 12-14"
    if not re.fullmatch(ACTIONS[text["do"]], text.get("is", "")):
        return None, f"is has {shown(text.get('is', ''), 60)!r}, which {text['do']!r} does not accept"
    if text["do"] == "accept" and text["is"] not in catalogue():
        return None, f"is has {shown(text['is'], 60)!r}, which is not the code of a finding"
    line, start, _ = places[number,]
    _, start, end = places.get((number, "is"), (line, start, start))
    words = clean(text["words"])
    return Entry(text["do"], int(lines[1]), int(lines[2] or lines[1]), words, text.get("is", ""), text["reason"], line,
                 Span(start, end)), ""  # fmt: skip


_ENTRY_FOR: dict[str, tuple[str, str]] = {
    "heading-unsure": ("heading", "Recent Achievements"),
    "section-repeated": ("ignore", ""),
    "line-unread": ("ignore", ""),
    "ignored-content": ("accept", "ignored-content"),
    "items-merged": ("split", ""),
    "country-unresolved": ("country", "XXX"),
    "region-unknown": ("region", "known-region"),
    "contact-data": ("keep", ""),
}
"""The action that settles a finding of each code, and an example of ``is`` that a person must replace."""

_ACCEPTABLE = frozenset(
    {
        "document-doubtful",
        "item-doubtful",
        "item-foreign",
        "item-repeated",
        "list-miscounted",
        "projects-unordered",
        "text-residue",
        "word-broken",
    }
)


def with_entries(findings: Iterable[Finding], document: Document) -> list[Finding]:
    """Return the findings, each error in ``document`` with the entry that would settle it."""
    lines = len(document.line_starts)
    return [
        replace(each, entry=entry_for(each, document.text_of(each.line)))
        if each.is_error and each.source == document.place and each.line and each.line <= lines
        else each
        for each in findings
    ]


def entry_for(finding: Finding, text: str) -> str | None:
    """Return the entry that would settle a finding, ready to copy, or None; ``text`` is the line of the finding.

    >>> print(entry_for(Finding("line-unread", "", "a.txt", 3), "  Printed by X"))
    - do: ignore
      lines: 3
      words: "Printed by X"
      reason: ""
    """
    do, value = _ENTRY_FOR.get(finding.code, ("accept", finding.code) if finding.code in _ACCEPTABLE else ("", ""))
    if do == "heading":
        value = next((name for name in HEADINGS if repr(name) in finding.message), value)
    words = without_contacts(clean(text))[:_QUOTED].rstrip()
    if not do or not words or finding.line is None:
        return None
    quoted = '"' + words.replace("\\", "\\\\").replace('"', '\\"') + '"'
    named = f"\n  is: {value}" if value else ""
    return f'- do: {do}\n  lines: {finding.line}\n  words: {quoted}{named}\n  reason: ""'
