"""The text of a run page: what is wrong, where, and the way out, as Markdown that wraps. Text from sources is escaped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cbrn_data.cli.show import totals
from cbrn_data.findings import Finding, catalogue, shown
from cbrn_data.release.notes import escaped
from cbrn_data.verify.results import FAILED, PASSED, Result

LISTED = 200
"""Number of findings on a run page; the others are counted."""

SOME = 5
"""Number of failures of one check that are shown."""


def findings_text(findings: Sequence[Finding], docs: str | None, reason: str = "") -> str:
    """Return all findings, errors first, each with its place, message and fix; a failed run has its ``reason`` first.

    ``docs`` is the address of the folder ``docs/``, if it has one.
    """
    first, *more = reason.splitlines() or [f"Findings: {totals(findings)}"]
    lines = [f"# {escaped(shown(first, 600))}", *(escaped(shown(line, 600)) for line in more)]
    for finding in sorted(findings)[:LISTED]:
        lines.append(f"**{escaped(shown(finding.place))}**: {escaped(shown(finding.message))}")
        said = catalogue()[finding.code].fix
        about = docs_link("findings.md", docs, f"#{finding.code}", finding.code)
        lines.append(f"What to do: {escaped(said)}" if finding.is_error else f"For information: {escaped(said)}")
        lines.append(f"More about this {finding.severity}: {about}")
        lines.append("---")
    if len(findings) > LISTED:
        lines.append(f"The first {LISTED} of {len(findings):,} findings are listed.")
    if reason:
        lines.append(f"How to try again: {docs_link('night.md', docs)}")
    return "\n\n".join(lines)


def audit_rows(results: Sequence[Result]) -> list[dict[str, str]]:
    """Return the rows of an audit, failures first: of each release one with all checks that passed, and one for each other.

    So every release is shown, however many there are, and a check with many failures is one row with the first of them.
    """
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for result in results:
        check = "" if result.result == PASSED else result.check
        groups.setdefault((result.subject, check, result.result), []).append(result)
    rows = []
    for (subject, check, word), group in sorted(
        groups.items(), key=lambda each: (each[0][2] != FAILED, each[0][2] == PASSED)
    ):
        more = [f"and {len(group) - SOME:,} more"] if len(group) > SOME else []
        detail = "; ".join([*(shown(result.detail) for result in group[:SOME]), *more])
        names = check or ", ".join(dict.fromkeys(result.check for result in group))
        rows.append({"of": subject, "check": names, "result": word, "detail": detail if check else ""})
    return rows


def headline(findings: Sequence[Finding], reason: str = "") -> str:
    """Return the reason of a failed run with its first finding, or the numbers of findings, in one line."""
    lines = reason.splitlines()[:1]
    lines += [f"{shown(each.place)}: {shown(each.message)}" for each in sorted(findings)[:1]] if reason else []
    return ": ".join(lines) or f"Findings: {totals(findings)}"


def docs_link(page: str, docs: str | None, fragment: str = "", name: str | None = None) -> str:
    """Return a link to a page of the documentation, or its path if the documentation has no address.

    >>> docs_link("night.md", "https://code.example/docs/"), docs_link("findings.md", None, "#page-gone", "page-gone")
    ('[docs/night.md](https://code.example/docs/night.md)', '`page-gone` in `docs/findings.md`')
    """
    if docs:
        return f"[{name or f'docs/{page}'}]({docs.rstrip('/')}/{page}{fragment})"
    return f"`{name}` in `docs/{page}`" if name else f"`docs/{page}`"


def release_text(heading: str, lines: Sequence[tuple[str, str]], links: Sequence[tuple[str, str]]) -> str:
    """Return the description of a release; ``links`` are pairs of a name and a checked address."""
    rows = [f"| {name} | {escaped(shown(sentence, 600))} |" for name, sentence in lines]
    return "\n".join([f"# {heading}", "", *_listed(links), "", "| | |", "| --- | --- |", *rows])


def _listed(links: Sequence[tuple[str, str]]) -> Iterator[str]:
    yield from (f"- [{name}]({address})" for name, address in links)
