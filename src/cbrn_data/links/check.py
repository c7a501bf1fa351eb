"""What the answers of pages mean for the rows that name them: findings with file and line, and a table for machines."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cbrn_data.errors import MachineError
from cbrn_data.fetch import TIMEOUT
from cbrn_data.findings import Finding, shown
from cbrn_data.links.ask import GONE, MOVED, PAUSE, REFUSED, RESULTS, UNREACHABLE, Answer, Tell, ask_pages
from cbrn_data.links.named import Use, named_pages
from cbrn_data.schema.model import Package
from cbrn_data.sources.source import Source

CODES = {MOVED: "page-moved", GONE: "page-gone", UNREACHABLE: "page-unreachable", REFUSED: "page-refused"}
"""The finding about a page, by its answer."""
COLUMNS = ("address", "result", "detail", "leads_to", "file", "line", "field", "archived_url")
"""The table for machines: a row for each cell that names a page."""
_LINES = 3
"""How many more lines of a file a finding names."""


@dataclass(frozen=True)
class Checked:
    """Every page that was asked, with its answer and the cells that name it; ``findings`` are sorted."""

    answers: dict[str, Answer]
    uses: dict[str, list[Use]]
    findings: list[Finding]

    @property
    def summary(self) -> str:
        """How many pages there are of each result, in words."""
        counts = Counter(answer.result for answer in self.answers.values())
        said = ", ".join(f"{counts[result]} {result}" for result in RESULTS if counts[result])
        return f"{len(self.answers)} pages asked: {said}" if said else "No row names a page"

    def rows(self) -> Iterator[dict[str, str | None]]:
        """Yield a row of ``COLUMNS`` for each cell that names a page, by address."""
        for address, answer in self.answers.items():
            for use in self.uses[address]:
                of_page = (address, answer.result, answer.detail, answer.leads_to)
                yield dict(zip(COLUMNS, (*of_page, use.file, str(use.line), use.field, use.archived_url), strict=True))


def check_links(
    sources: Iterable[Source],
    package: Package,
    tell: Tell = lambda answer: None,
    pause: float = PAUSE,
    timeout: float = TIMEOUT,
) -> Checked:
    """Ask every page that rows name; see ``ask_pages`` for ``tell``, ``pause`` and ``timeout``.

    A page that is gone or out of reach is no finding for a row that names a copy of it; the copy is asked as well. Raises
    MachineError where several pages were asked and none answered: this says nothing of any page.
    """
    uses = named_pages(sources, package)
    answers = ask_pages(uses, tell, pause, timeout)
    if len(answers) > 1 and all(answer.result == UNREACHABLE for answer in answers.values()):
        first = next(iter(answers.values()))
        said = f"{shown(first.address, 120)} {first.detail}"
        raise MachineError(f"none of {len(answers)} pages answers: see that this machine reaches the web; {said}")
    findings = [finding for address, answer in answers.items() for finding in _findings(answer, uses[address])]
    return Checked(answers, uses, sorted(findings))


def _findings(answer: Answer, uses: list[Use]) -> Iterator[Finding]:
    """Yield a finding for each file whose rows need another address."""
    if answer.result not in CODES:
        return
    by_cell: dict[tuple[str, str], list[int]] = defaultdict(list)
    for use in uses:
        if not (use.archived_url and answer.result in (GONE, UNREACHABLE)):
            by_cell[use.file, use.field].append(use.line)
    for (file, field), lines in by_cell.items():
        message = f"{field} {shown(answer.address, 150)} {answer.detail}{_others(lines[1:])}"
        yield Finding(CODES[answer.result], message, file, lines[0], field=field, value=shown(answer.address, 80))


def _others(lines: list[int]) -> str:
    """Say in which other lines the same stands.

    >>> _others([3]), _others([3, 5, 8, 9, 12])
    (' (also line 3)', ' (also lines 3, 5, 8 and 2 more)')
    """
    if not lines:
        return ""
    named = ", ".join(map(str, lines[:_LINES]))
    more = f" and {len(lines) - _LINES} more" if len(lines) > _LINES else ""
    return f" (also line{'s' if len(lines) > 1 else ''} {named}{more})"
