"""What a leaflet says, held against what a careful reader wrote down: the real leaflet's values are in the fixtures."""

import json
from pathlib import Path

import pytest

from cbrn_data.leaflet.extract import extracted
from cbrn_data.leaflet.read import read_leaflet
from cbrn_data.sources.document import read_document
from tests.conftest import PROJECT

LEAFLETS = sorted(PROJECT.glob("tests/leaflets/*.txt"))


@pytest.mark.parametrize("path", LEAFLETS, ids=lambda path: path.stem)
def test_leaflet_says_what_a_reader_wrote_down(path: Path) -> None:
    document, findings = read_document(path.name, path.read_bytes())
    assert document is not None and not findings
    leaflet, findings = read_leaflet(document)
    assert findings == []
    assert extracted(leaflet) == json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))


def test_markup_and_formulas_stay_as_they_are_printed() -> None:
    real = (LEAFLETS[0].parent / "central-asia-2025.txt").read_text(encoding="utf-8")
    hostile = ["<script>alert(1)</script>", '=HYPERLINK("http://a/","b")', "@SUM(1+1)", "{{ 7 * 7 }} [bold]x[/bold]"]
    document, _ = read_document("a.txt", real.replace("CBRN Forensics", "\n\n".join(hostile)).encode())
    assert document is not None
    said = extracted(read_leaflet(document)[0])["priorities"]
    assert [text for text in said if text in hostile] == hostile


@pytest.mark.parametrize("mark", ["*", "(*)", "†", "¹", "[1]", "(1)"])
@pytest.mark.parametrize("space", ["", " "])
def test_a_footnote_is_no_item_whatever_its_mark(mark: str, space: str) -> None:
    real = (LEAFLETS[0].parent / "central-asia-2025.txt").read_text(encoding="utf-8")
    printed = real.replace("Mongolia", f"Kosovo{mark}", 1)
    document, _ = read_document("a.txt", f"{printed}\n\n{mark}{space}This designation is without prejudice.\n".encode())
    assert document is not None
    leaflet, findings = read_leaflet(document)
    assert [finding.code for finding in findings] == []
    assert [country.value("country_id") for country in leaflet.countries][2:3] == ["XKX"]
    assert len(leaflet.achievements) == 5


def test_a_city_in_capitals_is_read_like_the_region() -> None:
    printed = (LEAFLETS[0].parent / "central-asia-2025.txt").read_text(encoding="utf-8")
    document, _ = read_document("a.txt", printed.replace("Tashkent, Uzbekistan", "KUWAIT CITY, Kuwait").encode())
    assert document is not None
    said = extracted(read_leaflet(document)[0])
    assert said["secretariat_city"] == "Kuwait City"
