"""Contacts of people in a leaflet: what is published stays published, so a person decides about each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cbrn_data.findings import Finding
from cbrn_data.leaflet.reading import Reading
from cbrn_data.sources.document import Document
from cbrn_data.words.contacts import LEFT_OUT, contacts_in, without_contacts


def leave_out(document: Document, reading: Reading) -> str:
    """Return the text of a document without the contacts that its reading file leaves out."""
    lines = {number for entry in reading.of("leave-out") for number in entry.lines}
    texts = map(document.text_of, range(1, len(document.line_starts) + 1))
    return "".join(without_contacts(text) if number in lines else text for number, text in enumerate(texts, start=1))


def contacts_left_out(left_out: Iterable[str], place: str, reading: Reading) -> Iterator[Finding]:
    """Yield a finding where words of a document that are in no text (a footer) hold a contact: the document is published.

    Its line is 1, and so is that of the entry that decides about it.
    """
    found = [words for words in left_out if contacts_in(words)]
    if found and not reading.at(1, "keep", "leave-out"):
        message = f"words of the document that are in no line hold an e-mail address or a telephone number ({len(found)})"
        yield Finding("contact-data", message, place, 1)


def contacts(document: Document, reading: Reading) -> Iterator[Finding]:
    """Yield a finding for each line with a contact that no entry keeps."""
    if LEFT_OUT in document.text:
        reading.used.update(reading.of("leave-out"))
    for line in sorted({document.line(start) for start in contacts_in(document.text)}):
        if not reading.at(line, "keep"):
            message = "holds an e-mail address or a telephone number, and nobody has decided about it"
            yield Finding("contact-data", message, document.place, line)
