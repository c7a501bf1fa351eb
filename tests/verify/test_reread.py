"""Texts of documents read again: the same, another one, another reader."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from cbrn_data.intake.add import add_file
from cbrn_data.intake.write import About
from cbrn_data.settings import Settings
from cbrn_data.sources.source import digest
from cbrn_data.verify.rebuild import rebuild_texts

LINES = """Middle East Regional Secretariat|Amman, Jordan|OVERALL GOAL: Mitigate CBRN risks|ESTABLISHED: 25 June 2013
Funded by the European Union and implemented in partnership with UNICRI|Partner Countries|Iraq|Jordan|Projects
Since 2013, the region took part in 15 projects, of which 1 is on-going in 2026:|Project 97|Training|Regional Priorities
Waste Management|Methodology|2 partner countries have appointed their Focal Point|Recent Achievements
In February 2026, Project 97 trained twelve experts in Amman.""".replace("\n", "|").split("|")


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A folder whose sources are a leaflet from a page, as a release has them."""
    page = tmp_path / "leaflet.html"
    page.write_text("<!doctype html>" + "".join(f"<p>{line}</p>" for line in LINES))
    add_file(page, Settings(tmp_path / "1.0.0", tmp_path), About(today="2026-11-22"))
    (tmp_path / "1.0.0" / "raw").rename(tmp_path / "1.0.0" / "sources")
    return tmp_path / "1.0.0"


def said(release: Path) -> list[tuple[str, str]]:
    return [(result.result, result.detail) for result in rebuild_texts(release)]


def test_a_text_is_what_its_document_says(release: Path) -> None:
    assert said(release) == [("passed", "middle-east-2026.txt is the text of its document")]


def test_a_table_is_what_its_received_file_says(project: Path) -> None:
    received = project / "joined.csv"
    received.write_text("region_id;country_id;joined;url;certainty\ncentral-asia;MNG;2018;https://data.example/m;medium\n")
    add_file(received, Settings(project, project), About(today="2026-11-22", table="memberships"))
    (project / "raw").rename(project / "sources")
    assert said(project) == [("passed", "joined.csv is the text of its document")]


def test_another_text_is_told_and_another_reader_is_not_judged(release: Path) -> None:
    text, sidecar = (release / "sources" / f"middle-east-2026.txt{end}" for end in ("", ".yaml"))
    before = text.read_bytes()
    text.write_bytes(before.replace(b"twelve", b"eleven"))
    about = sidecar.read_text()
    sidecar.write_text(about.replace(digest(before), digest(text.read_bytes())))
    assert said(release) == [("failed", "middle-east-2026.txt is not the text of its document")]
    sidecar.write_text(sidecar.read_text().replace("layout 1", "layout 0"))
    reader = f"selectolax {version('selectolax')}"
    assert said(release) == [
        ("not checked", f"middle-east-2026.txt: was read with {reader}, layout 0, but {reader}, layout 1 is installed")
    ]


def test_a_release_without_documents_says_nothing(tmp_path: Path) -> None:
    assert said(tmp_path) == []
