"""A leaflet whose lines were dropped, doubled, swapped or cut gives the same values, a finding, or a visible change.

A text alone cannot show every loss: a line that is gone from the middle of a title leaves a title. What stands in a
variant without a finding is therefore held to what it may be: whole achievements, the same countries, projects and counts,
and free text with lines of the leaflet itself.
Such a variant of a published leaflet is seen by comparison with its release, and by its digest before that.
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

from cbrn_data.leaflet.extract import extracted
from cbrn_data.leaflet.read import read_leaflet
from cbrn_data.sources.document import read_document

REAL = (Path(__file__).parent.parent / "leaflets" / "central-asia-2025.txt").read_text(encoding="utf-8")
FREE_TEXT = {"goal", "implementing_partner", "projects", "priorities", "methodology", "achievements"}


def mutate(seed: int) -> tuple[str, str]:
    """Return what was done to the leaflet and the result."""
    chance = random.Random(seed)
    lines = REAL.splitlines(keepends=True)
    full = [place for place, line in enumerate(lines) if line.strip()]
    first, second = chance.choice(full), chance.choice(full)
    what = chance.choice(["dropped", "doubled", "swapped", "cut", "ended"])
    if what == "dropped":
        del lines[first]
    elif what == "doubled":
        lines.insert(first, lines[first])
    elif what == "swapped":
        lines[first], lines[second] = lines[second], lines[first]
    elif what == "cut":
        text = lines[first].rstrip("\n")
        lines[first] = text[: chance.randrange(1, len(text) + 1)].rstrip() + lines[first][len(text) :]
    else:
        return what, REAL[: chance.randrange(len(REAL))]
    return what, "".join(lines)


def read(text: str) -> tuple[dict[str, Any], list[str]]:
    document, findings = read_document("a.txt", text.encode())
    if document is None:
        return {}, [finding.code for finding in findings]
    leaflet, findings = read_leaflet(document)
    return extracted(leaflet), [finding.code for finding in findings]


def counts(said: dict[str, Any]) -> Counter[int]:
    return Counter(claim["count"] for claim in said["methodology"])


def test_no_variant_says_what_the_leaflet_does_not() -> None:
    real, found = read(REAL)
    assert found == []
    outcome: Counter[str] = Counter()
    for seed in range(300):
        what, text = mutate(seed)
        said, found = read(text)
        if found:
            outcome["finding"] += 1
        elif said == real:
            outcome["same"] += 1
        else:
            outcome[f"silently {what}"] += 1
            assert what != "doubled", seed
            assert {key for key in real if said[key] != real[key]} <= FREE_TEXT | {"countries"}, seed
            assert sorted(map(str, said["countries"])) == sorted(map(str, real["countries"])), seed
            assert [item["number"] for item in said["projects"]] == [item["number"] for item in real["projects"]], seed
            assert all(item in real["achievements"] for item in said["achievements"]), seed
            assert not counts(said) - counts(real), seed
    assert outcome["finding"] + outcome["same"] > 225, outcome
