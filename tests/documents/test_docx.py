"""DOCX by its parts: what of a Word file is text, what is left out, and what is refused."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest

from cbrn_data.documents.docx import UNPACKED, read_docx
from cbrn_data.documents.text import ReadText, RefusedError, from_value

SPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
)


def packed(**parts: str) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(f"word/{name}.xml", body)
    return out.getvalue()


def docx(body: str, **parts: str) -> bytes:
    return packed(document=f"<w:document {SPACES}><w:body>{body}</w:body></w:document>", **parts)


def read(data: bytes) -> ReadText:
    return from_value(read_docx(BytesIO(data)))


def run(text: str, about: str = "") -> str:
    return f'<w:r><w:rPr>{about}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*runs: str) -> str:
    return f"<w:p>{''.join(runs)}</w:p>"


def cell(*texts: str) -> str:
    return f"<w:tc>{''.join(paragraph(run(text)) for text in texts)}</w:tc>"


def test_paragraphs_and_cells_are_blocks_in_order() -> None:
    table = f"<w:tbl><w:tr>{cell('Project 87')}{cell('Training', 'and more')}</w:tr></w:tbl>"
    body = paragraph(run("Iraq"), run(" and "), run("Jordan", "<w:b/>")) + table + paragraph(run("Last"))
    assert read(docx(body)).text == "Iraq and Jordan\n\nProject 87\n\nTraining\n\nand more\n\nLast\n"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (f"<w:del>{run('old')}</w:del><w:ins>{run('new')}</w:ins>", "new"),
        (run("seen") + run("hidden", "<w:vanish/>") + run("!", '<w:vanish w:val="0"/>'), "seen!"),
        ("<w:r><w:instrText>PAGE</w:instrText></w:r>" + run("words"), "words"),
        ("<w:r><w:t>non</w:t><w:noBreakHyphen/><w:t>state</w:t><w:softHyphen/><w:br/><w:t>x</w:t></w:r>", "non-state\nx"),
        (f"<w:sdt><w:sdtContent>{run('kept')}</w:sdtContent></w:sdt>", "kept"),
        (run("Projects", "<w:b/>") + run(" Since 2013, 27 projects"), "Projects\n\nSince 2013, 27 projects"),
        (run("Projects", "<w:b/>") + run(" and plans"), "Projects and plans"),
        (run("Kosovo") + run("1", '<w:vertAlign w:val="superscript"/>'), "Kosovo¹"),
        (run("Iraq") + "<w:r><w:tab/></w:r>" + run(" Jordan"), "Iraq\tJordan"),
        (run("21") + run("st", '<w:vertAlign w:val="superscript"/>') + run(" May"), "21st May"),
    ],
)
def test_what_of_a_paragraph_is_text(content: str, text: str) -> None:
    assert read(docx(paragraph(content))).text == f"{text}\n"


def test_a_text_box_follows_its_paragraph_once() -> None:
    box = f"<w:txbxContent>{paragraph(run('In the box'))}</w:txbxContent>"
    anchor = (
        f"<w:r><mc:AlternateContent><mc:Choice><w:drawing>{box}</w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    assert read(docx(paragraph(run("Before "), anchor, run("after")))).text == "Before after\n\nIn the box\n"


def test_notes_stand_at_the_end_and_headers_are_left_out_by_name() -> None:
    note = f'<w:footnotes {SPACES}><w:footnote w:id="2">{paragraph(run("As of June."))}</w:footnote></w:footnotes>'
    header = f"<w:hdr {SPACES}>{paragraph(run('EU CBRN CoE'))}</w:hdr>"
    body = paragraph(run("Six teams"), '<w:r><w:footnoteReference w:id="2"/></w:r>')
    found = read(docx(body, footnotes=note, header1=header))
    assert found.text == "Six teams²\n\n² As of June.\n"
    assert found.left_out == [{"text": "EU CBRN CoE", "rule": "header-footer"}]


def test_a_header_with_the_only_title_is_the_head() -> None:
    header = f"<w:hdr {SPACES}>{paragraph(run('Middle East Regional Secretariat'))}{paragraph(run('Amman, Jordan'))}</w:hdr>"
    footer = header.replace("Middle East Regional Secretariat", "EU CBRN CoE")
    found = read(docx(paragraph(run("Projects")), footer1=footer, header1=header))
    assert found.text == "Middle East Regional Secretariat\n\nAmman, Jordan\n\nProjects\n"
    assert [entry["text"] for entry in found.left_out] == ["EU CBRN CoE", "Amman, Jordan"]


def test_a_large_first_letter_goes_on_in_the_next_paragraph() -> None:
    frame = '<w:p><w:pPr><w:framePr w:dropCap="drop"/></w:pPr>'
    assert read(docx(f"{frame}{run('I')}</w:p>" + paragraph(run("n May 2024")))).text == "In May 2024\n"


def test_a_paragraph_whose_end_is_deleted_goes_on_in_the_next() -> None:
    first = paragraph(run("Six teams")).replace("<w:p>", "<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr>")
    assert read(docx(first + paragraph(run(" met.")) + paragraph(run("End")))).text == "Six teams met.\n\nEnd\n"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (docx(""), "document-without-text"),
        (b"PK\x03\x04 cut", "document-damaged"),
        (packed(other="<a/>"), "document-damaged"),
        (packed(document="<w:document"), "document-damaged"),
        (packed(document=f"<!DOCTYPE a [<!ENTITY b 'c'>]><w:document {SPACES}>&b;</w:document>"), "document-damaged"),
        (packed(document=" " * (UNPACKED + 1)), "document-too-large"),
    ],
)
def test_what_gives_no_text_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(RefusedError) as caught:
        read(data)
    assert caught.value.code == code
