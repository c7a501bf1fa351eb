"""Compare the descriptor of a release with its files and definitions.

Readers of Data Packages fetch addresses, follow paths, and accept a table if it is valid with any schema that the descriptor
gives. So a descriptor must not refer to other places, and every schema must be that of the definitions, with which the rows
are checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cbrn_data.checks.released import Released
from cbrn_data.findings import shown
from cbrn_data.schema.coverage import Coverage, coverage_properties
from cbrn_data.schema.descriptor import PROFILE, TABLE_SCHEMA, package_properties, parted_resource, table_schema
from cbrn_data.store.folder import DESCRIPTOR

RESOURCE = frozenset("name type path format mediatype title description encoding bytes hash schema".split())
"""The allowed properties of a resource; others (``scheme``, ``extrapaths``, ``dialect``, ...) can redirect a reader."""
_FORMS = {"csv": ("", "text/csv"), "json": ("-json", "application/json")}
"""The end of a resource's name, and the media type, by format."""


def descriptor_faults(
    descriptor: Mapping[str, Any],
    released: Released,
    listed: Mapping[str, str],
    sizes: Mapping[str, int],
    info: Mapping[str, Any],
    cover: Coverage,
) -> Iterator[str]:
    """Yield where a descriptor does not fit this release; ``listed`` and ``sizes`` are sha256 and bytes by file name."""
    package, present = released.package, released.published
    of_release = {"version": info["version"], "created": f"{info['date']}T00:00:00Z", "spatial": None, "temporal": None}
    of_release |= coverage_properties(package, cover)
    for key, value in {"$schema": PROFILE, **package_properties(package.metadata), **of_release}.items():
        if descriptor.get(key, [] if key == "themes" else None) != value:
            yield f"{DESCRIPTOR}: {key} is not {shown(repr(value), 100)}"
    for key in ("profile", "basepath", "dialect", "schema"):
        if key in descriptor:
            yield f"{DESCRIPTOR}: has a property {key!r}, which could redirect readers"
    resources = descriptor["resources"]
    given = [resource["path"] for resource in resources]
    paths = [path for one in given for path in ([one] if isinstance(one, str) else one)]
    if paths != released.files:
        yield f"{DESCRIPTOR}: the resources are not the tables of the release, each as CSV and JSON"
        return
    for resource in resources:
        if isinstance(resource["path"], list):
            yield from _parted_faults(resource, released, listed, sizes)
            continue
        path = resource["path"]
        for key in sorted(resource.keys() - RESOURCE):
            yield f"{DESCRIPTOR}: {path} has a property {key!r}, which could redirect readers"
        name, _, form = path.rpartition(".")
        end, media_type = _FORMS[form]
        said = {"name": name + end, "format": form, "mediatype": media_type, "encoding": "utf-8", "bytes": sizes[path]}
        for key, value in {**said, "hash": f"sha256:{listed.get(path)}"}.items():
            if resource.get(key) != value:
                yield f"{DESCRIPTOR}: the {key} of {path} is not that of the file"
        if resource.get("type", "table") != "table":
            yield f"{DESCRIPTOR}: {path} is not said to be a table"
        if form == "csv" or "schema" in resource:
            yield from _schema_faults(path, resource["schema"], table_schema(package.tables[name], frozenset(present)))


def _parted_faults(
    resource: Mapping[str, Any], released: Released, listed: Mapping[str, str], sizes: Mapping[str, int]
) -> Iterator[str]:
    """Compare the resource of a table in parts; the rows of each part were compared with the entry that describes it."""
    name = resource["name"]
    expected = parted_resource(released.tables[name], frozenset(released.published))
    for key in sorted((resource.keys() | expected.keys()) - {"title", "description", "schema"}):
        if resource.get(key) != expected.get(key):
            yield f"{DESCRIPTOR}: the {key} of the parts of {name} is not that of the release"
    for path, part in zip(resource["path"], released.tables[name].parts, strict=True):
        if (part.file.sha256, part.file.size) != (listed.get(path), sizes[path]):
            yield f"{DESCRIPTOR}: the digest or size of {path} is not that of the file"
    yield from _schema_faults(f"the parts of {name}", resource["schema"], expected["schema"])


def _schema_faults(path: str, schema: Any, defined: Mapping[str, Any]) -> Iterator[str]:
    """Compare the properties that decide whether a row is valid; titles and descriptions may differ."""
    if not isinstance(schema, dict) or schema.get("$schema", TABLE_SCHEMA) != TABLE_SCHEMA:
        yield f"{DESCRIPTOR}: the schema of {path} is not in the descriptor"
        return
    for key in ("primaryKey", "foreignKeys", "missingValues"):
        if schema.get(key) != defined.get(key):
            yield f"{DESCRIPTOR}: the {key} of {path} is not that of its definition"
    if [_decisive(field) for field in schema["fields"]] != [_decisive(field) for field in defined["fields"]]:
        yield f"{DESCRIPTOR}: the fields of {path} are not those of its definition"


def _decisive(field: Mapping[str, Any]) -> tuple[Any, ...]:
    return field["name"], field["type"], field.get("format"), field.get("constraints")
