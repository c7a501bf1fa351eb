"""``verify --rebuild`` of texts that were read from documents: read again, and compared, where the same reader is here.

A release is never rebuilt from documents: their text is a source of its own. This says whether that text is what the
recorded library, in its recorded version and with the recorded version of the rules, reads from the document.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cbrn_data.documents.received import read_again
from cbrn_data.errors import CbrnDataError
from cbrn_data.sources.source import Source, read_source
from cbrn_data.store import disk
from cbrn_data.verify.results import FAILED, NOT_CHECKED, PASSED, Result

CHECK = "documents"


def reread(release: Path) -> Iterator[Result]:
    """Yield a result for each leaflet of a release whose text was read from a document."""
    folder = release / "sources"
    names = [name for name, _ in disk.walk(folder) if name.endswith(".yaml")] if folder.is_dir() else []
    sources = [source for name in sorted(names) if (source := read_source(folder, name.removesuffix(".yaml"))[0])]
    documents = {source.source_id: source for source in sources if source.kind == "document"}
    for text in sources:
        document = documents.get(str(text.about.get("text_of")))
        if document is not None:
            yield Result(release.name, CHECK, *_judged(text, document))


def _judged(text: Source, document: Source) -> tuple[str, str]:
    recorded = str(text.about.get("read_with"))
    try:
        read = read_again(document.data)
    except CbrnDataError as error:
        return NOT_CHECKED, f"{text.name}: {error.findings[0].message if error.findings else error}"
    if read.read_with != recorded:
        return NOT_CHECKED, f"{text.name}: was read with {recorded}, and {read.read_with} is here"
    same = read.text.encode() == text.data
    return (
        (PASSED, f"{text.name} is what its document says")
        if same
        else (FAILED, f"{text.name} is not what its document says")
    )
