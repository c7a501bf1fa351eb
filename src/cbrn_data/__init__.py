"""Build validated, versioned open-data releases from leaflets of regional secretariats.

The packages, in the order of the data: ``sources`` (raw bytes to verified text and cells), ``normalise`` (quoted words to
values), ``leaflet`` (text to statements), ``tabular`` (any table with any Table Schema, in blocks), ``schema`` (one
definition of each table), ``tables`` (statements and curated cells to rows with evidence), ``checks`` (findings), ``store``
and ``signing``, ``release`` (canonical bytes, version, gate), ``catalogue`` and ``portal`` (derived files for programs and
for people), ``verify``. A later package imports an earlier one, never the reverse.

For data analysis (``import cbrn_data as cbrn``): ``cbrn.releases()``, ``cbrn.load("projects")`` and ``cbrn.package()`` of
``cbrn_data.client``, which is imported on first use.
"""

TYPE_CHECKING = False  # ``typing`` takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any

    from cbrn_data.client import UnvouchedWarning, WithdrawnWarning, load, package, releases

__all__ = ["UnvouchedWarning", "WithdrawnWarning", "__version__", "load", "package", "releases"]

__version__ = "0.2.0"
"""The version of the code, defined only here; CHANGELOG.md lists its changes. Data releases have their own versions."""


def __getattr__(name: str) -> "Any":
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from cbrn_data import client

    return getattr(client, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
