"""The formats and compressions of tables, as properties of resources, media types and suffixes name them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cbrn_data.findings import shown
from cbrn_data.tabular.places import UnsupportedResource

FORMS = ("csv", "tsv", "json", "jsonl", "xlsx", "parquet")
PACKED = "packed"
"""The form of a compressed file whose name does not show its format, which then depends on its content."""
_ALIASES = {"ndjson": "jsonl", "geojson": "json", "xlsm": "xlsx", "pq": "parquet", "txt": "csv", "tab": "tsv"}
_MEDIA_TYPES = {
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "text/comma-separated-values": "csv",
    "text/x-csv": "csv",
    "application/csv": "csv",
    "application/json": "json",
    "application/x-ndjson": "jsonl",
    "application/jsonl": "jsonl",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.apache.parquet": "parquet",
    "application/x-parquet": "parquet",
}
COMPRESSIONS = {"gz": "gz", "gzip": "gz", "zip": "zip"}
NONE = "no"
"""The compression of a file that is not compressed, whatever its suffix says."""


def form_of_entry(entry: Mapping[str, Any], paths: tuple[Path, ...]) -> tuple[str, str]:
    """Return the format, from the properties of an entry or the suffixes of its first file, and the named compression.

    The compression is "" if it is not named: then the suffix of each file says it.
    """
    suffixes = [suffix[1:].lower() for suffix in paths[0].suffixes[-2:]] if paths else []
    named = entry.get("compression")
    compression = NONE if named in (NONE, "none") else COMPRESSIONS.get(str(named).lower(), "") if named else ""
    if named and not compression:
        raise UnsupportedResource(f"the compression {shown(str(named), 40)!r} is not supported; use gz or zip")
    is_packed = compression not in ("", NONE)
    if suffixes and suffixes[-1] in COMPRESSIONS:
        is_packed = is_packed or not compression
        suffixes.pop()
    form = str(entry.get("format") or "").lower().lstrip(".")
    if form in COMPRESSIONS:
        form = ""
    media = str(entry.get("mediatype") or "").partition(";")[0].strip().lower()
    form = form or _MEDIA_TYPES.get(media, "") or (suffixes[-1] if suffixes else "inline" if not paths else "")
    form = form or (PACKED if is_packed else "")
    return form_of_suffix(form), compression


def form_of_suffix(suffix: str) -> str:
    """Return the format that a suffix names, without its dot; an unknown suffix is itself."""
    return _ALIASES.get(suffix, suffix)
