"""Read a Table Schema from its descriptor, and check its structure.

Data Package 2.0 (https://datapackage.org/standard/table-schema/), with the forms of version 1 that the standard requires
consumers to accept: a single name as ``primaryKey`` or as the ``fields`` of a foreign key, an empty ``resource`` for the
table itself, a format that begins with ``fmt:``. ``compile`` checks whether types, formats and constraints are supported. A
descriptor is never read in part, and all its problems are reported at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from cbrn_data.errors import CbrnDataError

Problem = tuple[str, str]
"""The name of a field, or "" for the schema as a whole, and a message."""

T = TypeVar("T")
_JSON_NAMES: dict[type, str] = {str: "a text", bool: "true or false", list: "a list", dict: "an object"}

FIELDS_MATCH = ("exact", "equal", "subset", "superset", "partial")


class UnsupportedSchema(CbrnDataError):
    """A Table Schema that is invalid or not supported; ``faults`` lists every problem."""

    def __init__(self, faults: Sequence[Problem]) -> None:
        self.faults = list(faults)
        super().__init__(
            "the schema cannot be used: " + "; ".join(f"{field}: {text}" if field else text for field, text in faults)
        )


@dataclass(frozen=True)
class Field:
    """One field: ``constraints`` and ``descriptor`` as written, ``missing_values`` those that apply to it."""

    name: str
    type: str
    format: str
    constraints: Mapping[str, Any]
    missing_values: tuple[str, ...]
    descriptor: Mapping[str, Any]


@dataclass(frozen=True)
class ForeignKey:
    """The values of ``fields`` must be in ``references`` of another resource; ``resource`` is "" for this table."""

    fields: tuple[str, ...]
    resource: str
    references: tuple[str, ...]


@dataclass(frozen=True)
class TableSchema:
    """The schema of a table; every name in a key is the name of a field."""

    fields: tuple[Field, ...]
    primary_key: tuple[str, ...] = ()
    unique_keys: tuple[tuple[str, ...], ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    fields_match: str = "exact"

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the fields, in order."""
        return tuple(field.name for field in self.fields)

    def has(self, name: str) -> bool:
        """Return whether a field has this name."""
        return name in self._by_name

    def field(self, name: str) -> Field:
        """Return the field of this name. Raises KeyError."""
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Field]:
        return {field.name: field for field in self.fields}


def read_schema(descriptor: Any) -> TableSchema:
    """Return the schema of parsed JSON. Raises UnsupportedSchema, which lists every problem."""
    if not isinstance(descriptor, Mapping):
        raise UnsupportedSchema([("", "it must be an object")])
    faults: list[Problem] = [("", fault) for fault in not_texts(descriptor, "$schema", "name", "title", "description")]
    default = _missing_values(descriptor.get("missingValues", [""]), "", faults)
    fields = tuple(_fields(descriptor.get("fields"), default, faults))
    names = [field.name for field in fields]
    faults += [(name, "two fields have this name") for name, times in Counter(names).items() if times > 1]
    schema = TableSchema(
        fields,
        _names(descriptor["primaryKey"], "primaryKey", faults) if "primaryKey" in descriptor else (),
        tuple(_unique_keys(descriptor["uniqueKeys"] or None, faults) if "uniqueKeys" in descriptor else ()),
        tuple(_foreign_keys(descriptor["foreignKeys"] or None, faults) if "foreignKeys" in descriptor else ()),
        _fields_match(descriptor.get("fieldsMatch", "exact"), faults),
    )
    faults += _unknown_names(schema)
    if faults:
        raise UnsupportedSchema(faults)
    return schema


def option(field: Field, name: str, default: T, kind: type[T]) -> T:
    """Return an option of a field, such as ``groupChar``. Raises ValueError if it is not of the type ``kind``."""
    value = field.descriptor.get(name, default)
    if not isinstance(value, kind):
        raise ValueError(f"{name} must be {_JSON_NAMES[kind]}")
    return value


def _fields(value: Any, default: tuple[str, ...], faults: list[Problem]) -> Iterator[Field]:
    if not isinstance(value, list) or not value:
        faults.append(("", "fields must be a list of at least one field"))
        return
    for number, entry in enumerate(value, 1):
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            faults.append(("", f"field {number} must be an object with a name"))
        else:
            yield _field(entry, default, faults)


