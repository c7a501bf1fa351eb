"""Web pages: which elements are blocks, which are left out by a rule, and how a page is decoded."""

from __future__ import annotations

from io import BytesIO

import pytest

from cbrn_data.documents.html import read_html
from cbrn_data.documents.text import ReadText, RefusedError, from_value


def read(page: str | bytes) -> ReadText:
    return from_value(read_html(BytesIO(page if isinstance(page, bytes) else page.encode())))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<h2>Projects</h2><p>Since\n 2013 <b>18</b> projects</p>", "Projects\n\nSince 2013 18 projects\n"),
        ("<p><b>Projects</b> Since 2013, 27 projects</p>", "Projects\n\nSince 2013, 27 projects\n"),
        ("<p><b>Projects</b> 2023–2024</p>", "Projects 2023–2024\n"),
        ("<ul><li>Iraq<li>Jordan</ul>", "Iraq\n\nJordan\n"),
        ("<table><tr><td>Project 87<td>Training</table>", "Project 87\n\nTraining\n"),
        ("<p>Kosovo<sup>1</sup> and 21<sup>st</sup></p>", "Kosovo¹ and 21st\n"),
        ("<div>Waste<br>Management</div>", "Waste\nManagement\n"),
        ("<div><span class=n>6</span><span class=t>countries</span></div>", "6 countries\n"),
        ("<div><span>Iraq</span><span>Jordan</span></div>", "Iraq\nJordan\n"),
        (
            "<p><span>Project 87: S</span><span>afety of C</span><span>BRN plants</span></p>",
            "Project 87: Safety of CBRN plants\n",
        ),
        ("<p><span>Since 2</span><span>013, 27 projects</span></p>", "Since 2013, 27 projects\n"),
        ("<p>6</p><p>countries have teams</p>", "6\ncountries have teams\n"),
        ("<nav>Home</nav><main><p>In</p></main><footer>Legal notice</footer>", "In\n"),
        ("<main><p>In</p><div title=footer><p>CBRN CoE - 1</p></div></main>", "In\n"),
        ("<ul><li><a href=/>Home</a></ul><h1>Title</h1><ul><li><a href=/>Iraq</a></ul>", "Title\n\nIraq\n"),
        ("<h3><button>Projects</button></h3><p>In</p><button>Send</button>", "Projects\n\nIn\n"),
        ("<p>Projects<p>In<h1>Asia Regional Secretariat</h1>End", "Asia Regional Secretariat\n\nEnd\n\nProjects\n\nIn\n"),
        ("<h1>Title</h1><aside class=widget-area><h2>Recent posts</h2></aside>", "Title\n"),
        ("<header><h1>Title</h1></header><main><p>In</p></main>", "Title\n\nIn\n"),
        ("<div>Site<div><h1>Title</h1></div></div><main><p>In</p></main>", "Title\n\nIn\n"),
        ("<div><a href=/>Home</a> <a href=/n>News</a></div><h1><a href=/>Title</a></h1>In", "Title\n\nIn\n"),
        ("<td>Border control<br> <br>Waste<br>Management</td>", "Border control\n\nWaste\nManagement\n"),
        ("<p>\u200bPartner\u200b Countries\ufeff</p>", "Partner Countries\n"),
    ],
)
def test_blocks_of_a_page(body: str, text: str) -> None:
    assert read(f"<!doctype html><body>{body}").text == text


def test_what_is_around_the_main_part_is_left_out_and_known() -> None:
    page = """<!-- note --><div><div>Ask a@b.example<script>x()</script></div>
    <header>Site</header><main><p>In</p></main>end</div><nav>Home</nav><footer>Legal notice</footer>"""
    assert [(one["text"], one["rule"]) for one in read(page).left_out] == [
        ("Ask a@b.example", "outside-main"),
        ("Site", "outside-main"),
        ("end", "outside-main"),
        ("Home", "navigation"),
        ("Legal notice", "footer"),
    ]


def test_elements_around_the_main_part_may_not_nest_without_end() -> None:
    with pytest.raises(RefusedError, match="elements nested more than"):
        read("<div>" * 500 + "<main><p>In</p></main>")


def test_what_is_left_out_is_listed_with_its_rule() -> None:
    found = read(
        "<style>.gone{color:red; display:none}</style><body><nav>Home</nav><p hidden>Secret</p><p class=gone>Gone</p>"
        "<p style='display: none'>No</p><div id=cookie-banner>We use cookies</div><form>Find</form><p>Words</p>"
        "<figure><figcaption>A picture</figcaption></figure><p>Page 1 of 2</p>"
        "<p>www.example.org</p><a href=/>Read more »</a><script>x()</script>"
    )
    assert found.text == "Words\n"
    assert [entry["rule"] for entry in found.left_out] == [
        *(
            "navigation",
            "hidden",
            "hidden",
            "hidden",
            "page-furniture",
            "form",
            "caption",
            "page-number",
            "address",
            "more-link",
        )
    ]


def test_a_page_says_its_encoding_or_is_utf_8() -> None:
    assert read("<p>Côte d’Ivoire".encode()).text == "Côte d’Ivoire\n"
    assert read("<meta charset=windows-1252><p>Côte d’Ivoire".encode("cp1252")).text == "Côte d’Ivoire\n"
    with pytest.raises(RefusedError, match="encoding"):
        read("<p>Côte".encode("cp1252"))


@pytest.mark.parametrize(
    ("page", "code"),
    [("<div id=app></div>", "document-without-text"), ("<div>" * 3000 + "deep", "document-damaged")],
)
def test_what_gives_no_text_is_refused(page: str, code: str) -> None:
    with pytest.raises(RefusedError) as caught:
        read(page)
    assert caught.value.code == code
