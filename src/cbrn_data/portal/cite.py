"""How to cite a release or a part of it: as text, BibTeX, RIS, CSL-JSON
(https://citeproc-js.readthedocs.io/en/latest/csl-json/), and a release as CITATION.cff (https://citation-file-format.github.io).

A page or a value is cited in the browser: ``citation_script`` gives it each form with a mark in the place of each text of
the part, so that each form is defined once, here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

import yaml

from cbrn_data.catalogue.model import Catalogue
from cbrn_data.catalogue.schema_org import script_text
from cbrn_data.store.folder import Release
from cbrn_data.store.history import RELEASES
from cbrn_data.strict_json import dumped

CITE = "cite"
"""The folder of the citations, with a folder for each release."""

_TEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {
    mark: f"\\{mark}" for mark in "{}%&$#_"
}


@dataclass(frozen=True)
class Part:
    """What is cited of a release: its name, its address, and the words that state it."""

    name: str
    address: str
    words: str = ""


_MARKS = Part("PARTHERE", "ADDRESSHERE", "WORDSHERE")
"""What the browser replaces; no form changes these letters."""


def of_release(catalogue: Catalogue, release: Release) -> Catalogue:
    """Return the catalogue as it describes one release, for its citations."""
    return replace(
        catalogue,
        version=release.version,
        digest=release.digest,
        released=release.date,
        withdrawn=release.withdrawn is not None,
    )


def _address(of: Catalogue) -> str:
    return f"{of.base}history/{of.version}.html"


def citation(of: Catalogue, part: Part | None = None) -> str:
    """Return a citation as text."""
    named = f"{part.name}. In: " if part else ""
    words = f" {part.words}" if part and part.words else ""
    version = f"{of.version}, withdrawn" if of.withdrawn else of.version
    return (
        f"{of.publisher['name']} ({of.released[:4]}). {named}{of.title} (version {version}) "
        f"[Data set]. {part.address if part else _address(of)} (sha256 {of.digest}).{words}"
    )


def bibtex(of: Catalogue, part: Part | None = None) -> str:
    """Return a BibTeX entry; TeX's special characters are escaped."""
    fields = {
        "author": f"{{{_tex(of.publisher['name'])}}}",
        "title": f"{_tex(part.name)}. In: {_tex(of.title)}" if part else _tex(of.title),
        "year": of.released[:4],
        "month": str(int(of.released[5:7])),
        "version": of.version,
        "url": part.address if part else _address(of),
        "note": _tex(_note(of, part)),
    }
    lines = "".join(f"  {name} = {{{text}}},\n" for name, text in fields.items())
    return f"@misc{{{of.name}-{of.version},\n{lines}}}\n"


def _note(of: Catalogue, part: Part | None) -> str:
    words = f" {part.words}" if part and part.words else ""
    return f"Data set{', withdrawn' if of.withdrawn else ''}, licence {of.licence['name']}, sha256 {of.digest}.{words}"


def _tex(text: str) -> str:
    return "".join(_TEX.get(char, char) for char in text)


def ris(of: Catalogue, part: Part | None = None) -> str:
    """Return a citation in the RIS format; a name that ends with a comma is that of an organisation."""
    fields = [
        ("TY", "DATA"),
        ("AU", f"{of.publisher['name']},"),
        *([("TI", part.name), ("T2", of.title)] if part else [("TI", of.title)]),
        ("PY", of.released[:4]),
        ("DA", of.released.replace("-", "/")),
        ("ET", of.version),
        ("PB", of.publisher["name"]),
        ("UR", part.address if part else _address(of)),
        ("N1", _note(of, part)),
        ("ER", ""),
    ]
    return "".join(f"{tag}  - {text}\n" for tag, text in fields)


def csl_json(of: Catalogue, part: Part | None = None) -> str:
    """Return a list of one CSL item."""
    item = {
        "id": f"{of.name}-{of.version}",
        "type": "dataset",
        "title": part.name if part else of.title,
        **({"container-title": of.title} if part else {}),
        "author": [{"literal": of.publisher["name"]}],
        "publisher": of.publisher["name"],
        "issued": {"date-parts": [[int(number) for number in of.released.split("-")]]},
        "version": of.version,
        "URL": part.address if part else _address(of),
        "note": _note(of, part),
    }
    return dumped([item]).decode()


def citation_cff(of: Catalogue) -> str:
    """Return ``CITATION.cff`` (version 1.2.0) of a release."""
    said = {
        "cff-version": "1.2.0",
        "message": "These data are withdrawn." if of.withdrawn else "Please cite these data as follows.",
        "type": "dataset",
        "title": of.title,
        "abstract": of.description,
        "authors": [{"name": of.publisher["name"]}],
        "version": of.version,
        "date-released": of.released,
        "license": of.licence["name"],
        "keywords": list(of.keywords),
        "url": _address(of),
        "identifiers": [
            {"type": "other", "value": f"sha256:{of.digest}", "description": "The digest of SHA256SUMS of the release."}
        ],
    }
    return str(yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=120))


def citation_texts(of: Catalogue) -> list[tuple[str, str, str]]:
    """Return name, path and text of each form of the citation of a release."""
    folder = f"{CITE}/{of.version}"
    return [
        ("Text", f"{folder}/citation.txt", f"{citation(of)}\n"),
        ("BibTeX", f"{folder}/citation.bib", bibtex(of)),
        ("RIS", f"{folder}/citation.ris", ris(of)),
        ("CSL-JSON", f"{folder}/citation.json", csl_json(of)),
        ("CITATION.cff", f"{folder}/CITATION.cff", citation_cff(of)),
    ]


def citation_files(of: Catalogue) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of the citations of a release."""
    yield from ((path, text.encode()) for _, path, text in citation_texts(of))


def page_citation(of: Catalogue, title: str, path: str) -> str:
    """Return a citation of a page as text."""
    return citation(of, Part(title, f"{of.base}{path}"))


def citation_script(of: Catalogue) -> bytes:
    """Return the script that sets ``cbrnCitation``: each form with marks, and TeX's escapes."""
    forms = {
        "Text": citation(of, _MARKS),
        "BibTeX": bibtex(of, _MARKS),
        "RIS": ris(of, _MARKS),
        "CSL-JSON": csl_json(of, _MARKS),
    }
    said = {
        "released": f"{of.base}{RELEASES}/{of.version}/",
        "forms": forms,
        "tex": _TEX,
        "marks": [_MARKS.name, _MARKS.address, _MARKS.words],
    }
    return f"window.cbrnCitation = {script_text(json.loads(json.dumps(said)))};\n".encode()