def _field(entry: dict[str, Any], default: tuple[str, ...], faults: list[Problem]) -> Field:
    name, found = entry["name"], {"type": entry.get("type", "any"), "format": entry.get("format", "default")}
    for key, value in found.items():
        if not isinstance(value, str):
            faults.append((name, f"{key} must be a text"))
    constraints = entry.get("constraints", {})
    if not isinstance(constraints, dict):
        faults.append((name, "constraints must be an object"))
        constraints = {}
    faults += [(name, fault) for fault in not_texts(entry, "title", "description", "rdfType")]
    if "required" in entry:
        faults.append((name, "required must be in constraints"))
    missing = _missing_values(entry["missingValues"], name, faults) if "missingValues" in entry else default
    form = str(found["format"]).removeprefix("fmt:")
    return Field(name, str(found["type"]), form, constraints, missing, entry)


def not_texts(entry: Mapping[str, Any], *names: str) -> Iterator[str]:
    """Yield what is wrong with properties that must be texts."""
    return (f"{name} must be a text" for name in names if not isinstance(entry.get(name, ""), str))


def _missing_values(value: Any, field: str, faults: list[Problem]) -> tuple[str, ...]:
    """Return the texts that mean null, from a list of texts, or of objects with ``value`` and an optional ``label``."""
    entries = value if isinstance(value, list) else [None]
    if all(isinstance(entry, str) for entry in entries):
        return tuple(dict.fromkeys(entries))
    labelled = [entry for entry in entries if isinstance(entry, dict) and isinstance(entry.get("value"), str)]
    labels = [entry["label"] for entry in labelled if entry.get("label") is not None]
    values = [entry["value"] for entry in labelled]
    if len(labelled) < len(entries) or not all(isinstance(label, str) for label in labels):
        faults.append((field, "missingValues must be a list of texts, or of objects with a value and an optional label"))
    elif len(set(values)) < len(values) or len(set(labels)) < len(labels):
        faults.append((field, "missingValues has a duplicate value or label"))
    return tuple(values)


def _names(value: Any, subject: str, faults: list[Problem]) -> tuple[str, ...]:
    """Return names as a tuple; a single text is a list of one, as in version 1."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        faults.append(("", f"{subject} must be a list of at least one field name"))
        return ()
    if len(set(names)) < len(names):
        faults.append(("", f"{subject} names a field twice"))
    return tuple(names)


def _unique_keys(value: Any, faults: list[Problem]) -> Iterator[tuple[str, ...]]:
    if not isinstance(value, list) or not all(isinstance(key, list) and key for key in value):
        faults.append(("", "uniqueKeys must be a list of lists of field names"))
        return
    if len(set(map(str, value))) < len(value):
        faults.append(("", "uniqueKeys has a key twice"))
    for key in value:
        yield _names(key, "uniqueKeys", faults)


def _foreign_keys(value: Any, faults: list[Problem]) -> Iterator[ForeignKey]:
    entries = value if isinstance(value, list) else [None]
    for entry in entries:
        reference = entry.get("reference") if isinstance(entry, dict) else None
        if (
            not isinstance(entry, dict)
            or not isinstance(reference, dict)
            or not isinstance(reference.get("resource", ""), str)
        ):
            faults.append(("", "foreignKeys must be a list of at least one object with fields and a reference"))
            continue
        fields = _names(entry.get("fields"), "the fields of a foreign key", faults)
        references = _names(reference.get("fields"), "the fields that a foreign key refers to", faults)
        if len(fields) != len(references):
            faults.append(("", f"a foreign key has {len(fields)} fields and refers to {len(references)}"))
        yield ForeignKey(fields, reference.get("resource", ""), references)


def _fields_match(value: Any, faults: list[Problem]) -> str:
    """Return ``fieldsMatch``; a list of one is accepted too, because the official profile wrongly requires a list."""
    match = value[0] if isinstance(value, list) and len(value) == 1 else value
    if match not in FIELDS_MATCH:
        faults.append(("", f"fieldsMatch must be one of {', '.join(FIELDS_MATCH)}"))
        return "exact"
    return str(match)


def _unknown_names(schema: TableSchema) -> Iterable[Problem]:
    """Return a problem for each name in a key that is not a field."""
    keys = [("primaryKey", schema.primary_key), *(("uniqueKeys", key) for key in schema.unique_keys)]
    for foreign in schema.foreign_keys:
        keys.append(("foreignKeys", foreign.fields))
        keys += [("foreignKeys", foreign.references)] if not foreign.resource else []
    names = set(schema.names)
    return [("", f"{what} names {name!r}, which is not a field") for what, key in keys for name in key if name not in names]
