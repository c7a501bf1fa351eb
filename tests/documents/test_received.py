"""What a received file is by its bytes, and what is kept of one that is refused."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from cbrn_data.documents.received import is_document, keep, kind_of, read_received
from cbrn_data.documents.text import RefusedError
from cbrn_data.errors import SourceError


def packed(name: str) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, "x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "code", "words"),
    [
        ("a.pdf", b"plain words", "document-mislabelled", r"is a text by its bytes: name it \*\.txt"),
        ("a.pdf", packed("word/document.xml"), "document-mislabelled", r"name it \*\.docx"),
        ("a.docx", b"%PDF-1.7", "document-mislabelled", r"name it \*\.pdf"),
        ("a.docx", packed("content.xml"), "document-mislabelled", "an OpenDocument file"),
        ("a.docx", b"{\\rtf1", "document-mislabelled", "save it as PDF or DOCX"),
        ("a.html", b"\x89PNG\r\n", "document-mislabelled", "a picture"),
        ("a.docx", b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "document-locked", "password"),
        ("a.docx", b"\xd0\xcf\x11\xe0", "document-mislabelled", "an old Word or Excel file"),
    ],
)
def test_a_name_that_says_another_format_is_refused(name: str, data: bytes, code: str, words: str) -> None:
    with pytest.raises(RefusedError, match=words) as caught:
        kind_of(name, data)
    assert caught.value.code == code


def test_documents_are_known_by_their_bytes() -> None:
    assert kind_of("a.HTM", b"words without any mark") == "HTML"
    assert kind_of("a.docx", packed("word/document.xml")) == "DOCX"
    assert [is_document(data) for data in (b"\n<!DOCTYPE html>", b"%PDF-1", b"Central Asia")] == ["HTML", "PDF", ""]


def test_the_text_of_a_refused_file_is_kept_beside_it_and_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    first = keep(path, "words\n")
    assert first.name == "a.pdf.read.txt" and keep(path, "words\n") == first
    first.write_text("mended\n")
    assert keep(path, "words\n").name == "a.pdf.read-2.txt"
    assert first.read_text() == "mended\n"


def test_the_message_of_a_refused_file_names_what_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    with pytest.raises(SourceError) as caught:
        read_received(str(path), b"<div id=app></div>")
    (finding,) = caught.value.findings
    assert (finding.code, finding.source) == ("document-without-text", str(path))
    assert list(tmp_path.iterdir()) == []
