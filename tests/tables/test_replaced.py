"""A published edition whose words changed is told, whatever the change: nothing is replaced in silence."""

import hashlib
import random
from dataclasses import replace
from pathlib import Path

import pytest

from cbrn_data import pipeline
from cbrn_data.errors import CbrnDataError
from cbrn_data.settings import Settings

pytestmark = pytest.mark.usefixtures("without_pages")

VARIANTS = 20


def mutated(lines: list[str], chance: random.Random) -> list[str]:
    """Drop, double, swap or cut a line that says something."""
    place, other = (chance.choice([n for n, line in enumerate(lines) if line.strip()]) for _ in range(2))
    changed = list(lines)
    kind = chance.choice(("drop", "double", "swap", "cut"))
    if kind == "drop":
        del changed[place]
    elif kind == "double":
        changed.insert(place, lines[place])
    elif kind == "swap":
        changed[place], changed[other] = lines[other], lines[place]
    else:
        changed[place] = lines[place][: chance.randrange(len(lines[place]))] + "\n"
    return changed


def test_a_changed_edition_is_never_published_in_silence(small: Path) -> None:
    settings = Settings(small.parent, small)
    gathered = pipeline.gather(settings)
    leaflet = next(source for source in gathered.sources if source.kind == "leaflet")
    lines = leaflet.data.decode().splitlines(keepends=True)
    chance = random.Random(20261122)
    outcomes = {"refused": 0, "told": 0, "same": 0}
    for _ in range(VARIANTS):
        data = "".join(mutated(lines, chance)).encode()
        about = leaflet.metadata | {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        sources = [replace(s, data=data, metadata=about) if s is leaflet else s for s in gathered.sources]
        try:
            built = pipeline.build(pipeline.Gathered(sources, gathered.package, settings))
        except CbrnDataError as error:
            assert error.findings
            outcomes["refused"] += 1
            continue
        planned = pipeline.plan(built, pipeline.open_store(settings))
        codes = {finding.code for finding in planned.findings if not finding.code.startswith("guard-")}
        assert not planned.is_news or codes == {"source-replaced"}
        outcomes["told" if planned.is_news else "same"] += 1
    assert outcomes["refused"] > 5 and outcomes["told"] > 2, outcomes
