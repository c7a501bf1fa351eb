"""Report the answers of pages for the rows that name them: findings with file and line, and a table for programs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cbrn_data.errors import MachineError
from cbrn_data.findings import Finding, shown
from cbrn_data.links.ask import GONE, MOVED, PAUSE, REFUSED, RESULTS, UNREACHABLE, Answer, ask_pages
from cbrn_data.links.named import Use, named_pages
from cbrn_data.schema.model import Package
from cbrn_data.sources.source import Source
from cbrn_data.web import TIMEOUT

CODES = {MOVED: "page-moved", GONE: "page-gone", UNREACHABLE: "page-unreachable", REFUSED: "page-refused"}
"""The finding about a page, by its answer."""
COLUMNS = ("address", "result", "detail", "leads_to", "file", "line", "field", "archived_url")
"""The columns of the table for programs, which has a row for each cell that names a page."""
MISSING_PAGES = "pages named in rows do not exist"
"""The message of a failed check."""
_LINES = 3
"""Number of further lines of a file in a finding."""


@dataclass(frozen=True)
class Checked:
    """Every checked page, with its answer and the cells that name it; ``findings`` are sorted."""

    answers: dict[str, Answer]
    uses: dict[str, list[Use]]
    findings: list[Finding]

    @property
    def summary(self) -> str:
        """The number of pages by result, as a sentence."""
        counts = Counter(answer.result for answer in self.answers.values())
        said = ", ".join(f"{counts[result]} {result}" for result in RESULTS if counts[result])
        return f"{len(self.answers)} pages checked: {said}" if said else "No row names a page"

    def rows(self) -> Iterator[dict[str, str | None]]:
        """Yield a row of ``COLUMNS`` for each cell that names a page, by address."""
        for address, answer in self.answers.items():
            for use in self.uses[address]:
                of_page = (address, answer.result, answer.detail, answer.leads_to)
                yield dict(zip(COLUMNS, (*of_page, use.file, str(use.line), use.field, use.archived_url), strict=True))


def check_links(
    sources: Iterable[Source],
    package: Package,
    pause: float = PAUSE,
    timeout: float = TIMEOUT,
) -> Checked:
    """Check every page that rows name; see ``ask_pages`` for ``pause`` and ``timeout``.

    A gone or unreachable page is not a finding for a row that names an archived copy; the copy is checked too. Raises
    MachineError if none of several pages answered, because the cause is then probably this machine.
    """
    uses = named_pages(sources, package)
    answers = ask_pages(uses, pause, timeout)
    if len(answers) > 1 and all(answer.result == UNREACHABLE for answer in answers.values()):
        first = next(iter(answers.values()))
        said = f"{shown(first.address, 120)} {first.detail}"
        raise MachineError(f"none of {len(answers)} pages answers; check that this machine can reach the web; {said}")
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
    """Return the other lines with the same address, as text.

    >>> _others([3]), _others([3, 5, 8, 9, 12])
    (' (also line 3)', ' (also lines 3, 5, 8 and 2 more)')
    """
    if not lines:
        return ""
    named = ", ".join(map(str, lines[:_LINES]))
    more = f" and {len(lines) - _LINES} more" if len(lines) > _LINES else ""
    return f" (also line{'s' if len(lines) > 1 else ''} {named}{more})"
