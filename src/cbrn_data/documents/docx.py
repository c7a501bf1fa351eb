"""A DOCX (Office Open XML, ISO/IEC 29500) to text: each paragraph, list item and table cell is a separate block.

The text includes inserted and moved text in its present form, content controls, hyperlinks, and text boxes after the
paragraph that anchors them; notes are at the end, each with its mark. Rules leave out deleted and hidden text, field
instructions, fallbacks of drawings, and page headers and footers (``header-footer``), except a header with the only title.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import takewhile
from xml.etree import ElementTree

from cbrn_data.documents.blocks import blocks_of
from cbrn_data.documents.marks import RAISED
from cbrn_data.documents.text import ReadText, RefusedError, value_of, written
from cbrn_data.leaflet.head import is_title
from cbrn_data.leaflet.headings import heads

UNPACKED = 32 << 20
"""The most bytes of one unpacked part of the file; the text of a leaflet needs thousands."""

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_SKIPPED = {f"{_W}{name}" for name in "del moveFrom instrText delText delInstrText rPr pPr sectPr tblPr tcPr trPr".split()}
_SKIPPED.add(_FALLBACK)
_NO_NOTES = {"separator", "continuationSeparator", "continuationNotice"}


@value_of
def read_docx(data: bytes) -> ReadText:
    """Return the text of a DOCX."""
    broken = (zipfile.BadZipFile, KeyError, ElementTree.ParseError, EOFError, NotImplementedError, OSError, ValueError)
    try:
        return _read(data)
    except broken as error:
        reason = f"cannot be read as DOCX: {str(error)[:80] or type(error).__name__}"
        raise RefusedError("document-damaged", reason) from error


def _read(data: bytes) -> ReadText:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        names = archive.namelist()
        body = _part(archive, "word/document.xml")
        notes = [part for part in ("word/footnotes.xml", "word/endnotes.xml") if part in names]
        said = [*_paragraphs(body), *(text for part in notes for text in _notes(_part(archive, part)))]
        margins = {
            name: [text for text in _paragraphs(_part(archive, name)) if text.strip()]
            for name in sorted(names)
            if name.startswith(("word/header", "word/footer")) and name.endswith(".xml")
        }
    if not any(map(is_title, said)):
        head = next((name for name, texts in margins.items() if any(map(is_title, texts))), "")
        said = [*margins.pop(head, []), *said]
    left_out = [{"text": " ".join(text.split()), "rule": "header-footer"} for texts in margins.values() for text in texts]
    blocks, more = blocks_of(said)
    if not blocks:
        pictures = any(name.startswith("word/media/") for name in names)
        message = "contains pictures but no text; it may be a scan" if pictures else "holds no text"
        raise RefusedError("document-without-text", message)
    return written(blocks, "cbrn_data docx", [*left_out, *more])


def _part(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    """Return a part as a tree; a part that is too large when unpacked, or has its own definitions, is refused."""
    with archive.open(name) as stream:
        data = stream.read(UNPACKED + 1)
    if len(data) > UNPACKED:
        raise RefusedError("document-too-large", f"has a part ({name}) of more than {UNPACKED >> 20} MiB when unpacked")
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise RefusedError(
            "document-damaged", f"has a part ({name}) with entity definitions, which no word processor writes"
        )
    return ElementTree.fromstring(data)  # noqa: S314 - bounded, and without definitions


def _paragraphs(root: ElementTree.Element) -> Iterator[str]:
    """Yield the text of every paragraph below ``root`` in order, each followed by its text boxes."""
    stack = [root]
    words: list[str] = []
    while stack:
        element = stack.pop()
        if element.tag in _SKIPPED:
            continue
        if element.tag == f"{_W}p":
            boxes: list[ElementTree.Element] = []
            words = [*words, *_parted(element, "".join(_words(element, boxes)))]
            if element.find(f"{_W}pPr/{_W}rPr/{_W}del") is None and not _is_initial(element):  # otherwise it goes on
                yield "".join(words)
                words = []
            stack += reversed(boxes)
        else:
            stack += reversed(element)
    yield "".join(words)


def _parted(paragraph: ElementTree.Element, text: str) -> tuple[str, ...]:
    """Return the text of a paragraph, with a blank line after a heading in bold letters that only these part from it."""
    runs = takewhile(lambda run: _is_on(run.find(f"{_W}rPr/{_W}b")), paragraph.iter(f"{_W}r"))
    heading = "".join(word for run in runs for word in _words(run, [])).strip()
    after = text.lstrip().removeprefix(heading).lstrip()
    is_first = bool(heading) and text.lstrip().startswith(heading)
    return (heading, "\n\n", after) if is_first and heads(heading, after) else (text,)


def _words(paragraph: ElementTree.Element, boxes: list[ElementTree.Element]) -> Iterator[str]:
    stack: list[ElementTree.Element] = list(reversed(paragraph))
    while stack:
        element = stack.pop()
        if element.tag in _SKIPPED or (element.tag == f"{_W}r" and _is_on(element.find(f"{_W}rPr/{_W}vanish"))):
            continue
        if element.tag == f"{_W}txbxContent":
            boxes.append(element)
        elif element.tag == f"{_W}r" and _is_raised(element):
            text = "".join(_words_of(part) for part in element)
            yield "".join(RAISED.get(char, char) for char in text) if text.strip().isdigit() else text
            stack += [part for part in reversed(element) if len(part)]
        elif text := _words_of(element):
            yield text
        else:
            stack += reversed(element)


def _words_of(element: ElementTree.Element) -> str:
    name = element.tag.removeprefix(_W)
    if name == "t":
        return element.text or ""
    if name in ("footnoteReference", "endnoteReference"):
        return _mark(element)
    if name == "sym":
        code = int(element.get(f"{_W}char", "0"), 16)
        return "•" if 0xF000 <= code <= 0xF0FF else chr(code)
    return {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}.get(name, "")


def _is_initial(paragraph: ElementTree.Element) -> bool:
    """Return whether a paragraph is the large first letter of the next one."""
    frame = paragraph.find(f"{_W}pPr/{_W}framePr")
    return frame is not None and frame.get(f"{_W}dropCap", "none") != "none"


def _is_raised(run: ElementTree.Element) -> bool:
    raised = run.find(f"{_W}rPr/{_W}vertAlign")
    return raised is not None and raised.get(f"{_W}val") == "superscript"


def _is_on(switch: ElementTree.Element | None) -> bool:
    return switch is not None and switch.get(f"{_W}val", "true") not in ("0", "false", "off")


def _mark(reference: ElementTree.Element) -> str:
    return "".join(RAISED[char] for char in reference.get(f"{_W}id", "") if char in RAISED)


def _notes(root: ElementTree.Element) -> Iterator[str]:
    notes: Sequence[ElementTree.Element] = [*root.iter(f"{_W}footnote"), *root.iter(f"{_W}endnote")]
    for note in notes:
        if note.get(f"{_W}type") not in _NO_NOTES:
            yield f"{_mark(note)} {' '.join(' '.join(_paragraphs(note)).split())}"
