"""Texts made to make a reader slow or large: every reader takes linear time, and a leaflet's bounds keep memory small.

Four times the text may take eight times the processor's time and a bit; the clock on the wall only ends what never ends.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cbrn_data.leaflet.read import read_leaflet
from cbrn_data.normalise import countries, counts, dates, grammar, inexact, numbers, people, project_counts, projects, text
from cbrn_data.sources.cells import read_cells
from cbrn_data.sources.document import MAX_LINES, read_document
from cbrn_data.sources.source import MAX_BYTES

LEAFLET = (Path(__file__).parent.parent / "leaflets" / "central-asia-2025.txt").read_text(encoding="utf-8")
WORDS: dict[str, Callable[[str], Any]] = {
    "dates": dates.read_dates,
    "people": people.people,
    "qualifier": inexact.read_qualifier,
    "countries counted": counts.countries_counted,
    "statement": counts.statement,
    "projects counted": project_counts.project_counts,
    "parts": lambda words: grammar.parts.__wrapped__(words),
    "numbers": lambda words: list(numbers.numbers(words)),
    "references": projects.references,
    "label": projects.label,
    "project number": projects.read_project_number,
    "countries": countries.countries_in,
    "country": countries.country_id,
    "footnote mark": countries.without_mark,
    "nearest": countries.nearest,
    "clean": text.clean,
    "slug": text.slug,
    "region": text.region_name,
}
UNITS = """
[ ( ) ]( [a]( [a](b [a](b) ** *a 1, 1. 1- 1/ 0 9 1,000 1_and_ 1_or_ 100_ one_ one- hundred_ a_hundred_
one_hundred_and_ half_a_ between_ between_1_and_ 1_experts,_ experts_and_ 5_a_b_c_d_e_f_ January_ January_1_
1_May_2024_and_ in_2024_ Since_2013_ 2024- on_1_May_2024,_ 1_May_2024._A from_mid_early_ the_ a_ a- aB é ’
Project_1,_1,_1 Project_1_and_ P1, P1_ Congo_ Kenya-Uganda- Democratic_Republic_of_the_ Republic_of_ ,_ †
*†
""".split()
LINES = """A;_A Kenya Korea Kenya,_ 1 a a,_b -_a 1._a *a a* †_a Project_1 Projects Project_1:_a goal: Established:
Funded_by_x x_regional_secretariat regional_secretariat_for and_implemented_by ** (a a. [a""".split()
SECTIONS = ("Partner Countries", "Projects", "Tashkent, Uzbekistan")


def read(words: str) -> list[str]:
    """Read a leaflet and return the codes of its findings."""
    document, findings = read_document("a.txt", words.encode())
    return [finding.code for finding in (read_leaflet(document)[1] if document else findings)]


def read_csv(words: str) -> None:
    document, _ = read_document("a.csv", words.encode())
    assert document is not None
    read_cells(document)


def repeat(unit: str, size: int) -> str:
    unit = unit.replace("_", " ")
    return (unit * (size // len(unit) + 1))[:size]


def within_each(words: str) -> str:
    """Put words into every one of ``SECTIONS``."""
    text = LEAFLET
    for section in SECTIONS:
        text = text.replace(f"{section}\n", f"{section}\n\n{words}\n\n", 1)
    return text


def seconds(reader: Callable[[str], Any], words: str) -> float:
    """Return the processor time that reading takes."""
    start = time.process_time()
    reader(words)
    return time.process_time() - start


def assert_linear(reader: Callable[[str], Any], unit: str, size: int, more: float = 0.5) -> None:
    """Fail unless four times the words take less than eight times the time and so many seconds ``more``."""
    for _ in range(5):  # another process may slow one measurement, not each of them
        much = seconds(reader, repeat(unit, 4 * size))
        if much < more:  # then it holds, however little the fewer words take
            return
        little = seconds(reader, repeat(unit, size))
        if much < 8 * little + more:
            return
    raise AssertionError(f"{unit!r}: {little:.2f} s became {much:.2f} s")


def sweep_words() -> None:
    for reader in WORDS.values():
        reader(" ".join(UNITS))  # patterns are compiled once
        for unit in UNITS:
            assert_linear(reader, unit, 600, more=0.125)  # what grows by the square takes a quarter of it
    for unit in (",", '"",', 'a,"', "a,b_", '"a_'):
        assert_linear(lambda words: read_csv(words.replace(" ", "\n")), unit, 10_000)


def sweep_leaflets() -> None:
    read(LEAFLET)  # tables are read and patterns compiled once
    for line in LINES:
        assert_linear(lambda words: read(within_each(words.replace("§", "\n"))), f"{line}§", 400, more=0.125)
    for unit in UNITS[::6]:
        assert_linear(lambda words: read(LEAFLET + f"\n\n{words}"), unit, 2_000, more=0.125)


def sweep_large() -> None:
    size = 400 << 20
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))
    limit = MAX_BYTES["leaflet"]
    assert read("a" * (5 << 20)) == ["source-line-too-long"]
    assert read(LEAFLET.replace("Methodology", "a" * (5 << 20))) == ["source-line-too-long"]
    assert read("\n" * limit + "a") == read("a\n" * (MAX_LINES + 1)) == ["source-too-large"]
    assert set(read("\u200b" * (limit // 3))) == {"source-invisible-character"}
    assert set(read("\x01" * limit)) == {"source-control-character"}
    long_lines = ("In 2024 12 experts met in Kenya under Project 87 " * 20 + "\n") * (limit // 1000)
    assert read(long_lines[:limit]).count("section-missing") == 1


@pytest.mark.parametrize("sweep", ["sweep_words", "sweep_leaflets", "sweep_large"])
def test_hostile_texts_take_linear_time_and_little_memory(sweep: str) -> None:
    subprocess.run([sys.executable, __file__, sweep], check=True, timeout=900)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
