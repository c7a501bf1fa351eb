"""Read sidecars: ``<file>.yaml``, in strict YAML, describes a file under ``raw/``."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from cbrn_data.findings import Finding
from cbrn_data.shape import Place, match, must, one_of, read_shape
from cbrn_data.sources.addresses import foreign_fault
from cbrn_data.sources.document import refused_character

SIDECAR_LIMIT = 1 << 16
"""The most bytes of a sidecar."""

EDITION = r"[12][0-9]{3}"
"""The pattern of the year of a leaflet."""

_CSV, _TEXT, _DOCUMENTS = (".csv",), (".txt",), (".pdf", ".docx", ".txt", ".json", ".png", ".csv", ".tsv", ".xlsx")
KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "leaflet": (_TEXT, ("region", "edition")),
    "page": (_TEXT, ("region",)),
    "document": (_DOCUMENTS, ()),
    "curated": (_CSV, ("table",)),
    "bulk": (_CSV, ("table",)),
    "records": (_CSV, ("table",)),
    "corrections": (_CSV, ()),
    "renames": (_CSV, ()),
    "regions": (_CSV, ()),
    "reading": ((".yaml",), ()),
}
"""Kind of source -> extensions of its files, and required keys; ``records`` is the old name of ``bulk``."""


def _is_day(text: str) -> bool:
    try:
        return "1000" <= text < "3000" and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _line(limit: int) -> Any:
    return match(rf"[^\n]{{1,{limit}}}", f"be one line of at most {limit} characters")


_Id = Annotated[str, match(r"[a-z0-9]+(?:-[a-z0-9]+)*", "be small letters and digits, with hyphens between")]


class Sidecar(BaseModel, extra="forbid"):
    """``table`` is the table of a curated or bulk file.

    ``text_of`` and ``read_with`` belong to the text of a leaflet that was read from a document, and to the CSV of a table
    that was received in another form; ``sheet`` is then the sheet of the workbook. ``region_printed`` is the
    name of the region in the leaflet, if the id cannot be derived from it. ``region_is: new`` marks a region that is in no
    list or release. ``retrieved_on`` of a page is the day on which it was read.
    """

    id: _Id
    kind: Annotated[str, one_of(KINDS)]
    table: Annotated[str, match("[a-z][a-z_]*", "be the name of a table")] | None = None
    text_of: _Id | None = None
    read_with: Annotated[str, _line(100)] | None = None
    sheet: Annotated[str, _line(100)] | None = None
    title: Annotated[str, _line(300)]
    publisher: Annotated[str, _line(300)]
    region: _Id | None = None
    region_printed: Annotated[str, _line(120)] | None = None
    region_is: Literal["new"] | None = None
    edition: Annotated[str, match(EDITION, "be a year")] | None = None
    url: Annotated[str, match(r"https?://[^\s<>\"\\]{1,2000}", "be an address, http or https")] | None = None
    retrieved_on: Annotated[str, must("be a day of the calendar, such as 2026-11-22", _is_day)]
    licence: Annotated[str, match("[A-Za-z0-9.+-]{1,60}", "be the code of a licence, such as CC-BY-4.0")] | None = None
    note: Annotated[str, _line(600)] | None = None
    sha256: Annotated[str, match("[0-9a-f]{64}", "be 64 hexadecimal digits")]
    bytes: Annotated[str, Field(coerce_numbers_to_str=True), match("[0-9]{1,15}", "be a whole number")]
    on_error: Literal["reject", "quarantine"] | None = None


def sidecar_findings(name: str, text: str) -> tuple[dict[str, Any] | None, list[Finding]]:
    """Return the content of the sidecar of the file ``name``, or None, and its findings."""
    place = f"raw/{name}.yaml"
    numbered = reversed([*enumerate(text.splitlines(), start=1)])
    lines: dict[Place, int] = {(line.partition(":")[0],): number for number, line in numbered}
    sidecar, faults = read_shape(Sidecar, text, lines, refused_character)
    if sidecar:
        endings, needed = KINDS[sidecar.kind]
        wrong = [f"needs the key {key!r}" for key in needed if not getattr(sidecar, key)]
        wrong += [f"is a {' or '.join(endings)} file"] if Path(name).suffix not in endings else []
        faults = [(f"a source of kind {sidecar.kind} {message}", lines["kind",]) for message in wrong]
    findings = [Finding("sidecar-invalid", message, place, line) for message, line in faults]
    if sidecar and not findings and (foreign := foreign_fault("url", sidecar.url)):
        findings.append(Finding("curated-address", foreign, place, lines["url",]))
    return (None if findings or not sidecar else sidecar.model_dump(exclude_unset=True)), findings
