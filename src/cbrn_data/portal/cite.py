"""How to cite a release: as text, BibTeX and CSL-JSON (https://citeproc-js.readthedocs.io/en/latest/csl-json/)."""

from __future__ import annotations

from cbrn_data.catalogue.model import Catalogue
from cbrn_data.store.folder import Release
from cbrn_data.strict_json import dumped

_TEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {
    mark: f"\\{mark}" for mark in "{}%&$#_"
}


def address_of(catalogue: Catalogue) -> str:
    """Return the permanent address of the described release."""
    return f"{catalogue.base}history/{catalogue.version}.html"


def citation(catalogue: Catalogue, release: Release) -> str:
    """Return one sentence for a list of references."""
    return (
        f"{catalogue.publisher['name']} ({release.date[:4]}). {catalogue.title} (version {release.version}) [Data set]. "
        f"{address_of(catalogue)} (sha256 {release.digest})"
    )


def bibtex(catalogue: Catalogue, release: Release) -> str:
    """Return a BibTeX entry; TeX's special characters are escaped."""
    fields = {
        "author": f"{{{_tex(catalogue.publisher['name'])}}}",
        "title": f"{{{_tex(catalogue.title)}}}",
        "year": release.date[:4],
        "month": str(int(release.date[5:7])),
        "version": release.version,
        "url": address_of(catalogue),
        "note": _tex(f"Data set, licence {catalogue.licence['name']}, sha256 {release.digest}"),
    }
    lines = "".join(f"  {name} = {{{text}}},\n" for name, text in fields.items())
    return f"@misc{{{catalogue.name}-{release.version},\n{lines}}}\n"


def _tex(text: str) -> str:
    return "".join(_TEX.get(char, char) for char in text)


def csl_json(catalogue: Catalogue, release: Release) -> bytes:
    """Return a list of one CSL item."""
    item = {
        "id": f"{catalogue.name}-{release.version}",
        "type": "dataset",
        "title": catalogue.title,
        "author": [{"literal": catalogue.publisher["name"]}],
        "publisher": catalogue.publisher["name"],
        "issued": {"date-parts": [[int(part) for part in release.date.split("-")]]},
        "version": release.version,
        "URL": address_of(catalogue),
        "note": f"Licence {catalogue.licence['name']}, sha256 {release.digest}",
    }
    return dumped([item])
