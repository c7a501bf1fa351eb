"""The page of a review: of a good, a doubtful and a refused leaflet, in each form in which it comes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cbrn_data.findings import errors_of
from cbrn_data.review.leaflet import Review, review_file, verdict
from cbrn_data.review.page import review_page
from tests.cli.conftest import run
from tests.conftest import PROJECT
from tests.portal.conftest import Page
from tests.printed import Drawn, pdf, printed

LEAFLETS = PROJECT / "tests" / "leaflets"
TEXT = (LEAFLETS / "african-atlantic-facade-2026.txt").read_text(encoding="utf-8")
BLOCKS = TEXT.replace("**", "").replace("\n- ", "\n\n- ").split("\n\n")
HTML = "<!doctype html><nav>Menu</nav><main>" + "".join(f"<p>{block}</p>" for block in BLOCKS) + "</main>"
DOUBTFUL = TEXT.replace("- Benin\n", "- Benim\n").replace("- Togo\n", "- Togo\n- <b>Atlantis</b>\n")
GOOD = {"a.txt": TEXT.encode(), "a.pdf": printed(TEXT), "a.html": HTML.encode()}
PICTURE = pdf(Drawn().raw("q 500 0 0 700 50 50 cm /I Do Q"))


def review(tmp_path: Path, name: str, data: bytes) -> Review:
    (tmp_path / name).write_bytes(data)
    return review_file(tmp_path / name, data, LEAFLETS.parent / "none")


def page_of(made: Review) -> Page:
    """Return the page, which loads nothing, and of which each address within it leads somewhere."""
    data = review_page(made)
    page = Page(data)
    ids = [one.attributes["id"] for one in page.elements if "id" in one.attributes]
    assert sorted(ids) == sorted(set(ids))
    addresses = [one.attributes[name] for one in page.elements for name in ("href", "src") if name in one.attributes]
    assert [one[:60] for one in addresses if not one.startswith(("#", "data:image/png;base64,"))] == []
    assert [one for one in addresses if one.startswith("#") and one[1:] not in ids] == []
    assert b"url(" not in data and b"@import" not in data and page.named("script") == []
    return page


def text_of(page: Page) -> str:
    return " ".join(" ".join(part for one in page.elements for part in one.text).split())


@pytest.mark.parametrize("name", GOOD)
def test_a_good_leaflet_leads_from_each_value_to_its_words_and_back(tmp_path: Path, name: str) -> None:
    made = review(tmp_path, name, GOOD[name])
    assert made.findings == [] and verdict(made) == "No findings."
    page = page_of(made)
    said = text_of(page)
    assert "memberships 12" in said and "Morocco" in said and "priorities 5" in said
    targets = {one.attributes["href"] for one in page.named("a")}
    values = [one for one in page.elements if re.fullmatch(r"v\d+-\d+", one.attributes.get("id", ""))]
    assert len(values) > 50 and all(f"#{one.attributes['id']}" in targets for one in values)
    assert all(f"#w{one.attributes['id'][1:]}" in targets for one in values)
    assert len(page.named("image")) == (1 if name == "a.pdf" else 0)
    if name == "a.pdf":
        kinds = {one.attributes["class"] for one in page.elements if re.fullmatch(r"p\d+", one.attributes.get("id", ""))}
        assert kinds == {"used", "unused"}
    if name == "a.html":
        assert "Menu" in said and "navigation" in said


@pytest.mark.parametrize("name", ["a.txt", "a.pdf"])
def test_a_doubtful_leaflet_has_its_findings_on_top_with_the_entry_that_settles_each(tmp_path: Path, name: str) -> None:
    made = review(tmp_path, name, printed(DOUBTFUL) if name == "a.pdf" else DOUBTFUL.encode())
    assert len(errors_of(made.findings)) == 3 and "3 errors" in verdict(made)
    page = page_of(made)
    entries = ["".join(one.text) for one in page.named("pre")]
    assert [one.partition("\n")[0] for one in entries] == ["- do: country", "- do: country", "- do: accept"]
    assert all('reason: ""' in one for one in entries)
    order = [one.attributes.get("id") for one in page.elements if one.attributes.get("id") in {"findings", "values-title"}]
    assert order == ["findings", "values-title"]
    assert "<b>Atlantis</b>" in text_of(page) and "Atlantis" not in ["".join(one.text) for one in page.named("b")]
    if name == "a.pdf":
        assert [one for one in page.named("a") if one.attributes.get("class") == "doubtful"]


def test_a_refused_leaflet_shows_its_pages_and_why(tmp_path: Path) -> None:
    made = review(tmp_path, "scan.pdf", PICTURE)
    assert verdict(made) == "This file cannot be read as a leaflet."
    page = page_of(made)
    assert "document-without-text" in text_of(page) and len(page.named("image")) == 1
    assert "None." in text_of(page)


@pytest.mark.parametrize(
    ("name", "data"), [("a.pdf", b"%PDF-1.7\nnothing"), ("a.pdf", b"plain"), ("a.docx", b"PK\3\4"), ("a.txt", b"\xff\0")]
)
def test_what_is_no_leaflet_at_all_has_a_page_too(tmp_path: Path, name: str, data: bytes) -> None:
    made = review(tmp_path, name, data)
    assert errors_of(made.findings)
    page_of(made)


def test_the_edition_before_says_what_would_change(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    assert run("add", LEAFLETS / "african-atlantic-facade-2025.txt", "--root", tmp_path).code == 0
    (tmp_path / "b.txt").write_bytes(TEXT.encode())
    made = review_file(tmp_path / "b.txt", TEXT.encode(), raw)
    assert made.before and made.before.edition == "2025"
    said = {(one.what, one.old, one.new) for one in made.changes}
    assert any(old is None for _, old, _ in said) and any(new is None for _, _, new in said)
    page = page_of(made)
    assert len(page.named("del")) == sum(old is not None for _, old, _ in said) > 0
    again = review_file(tmp_path / "b.txt", TEXT.encode(), raw, edition="2025")
    assert again.before is None and again.changes == []


def test_the_command_says_where_the_page_is_and_what_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("good.txt").write_text(TEXT, encoding="utf-8")
    Path("bad.txt").write_text(DOUBTFUL, encoding="utf-8")
    done = run("review", "good.txt")
    assert done.code == 0 and Path("good.txt.review.html").read_bytes().startswith(b"<!doctype html>")
    done = run("review", "bad.txt", "--output", "page.html")
    assert done.code == 1 and "Atlantis" in done.err and "page.html" in done.out and Path("page.html").is_file()
    for wrong in ("good.txt", ".", "none/page.html"):
        done = run("review", "good.txt", "--output", wrong)
        assert done.code == 2 and wrong in done.err and Path("good.txt").read_text(encoding="utf-8") == TEXT
    assert run("review", "none.txt").code == 1
    for arguments in (["."], ["table.csv"], ["good.txt", "--edition", "next"]):
        done = run("review", *arguments)
        assert done.code == 2 and arguments[-1] in done.err


def test_adding_with_a_review_shows_what_is_refused_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "root" / "raw").mkdir(parents=True)
    Path("good.txt").write_text(TEXT, encoding="utf-8")
    Path("bad.txt").write_text(DOUBTFUL, encoding="utf-8")
    done = run("add", "--review", "bad.txt", "good.txt", "--root", "root")
    assert done.code == 1
    assert sorted(path.name for path in tmp_path.glob("*.html")) == ["bad.txt.review.html", "good.txt.review.html"]
    assert sorted(path.name for path in (tmp_path / "root/raw").glob("*.txt")) == ["african-atlantic-facade-2026.txt"]


def test_a_leaflet_with_a_day_that_no_calendar_has_is_shown(tmp_path: Path) -> None:
    made = review(tmp_path, "a.txt", f"{TEXT}\n- On 31 June 2024, twelve experts from Benin were trained.\n".encode())
    assert [finding.code for finding in errors_of(made.findings)] == ["date-impossible"]
    assert "achievements" in text_of(page_of(made))
