"""The shape of a definition file: what every key holds, before an object is made of it.

A definition that is misshapen is told in words, one message per fault; whether a rule has a check is the compiler's
question, and whether names lead somewhere that of ``model``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from cbrn_data.schema.vocabulary import FREQUENCIES, LANGUAGES, LICENCES, THEMES

ROLES = ("data", "provenance", "record")

Shape = Callable[[Any], bool]

_EMAIL = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_PAGE = re.compile(r"https?://[A-Za-z0-9.-]+/[!#-;=?-\[\]_a-z~]*")


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


def _one_of(allowed: Iterable[str]) -> Shape:
    return lambda value: isinstance(value, str) and value in allowed


def _some_of(allowed: Iterable[str]) -> Shape:
    return lambda value: _texts(value) and all(map(_one_of(allowed), value)) and not _twice(value)


def _licence(value: Any) -> bool:
    return _of_texts("title", "path")(value) and value.get("name") in LICENCES and _PAGE.fullmatch(value["path"]) is not None


def _agent(value: Any) -> bool:
    """Publisher and contact: what stands as ``mailto:`` in the catalogue must be an address for letters."""
    return _of_texts("name", "email")(value) and _EMAIL.fullmatch(value["email"]) is not None


def _address(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"https?://[!-~]+", value) is not None


def _coverage(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and set(value) == {"spatial", "temporal"}
        and _name(value["spatial"])
        and _names(value["temporal"])
    )


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
    "short_title": (False, _text, "text"),
    "publisher": (True, _agent, "a name and an email"),
    "contact": (False, _agent, "a name and an email"),
    "licence": (True, _licence, f"a title, a path that is the address of its text, and a name: {', '.join(LICENCES)}"),
    "licence_note": (False, _text, "text"),
    "keywords": (True, _texts, "a list of texts"),
    "themes": (False, _some_of(THEMES), f"a list of some of {', '.join(THEMES)}"),
    "language": (False, _one_of(LANGUAGES), f"one of {', '.join(LANGUAGES)}"),
    "frequency": (False, _one_of(FREQUENCIES), f"one of {', '.join(FREQUENCIES)}"),
    "homepage": (False, _address, "the address of a page, http or https"),
    "coverage": (False, _coverage, "spatial, the name of a table, and temporal, a list of names of tables"),
    "base_url": (False, _text, "text"),
    "tables": (True, _names, "a list of names of tables"),
}
_TABLE: _Rules = {
    "name": (True, _name, "a name in small letters"),
    "title": (True, _text, "text"),
    "description": (True, _text, "text"),
    "role": (True, lambda value: isinstance(value, str) and value in ROLES, f"one of {', '.join(ROLES)}"),
    "evidence": (False, lambda value: value == "by-line", "by-line"),
    "primaryKey": (True, _names, "a list of names of fields"),
    "foreignKeys": (False, _list, "a list"),
    "checks": (False, _list, "a list"),
    "fields": (True, lambda value: bool(value) and _list(value), "a list"),
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
    """Yield what is wrong with the shape of ``package.yaml``, which may say more than is asked for here."""
    yield from _misshapen(entry, _PACKAGE)
    yield from (f"tables names {name!r} twice" for name in _twice(_entries(entry, "tables")))


def table_faults(name: str, entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the shape of the definition of the table ``name``, with the field where it is (or "")."""
    yield from (("", message) for message in [*_misshapen(entry, _TABLE), *_unknown(entry, _TABLE)])
    if entry.get("name") != name:
        yield "", f"name is {entry.get('name')!r}, not that of the file"
    for key, rules in (("fields", _FIELD), ("foreignKeys", _FOREIGN_KEY), ("checks", _CHECK)):
        for number, item in enumerate(_entries(entry, key), start=1):
            yield from _of_entry(f"entry {number} of {key}", item, rules)
    names = [field.get("name") for field in _entries(entry, "fields") if isinstance(field, dict)]
    yield from ((name, f"the field {name!r} stands twice") for name in _twice(names))


def _entries(entry: Mapping[str, Any], key: str) -> list[Any]:
    value = entry.get(key)
    return value if isinstance(value, list) else []


def _twice(names: list[Any]) -> list[str]:
    times = Counter(name for name in names if isinstance(name, str))
    return sorted(name for name, number in times.items() if number > 1)


def _of_entry(where: str, item: Any, rules: _Rules) -> Iterator[tuple[str, str]]:
    if not isinstance(item, dict):
        yield "", f"{where} is not a list of keys and values"
        return
    field = item["name"] if rules is _FIELD and _name(item.get("name")) else ""
    yield from ((field, f"{field or where}: {message}") for message in [*_misshapen(item, rules), *_unknown(item, rules)])


def _misshapen(entry: Mapping[str, Any], rules: _Rules) -> Iterator[str]:
    for key, (required, shape, words) in rules.items():
        if entry.get(key) is None:
            if required:
                yield f"the key {key!r} is missing"
        elif not shape(entry[key]):
            yield f"{key} must be {words}"


def _unknown(entry: Mapping[str, Any], rules: _Rules) -> Iterator[str]:
    return (f"the key {str(key)!r} is not known" for key in entry if key not in rules)
