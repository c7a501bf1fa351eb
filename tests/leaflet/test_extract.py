"""What a leaflet says, held against what a careful reader wrote down: the real leaflet's values are in the fixtures."""

import json
from pathlib import Path

import pytest

from cbrn_data.leaflet.extract import extracted
from cbrn_data.leaflet.read import read_leaflet
from cbrn_data.sources.document import read_document

LEAFLETS = sorted(Path(__file__).parent.parent.glob("leaflets/*.txt"))


@pytest.mark.parametrize("path", LEAFLETS, ids=lambda path: path.stem)
def test_leaflet_says_what_a_reader_wrote_down(path: Path) -> None:
    document, findings = read_document(path.name, path.read_bytes())
    assert document is not None and not findings
    leaflet, findings = read_leaflet(document)
    assert [finding for finding in findings if finding.blocks] == []
    assert extracted(leaflet) == json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
