"""The shape of a definition file: what every key holds, before an object is made of it.

A definition that is misshapen is told in words, one message per fault; whether a rule has a check is the compiler's
question, and whether names lead somewhere that of ``model``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

ROLES = ("data", "provenance", "record")

Shape = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _name(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[a-z][a-z0-9_]{0,62}", value) is not None


def _names(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_name, value))


def _texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_text, value))


def _example(value: Any) -> bool:
    return _text(value) or (isinstance(value, int) and not isinstance(value, bool))


def _of_texts(*keys: str) -> Shape:
    return lambda value: isinstance(value, dict) and all(_text(value.get(key)) for key in keys)


def _list(value: Any) -> bool:
    return isinstance(value, list)


def _constraints(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(key, str) for key in value)


_Rules = Mapping[str, tuple[bool, Shape, str]]
"""By key: whether it is required, its shape, and the shape in words."""

_PACKAGE: _Rules = {
    "name": (True, _text, "text"),
    "title": (True, _text, "text"),
    "description": (True, _text, "text"),
    "publisher": (True, _of_texts("name"), "a name"),
    "licence": (True, _of_texts("name", "title", "path"), "a name, a title and a path"),
    "keywords": (True, _texts, "a list of texts"),
    "tables": (True, _names, "a list of names of tables"),
}
_TABLE: _Rules = {
    "name": (True, _name, "a name in small letters"),
    "title": (True, _text, "text"),
    "description": (True, _text, "text"),
    "role": (True, lambda value: value in ROLES, f"one of {', '.join(ROLES)}"),
    "primaryKey": (True, _names, "a list of names of fields"),
    "foreignKeys": (False, _list, "a list"),
    "checks": (False, _list, "a list"),
    "fields": (True, _list, "a list"),
}
_FIELD: _Rules = {
    "name": (True, _name, "a name in small letters"),
    "type": (True, _text, "text"),
    "format": (False, _text, "text"),
    "title": (True, _text, "text"),
    "description": (True, _text, "text"),
    "unit": (False, _text, "text"),
    "example": (True, _example, "text or a whole number"),
    "constraints": (False, _constraints, "keys and values"),
}
_FOREIGN_KEY: _Rules = {
    "fields": (True, _names, "a list of names of fields"),
    "resource": (True, _name, "the name of a table"),
    "references": (True, _names, "a list of names of fields"),
}
_CHECK: _Rules = {"check": (True, _text, "text"), "fields": (True, _names, "a list of names of fields")}


def package_faults(entry: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the shape of ``package.yaml``; it may say more than the pipeline needs."""
    yield from _faults("", entry, _PACKAGE, open_ended=True)


def table_faults(name: str, entry: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the shape of the definition of the table ``name``."""
    yield from _faults("", entry, _TABLE)
    if entry.get("name") != name:
        yield f"name is {entry.get('name')!r}, not that of the file"
    yield from _in_list(entry, "fields", _FIELD)
    yield from _in_list(entry, "foreignKeys", _FOREIGN_KEY)
    yield from _in_list(entry, "checks", _CHECK)
    names = [field.get("name") for field in _entries(entry, "fields") if isinstance(field, dict)]
    yield from (f"the field {name!r} stands twice" for name in sorted({str(n) for n in names if names.count(n) > 1}))


def _entries(entry: Mapping[str, Any], key: str) -> list[Any]:
    value = entry.get(key)
    return value if isinstance(value, list) else []


def _in_list(entry: Mapping[str, Any], key: str, rules: _Rules) -> Iterator[str]:
    for number, item in enumerate(_entries(entry, key), start=1):
        if not isinstance(item, dict):
            yield f"entry {number} of {key} is not a list of keys and values"
            continue
        named = f" ({item['name']})" if _name(item.get("name")) else ""
        yield from _faults(f"entry {number} of {key}{named}: ", item, rules)


def _faults(where: str, entry: Mapping[str, Any], rules: _Rules, open_ended: bool = False) -> Iterator[str]:
    for key, (required, shape, words) in rules.items():
        if entry.get(key) is None:
            if required:
                yield f"{where}the key {key!r} is missing"
        elif not shape(entry[key]):
            yield f"{where}{key} must be {words}"
    if not open_ended:
        yield from (f"{where}the key {str(key)!r} is not known" for key in entry if key not in rules)
