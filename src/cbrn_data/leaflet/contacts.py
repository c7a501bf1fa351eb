"""Contacts of people in a leaflet: releases are permanent, so a person must decide about each contact first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cbrn_data.findings import Finding
from cbrn_data.leaflet.reading import Reading
from cbrn_data.leaflet.statements import Leaflet
from cbrn_data.normalise.contacts import LEFT_OUT, contacts_in, without_contacts
from cbrn_data.sources.document import Document


def leave_out(document: Document, reading: Reading) -> str:
    """Return the text of a document without the contacts that its reading file leaves out."""
    lines = {number for entry in reading.of("leave-out") for number in entry.lines}
    texts = map(document.text_of, range(1, len(document.line_starts) + 1))
    return "".join(without_contacts(text) if number in lines else text for number, text in enumerate(texts, start=1))


def contacts_left_out(left_out: Iterable[str], place: str, reading: Reading) -> Iterator[Finding]:
    """Yield a finding if words outside the read text (a footer) contain a contact, because the document is published too.

    The finding, and the entry that decides about it, are on line 1.
    """
    found = [words for words in left_out if contacts_in(words)]
    if found and not reading.at(1, "keep", "leave-out"):
        message = f"text of the document outside its lines contains an e-mail address or a telephone number ({len(found)})"
        yield Finding("contact-data", message, place, 1)


def contacts(leaflet: Leaflet) -> Iterator[Finding]:
    """Yield a finding for each line with a contact, unless an entry keeps it."""
    document, reading = leaflet.document, leaflet.reading
    if LEFT_OUT in document.text:
        reading.used.update(reading.of("leave-out"))
    for line in sorted({document.line(start) for start in contacts_in(document.text)}):
        if not reading.at(line, "keep"):
            message = "contains an e-mail address or a telephone number; no entry decides about it"
            yield leaflet.finding("contact-data", message, line)
