"""Small edits of the real leaflet: each gives the same values, other values as listed, or a finding at its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from cbrn_data.findings import Finding
from cbrn_data.leaflet.extract import extracted
from cbrn_data.leaflet.read import read_leaflet
from cbrn_data.sources.document import read_document
from tests.leaflet.test_any_text import assert_sound

REAL = (Path(__file__).parent.parent / "leaflets" / "central-asia-2025.txt").read_text(encoding="utf-8")
LISTED = yaml.safe_load((Path(__file__).parent / "variants.yaml").read_text(encoding="utf-8"))
VARIANTS = [(kind, *variant) for kind, variants in LISTED.items() for variant in variants]


def read(text: str) -> tuple[dict[str, Any], list[Finding]]:
    document, findings = read_document("a.txt", text.encode(), "leaflet")
    assert document is not None, findings
    leaflet, findings = read_leaflet(document)
    assert_sound(leaflet)
    return extracted(leaflet), findings


SAID, FINDINGS = read(REAL)


def edited(old: str, new: str) -> tuple[str, range]:
    """Return the leaflet with one passage changed, and the lines around it."""
    old, new = old.replace("⏎", "\n"), new.replace("⏎", "\n")
    assert REAL.count(old) >= 1, old
    place = REAL.index(old)
    first = REAL.count("\n", 0, place) + 1
    return REAL.replace(old, new, 1), range(first - 1, first + new.count("\n") + 3)


@pytest.mark.parametrize(("kind", "old", "new", "follows"), VARIANTS, ids=lambda value: str(value)[:60])
def test_a_small_edit_is_read_or_told(kind: str, old: str, new: str, follows: Any) -> None:
    text, lines = edited(old, new)
    said, findings = read(text)
    told = [(finding.code, finding.line, finding.message) for finding in findings]
    changed = {key for key in SAID if said[key] != SAID[key]}
    if follows == "same":
        assert (told, changed) == ([], set())
    elif isinstance(follows, str):
        heads = {"list-miscounted", "section-missing"}
        assert any(code == follows and (line in lines or code in heads) for code, line, _ in told), told
    else:
        assert [code for code, _, _ in told] == ([follows["with"]] if "with" in follows else []), told
        assert changed == set(follows) - {"with"}


@pytest.mark.parametrize(
    "rows",
    [
        "Kazakhstan\tPakistan\nKyrgyzstan\tTajikistan\nMongolia\tUzbekistan",
        "Kazakhstan\tKyrgyzstan\tMongolia\nPakistan\tTajikistan\tUzbekistan",
    ],
)
def test_names_in_columns_are_read_in_the_order_of_the_alphabet(rows: str) -> None:
    start, end = REAL.index("Kazakhstan"), REAL.index("Structure")
    said, findings = read(f"{REAL[:start]}{rows}\n\n{REAL[end:]}")
    assert (said, findings) == (SAID, [])


def test_a_name_in_another_language_gets_the_name_that_is_known() -> None:
    for name in ("Kazajistán", "Cazaquistão", "Kazachstán"):
        _, findings = read(REAL.replace("\nKazakhstan\n", f"\n{name}\n", 1))
        assert "nearest: Kazakhstan" in next(finding.message for finding in findings if finding.code == "country-unresolved")


def test_a_heading_that_is_not_known_is_told_once() -> None:
    for section, heading in (
        ("Partner Countries", "The countries we work with"),
        ("Regional Priorities", "Rgional Prrties"),
    ):
        said, findings = read(REAL.replace(section, heading, 1))
        assert [finding.code for finding in findings] == ["heading-unsure"]
        assert heading in findings[0].message and section in findings[0].message
        assert said == SAID


@pytest.mark.parametrize(
    ("written", "projects", "date"),
    [
        ("In March 2024, under Project\n81. It", [81], "2024-03"),
        ("In March 2024, under Projects 81 and\n87. It", [81, 87], "2024-03"),
        ("1. In March 2024, under Project 81, it", [81], "2024-03"),
        ("On 21. March 2024, under Project 81, it", [81], "2024-03-21"),
        ("21. March 2024: under Project 81, it", [81], "2024-03-21"),
    ],
)
def test_a_number_at_a_line_end_is_no_mark_of_a_list(written: str, projects: list[int], date: str) -> None:
    said, findings = read(REAL.replace("In March 2024 Project 87", written))
    achievement = said["achievements"][1]
    assert (len(said["achievements"]), achievement["projects"], achievement["date_start"]) == (5, projects, date)
    assert findings == []


def test_a_number_alone_that_ends_a_sentence_is_not_dropped() -> None:
    sentence = REAL[REAL.index("In March 2024 Project 87") :]
    sentence = sentence[: sentence.index("gatherings.") + len("gatherings.")]
    said, findings = read(REAL.replace(sentence, sentence.removesuffix(".") + " under Project\n81."))
    assert said["achievements"][1]["text"].endswith("under Project 81.") and said["achievements"][1]["projects"] == [87, 81]
    assert findings == []
    _, findings = read(REAL.replace(sentence, sentence.removesuffix(".") + " under Project\n\n81."))
    assert "line-unread" in [finding.code for finding in findings]


def test_the_head_can_follow_the_frame_with_the_countries() -> None:
    head, below = REAL.index("Tashkent, Uzbekistan"), REAL.index("Partner Countries")
    end = REAL.index("Structure")
    assert read(f"{REAL[:head]}{REAL[below:end]}{REAL[head:below]}{REAL[end:]}") == (SAID, [])


@pytest.mark.parametrize(
    ("section", "below", "key"),
    [("Regional Priorities", "Methodology", "priorities"), ("Methodology", "Recent Achievements", "methodology")],
)
def test_items_in_a_row_are_items_where_a_section_has_nothing_else(section: str, below: str, key: str) -> None:
    start, end = REAL.index(section) + len(section), REAL.index(below)
    texts = [item["text"] if isinstance(item, dict) else item for item in SAID[key]]
    row = "; ".join(texts[:-1]) + f";\nand {texts[-1]}."
    assert read(f"{REAL[:start]}\n\n{row}\n\n{REAL[end:]}") == (SAID, [])
    _, findings = read(f"{REAL[:start]}\n\n{row.replace(';', ',')}\n\n{REAL[end:]}")
    assert findings
