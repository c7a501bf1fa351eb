"""``croissant.json``: the newest release as one Croissant dataset, for tools of machine learning.

Croissant 1.1 (https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html) extends schema.org by columns and keys: a
record set for each data table, read from its CSV file, whose digest is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cbrn_data.catalogue.model import Catalogue, Dataset, Distribution
from cbrn_data.catalogue.schema_org import publisher
from cbrn_data.schema.model import Field
from cbrn_data.schema.vocabulary import LANGUAGES
from cbrn_data.strict_json import dumped

FILE = "croissant.json"
VERSION = "http://mlcommons.org/croissant/1.1"
_TERMS = (
    "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract", "field", "fileProperty",
    "fileObject", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5", "parentField",
    "path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate", "separator", "source", "subField",
    "transform",
)  # fmt: skip
_CONTEXT = {
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    "description": {"@container": "@language"},
    **{term: f"cr:{term}" for term in _TERMS},
}
_TYPES = {"boolean": "sc:Boolean", "date": "sc:Date", "integer": "sc:Integer", "number": "sc:Float", "year": "sc:Integer"}
"""Type of a column -> data type; the others are text."""


def croissant(of: Catalogue) -> bytes:
    """Return the description of all data tables of a catalogue."""
    language = LANGUAGES[of.language][1]
    said = {
        "@context": {"@language": language, **_CONTEXT},
        "@type": "sc:Dataset",
        "@id": of.identity(FILE),
        "conformsTo": VERSION,
        "name": of.title,
        "description": of.description,
        "url": of.base,
        "version": of.version,
        "license": of.licence["path"],
        "creator": publisher(of),
        "publisher": publisher(of),
        "keywords": list(of.keywords),
        "inLanguage": language,
        "datePublished": of.released,
        "dateModified": of.modified,
        "citeAs": f"{of.publisher['name']}: {of.title}, version {of.version}, {of.released}, {of.base}",
        "distribution": [entry for dataset in of.datasets for entry in _files(of, dataset)],
        "recordSet": [_records(of, dataset) for dataset in of.datasets],
    }
    return dumped(said)


def _files(of: Catalogue, dataset: Dataset) -> Iterator[dict[str, Any]]:
    """Yield the CSV file of a table, or the parts of a table in parts, and the set of them.

    The set is not ``containedIn`` its files, from which mlcroissant cannot read rows; it reads those of a copy of the store.
    """
    files = dataset.parts or [file for file in dataset.distributions if file.form == "CSV"]
    names = [file.path.split("/", 2)[2] for file in files]
    yield from (_file(of, name, file) for name, file in zip(names, files, strict=True))
    if dataset.parts:
        yield {
            "@type": "cr:FileSet",
            "@id": f"{dataset.name}.csv",
            "name": f"{dataset.name}.csv",
            "description": f"The {len(files)} parts of {dataset.name}, in the folder of this file.",
            "encodingFormat": files[0].media_type,
            "includes": f"{files[0].path.rpartition('/')[0]}/*.csv",
        }


def _file(of: Catalogue, name: str, csv: Distribution) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "description": csv.description,
        "contentUrl": of.base + csv.path,
        "contentSize": f"{csv.bytes} B",
        "encodingFormat": csv.media_type,
        "sha256": csv.sha256,
    }


def _records(of: Catalogue, dataset: Dataset) -> dict[str, Any]:
    table = dataset.table
    return {
        "@type": "cr:RecordSet",
        "@id": table.name,
        "name": table.name,
        "description": table.description.strip(),
        "key": [{"@id": f"{table.name}/{name}"} for name in table.primary_key],
        "field": [dict(_field(of, dataset, field)) for field in table.fields],
    }


def _field(of: Catalogue, dataset: Dataset, field: Field) -> Iterator[tuple[str, Any]]:
    """Yield the properties of a column; a reference of several columns has no form in Croissant."""
    yield "@type", "cr:Field"
    yield "@id", f"{dataset.name}/{field.name}"
    yield "name", field.name
    yield "description", field.description
    yield "dataType", _TYPES.get(field.type, "sc:Text")
    kind = "fileSet" if dataset.parts else "fileObject"
    yield "source", {kind: {"@id": f"{dataset.name}.csv"}, "extract": {"column": field.name}}
    for key in dataset.table.foreign_keys:
        if key.fields == (field.name,) and any(key.resource == other.name for other in of.datasets):
            yield "references", {"field": {"@id": f"{key.resource}/{key.references[0]}"}}
