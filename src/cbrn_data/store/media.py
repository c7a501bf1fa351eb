"""The media types of published files, which a server must send."""

from __future__ import annotations

from pathlib import PurePosixPath

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
    ".jsonld": "application/ld+json",
    ".csv": "text/csv; charset=utf-8",
    ".tsv": "text/tab-separated-values; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xml": "application/xml",
    ".rdf": "application/rdf+xml",
    ".ttl": "text/turtle; charset=utf-8",
    ".pdf": "application/pdf",
    ".zip": "application/zip",
    ".parquet": "application/vnd.apache.parquet",
    ".ris": "application/x-research-info-systems",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
PLAIN = "text/plain; charset=utf-8"


def media_type(name: str) -> str:
    """Return the media type of a file by its extension; the default is plain text.

    >>> media_type("releases/1.0.0/data/regions.csv"), media_type("releases/1.0.0/SHA256SUMS")
    ('text/csv; charset=utf-8', 'text/plain; charset=utf-8')
    """
    return _TYPES.get(PurePosixPath(name).suffix, PLAIN)
