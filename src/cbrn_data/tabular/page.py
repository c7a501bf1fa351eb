"""The page of a validation: one HTML file, without requests and scripts; faults of one rule of one field are together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cbrn_data.findings import shown
from cbrn_data.pages import ALONE_POLICY, inline_style, template_environment
from cbrn_data.tabular.issues import Issue
from cbrn_data.tabular.report import place_of, sentence
from cbrn_data.tabular.verdict import Verdict

OPEN = 12
"""The most faults of a rule that are shown unfolded."""


def validation_page(verdicts: Sequence[Verdict], wrong: Sequence[tuple[str, str]] = ()) -> bytes:
    """Return the page of all verdicts; ``wrong`` are the errors of descriptors: their place, and a message."""
    faults = sum(verdict.tally.counts.total() for verdict in verdicts) + len(wrong)
    is_valid = not faults
    tables = f"{len(verdicts):,} {'table' if len(verdicts) == 1 else 'tables'}"
    text = f"{tables}: valid" if is_valid else f"{tables}: {faults:,} {'fault' if faults == 1 else 'faults'}"
    template = template_environment("cbrn_data.tabular").get_template("validation.html.j2")
    page = template.render(
        page_policy=ALONE_POLICY,
        style=inline_style(),
        verdict=text,
        is_valid=is_valid,
        wrong=[(shown(place), shown(message, 400)) for place, message in wrong],
        tables=[_table(verdict) for verdict in verdicts],
        open_at_most=OPEN,
    )
    return page.encode()


def _table(verdict: Verdict) -> dict[str, Any]:
    facts = [("Rows", f"{verdict.rows:,}")] if verdict.resource.is_table else []
    facts += [("Bytes", f"{verdict.size:,}"), ("SHA-256", verdict.sha256)] if verdict.sha256 else []
    facts += [("Faults", f"{verdict.tally.counts.total():,}")] if not verdict.valid else []
    return {
        "name": shown(verdict.resource.place, 300),
        "verdict": "valid" if verdict.valid else "invalid",
        "rows": verdict.rows,
        "faults": verdict.tally.counts.total(),
        "facts": facts,
        "groups": [_group(group, verdict) for group in verdict.tally.groups()],
        "more": verdict.tally.unlisted,
    }


def _group(group: Sequence[Issue], verdict: Verdict) -> dict[str, Any]:
    resource, first = verdict.resource, group[0]
    rule = f" ({first.constraint})" if first.constraint and first.code.startswith("cell-") else ""
    return {
        "field": shown(first.field, 80),
        "what": f"{first.code}{rule}",
        "count": f"{len(group):,}",
        "faults": [
            {
                "place": shown(place_of(issue, resource), 300),
                "line": issue.line,
                "row": issue.row + resource.has_header if issue.row else 0,
                "message": shown(sentence(issue, resource), 400),
                "part": shown(issue.part, 200),
            }
            for issue in group
        ],
    }
