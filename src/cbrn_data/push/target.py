"""The address that somebody pushes to, and the place that it leads to; an address that leads to none is refused."""

from __future__ import annotations

from pathlib import Path

from cbrn_data.errors import PushError, extra_missing
from cbrn_data.findings import shown
from cbrn_data.push.place import FilePlace, LocalPlace, Place, explained

_LOCAL = ("file", "local")


def open_place(address: str) -> Place:
    """Return the place at an fsspec address. Raises PushError for one that is none, or whose package is not installed.

    Credentials come from the environment or fsspec's configuration: in an address they would be shown and logged.
    """
    protocol, separator, path = address.partition("://")
    if not separator or not path or "::" in address or not address.isprintable():
        raise PushError(f"{shown(address)}: give an address such as s3://bucket/folder or file:///srv/www/data")
    if any(character in path for character in "@?#"):
        raise PushError(f"the {shown(protocol, 20)} address holds '@', '?' or '#': credentials belong in the environment")
    if {".", ".."} & set(path.split("/")) or (protocol in _LOCAL and not path.startswith("/")):
        raise PushError(f"{address}: give the whole path, such as file:///srv/www/data, without '.' and '..'")
    if protocol in ("http", "https"):
        raise PushError(f"{address}: is where readers come; give the address at which its files are kept")
    with explained(address):
        try:
            if protocol in ("s3", "s3a"):
                from cbrn_data.push.s3 import S3Place

                return S3Place(address)
            import fsspec

            files, root = fsspec.url_to_fs(address)
            files.dircache.use_listings_cache = False  # as an option some protocols hand it on to who does not know it
        except (ImportError, ValueError) as error:
            if isinstance(error, ImportError) and protocol in ("s3", "s3a"):
                raise PushError(extra_missing(address, "s3", "s3fs")) from error
            raise PushError(
                f"{address}: cannot be reached ({shown(str(error), 120)}); see fsspec's documentation"
            ) from error
        return (LocalPlace if protocol in _LOCAL else FilePlace)(address, files, root)


def check_apart(address: str, published: Path) -> None:
    """Refuse a place within the store that is pushed, which would hold a file of nobody from then on. Raises PushError."""
    protocol, _, path = address.partition("://")
    if protocol in _LOCAL and Path(path).resolve().is_relative_to(published.resolve()):
        raise PushError(f"{address}: is in the store that is pushed; choose a folder outside of {published}")
