"""From a regional secretariat's leaflet to a validated, versioned open-data release.

The rooms, in the order of the data: ``sources`` (raw bytes to verified text and cells), ``words`` (quoted words
to values), ``leaflet`` (text to statements), ``tables`` (statements and curated cells to rows with evidence),
``schema`` (one definition of each table), ``checks`` (findings), ``release`` (canonical bytes, gate, store),
``catalogue`` and ``portal`` (what is derived from the releases for programs and for people), ``verify``.
A later room imports an earlier one, never the other way.

For people who analyse the data (``import cbrn_data as cbrn``): ``cbrn.releases()``, ``cbrn.load("projects")`` and
``cbrn.package()`` of ``cbrn_data.client``, which is loaded when one of them is asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cbrn_data.client import WithdrawnWarning, load, package, releases

__all__ = ["WithdrawnWarning", "__version__", "load", "package", "releases"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from cbrn_data import client

    return getattr(client, name)
