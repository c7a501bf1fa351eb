"""From a regional secretariat's leaflet to a validated, versioned open-data release.

The rooms, in the order of the data: ``sources`` (raw bytes to verified text and cells), ``words`` (quoted words
to values), ``leaflet`` (text to statements), ``tabular`` (any table against any Table Schema, by block), ``schema`` (one
definition of each table), ``tables`` (statements and curated cells to rows with evidence), ``checks`` (findings), ``store``
and ``signing``, ``release`` (canonical bytes, version, gate),
``catalogue`` and ``portal`` (what is derived from the releases for programs and for people), ``verify``.
A later room imports an earlier one, never the other way.

For people who analyse the data (``import cbrn_data as cbrn``): ``cbrn.releases()``, ``cbrn.load("projects")`` and
``cbrn.package()`` of ``cbrn_data.client``, which is loaded when one of them is asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cbrn_data.client import WithdrawnWarning, load, package, releases

__all__ = ["WithdrawnWarning", "__version__", "load", "package", "releases"]

__version__ = "0.2.0"
"""The version of the code, defined here only; CHANGELOG.md says what it brings. Releases of data have their own."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from cbrn_data import client

    return getattr(client, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
