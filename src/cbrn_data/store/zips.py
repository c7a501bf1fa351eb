"""ZIP files that have the same bytes whenever and wherever they are made."""

from __future__ import annotations

from zipfile import ZIP_DEFLATED, ZipInfo

_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest time that the format has."""
_MODE = 0o100644


def entry(name: str) -> ZipInfo:
    """Return a compressed entry without a time, with the mode that it has on Unix."""
    made = ZipInfo(name, _TIME)
    made.create_system, made.external_attr, made.compress_type = 3, _MODE << 16, ZIP_DEFLATED
    return made
