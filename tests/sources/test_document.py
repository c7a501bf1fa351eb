"""Bytes to text: what is refused, with its place, and how places become lines."""

import pytest

from cbrn_data.normalise.text import Span
from cbrn_data.sources.document import MAX_LINE, MAX_LINES, Document, oversize, read_document


@pytest.mark.parametrize(
    ("data", "code", "line", "words"),
    [
        (b"", "source-empty", None, "is empty"),
        ("\ufeff \u00a0\n\u2003".encode(), "source-empty", None, "white space"),
        ("héllo".encode("utf-16"), "source-encoding", 1, "UTF-16"),
        ("hello".encode("utf-16-be"), "source-encoding", 1, "UTF-16"),
        (b"a\nb\xff", "source-encoding", 2, "byte offset 3"),
        (b"a\n\xed\xa0\x80", "source-encoding", 2, "byte offset 2"),
        (b"a\nb\x00", "source-control-character", 2, "U+0000"),
        (b"\x1b[2J", "source-control-character", 1, "U+001B"),
        ("a\nb\uffff".encode(), "source-control-character", 2, "U+FFFF (noncharacter)"),
        (
            "a\n\nb\u202ec\u2066".encode(),
            "source-invisible-character",
            3,
            "(RIGHT-TO-LEFT OVERRIDE) at character 2; U+2066 (LEFT-TO-RIGHT ISOLATE) at character 4",
        ),
        ("a\u200bb".encode(), "source-invisible-character", 1, "ZERO WIDTH SPACE"),
        ("\ufeffa\ufeff".encode(), "source-invisible-character", 1, "at character 3"),
        ("a\u00adb".encode(), "source-invisible-character", 1, "SOFT HYPHEN"),
    ],
)
def test_refused_bytes_are_named_with_their_place(data: bytes, code: str, line: int | None, words: str) -> None:
    document, findings = read_document("raw/a.txt", data)
    assert document is None
    assert {(finding.code, finding.source, finding.line) for finding in findings} == {(code, "raw/a.txt", line)}
    assert words in findings[0].message


def test_every_place_of_a_refused_character_is_named_up_to_a_limit() -> None:
    _, findings = read_document("a.txt", ("a\u200bb\u200b\n\n" * 15).encode())
    assert [finding.line for finding in findings] == list(range(1, 21, 2))
    assert findings[0].message == "U+200B (ZERO WIDTH SPACE) at characters 2, 4"
    assert findings[-1].message == "U+200B (ZERO WIDTH SPACE) at characters 2, 4, and 10 more"


@pytest.mark.parametrize("text", ["a", "\ufeffa", "a\r\nb\rc\n", "a\t\f\u00a0\u202f\u2028b", "\U0001f600"])
def test_other_text_is_kept_as_it_is(text: str) -> None:
    document, findings = read_document("a", text.encode())
    assert document is not None and document.text == text and not findings


def test_places_have_lines_and_pages() -> None:
    document = Document("a", "ab\r\ncd\re\n\n\fg")
    assert [document.line(place) for place in range(len(document.text))] == [1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 5]
    assert document.lines(Span(1, 5)) == (1, 2)
    assert document.quote(Span(4, 6)) == "cd"
    assert [document.page(0), document.page(11)] == [1, 2]


def test_a_leaflet_is_a_page_or_two() -> None:
    assert oversize(Document("a", "a" * (MAX_LINE - 1) + "\n" + "\n" * (MAX_LINES - 1))) == []
    (finding,) = oversize(Document("a", "b\n" + "a" * (MAX_LINE + 1)))
    assert (finding.code, finding.line, len(finding.message) < 160) == ("source-line-too-long", 2, True)
    (finding,) = oversize(Document("a", "\n" * MAX_LINES + "a"))
    assert finding.code == "source-too-large"


def test_a_leaflet_may_have_soft_hyphens_and_no_other_source() -> None:
    data = "Border Con\u00adtrol".encode()
    assert read_document("a.txt", data, "leaflet")[1] == []
    assert [finding.code for finding in read_document("a.csv", data)[1]] == ["source-invisible-character"]
