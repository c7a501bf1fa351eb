"""Validate the shape of YAML files with pydantic, and translate its errors into messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, TypeAdapter, ValidationError

from cbrn_data.findings import shown
from cbrn_data.strict_yaml import YamlError, load_yaml

T = TypeVar("T")
Place = tuple[int | str, ...]
"""The keys of the path to a value; an entry of a list is given by its ``name``, or by its number from 0."""

_ABSENT = {"missing": "is missing"}
_ABSENT |= dict.fromkeys(("extra_forbidden", "unexpected_keyword_argument", "invalid_key"), "is not known")
_EXPECTED = {"too_short": "not be empty", "string_type": "be text", "tuple_type": "be a list", "list_type": "be a list"}
_EXPECTED |= dict.fromkeys(("dataclass_type", "dict_type", "model_type"), "be keys and values")


def must(expected: str, holds: Callable[[Any], object]) -> AfterValidator:
    """Refuse values for which ``holds`` is not true; ``expected`` follows "must" in the message."""

    def check(value: T) -> T:
        if not holds(value):
            raise ValueError(expected)
        return value

    return AfterValidator(check)


def match(pattern: str, expected: str) -> AfterValidator:
    """Refuse texts that do not match ``pattern`` in full."""
    return must(expected, re.compile(pattern).fullmatch)


def one_of(allowed: Collection[str]) -> AfterValidator:
    """Refuse values that are not in ``allowed``."""
    return must(f"be one of {', '.join(allowed)}", allowed.__contains__)


UNREPEATED = must("not name anything twice", lambda names: len(set(names)) == len(names))
Text = Annotated[str, must("not be blank", str.strip)]


def read_shape(
    kind: type[T], text: str, lines: Mapping[Place, int], refused: Callable[[str], str | None] = lambda value: None
) -> tuple[T | None, list[tuple[str, int]]]:
    """Read strict YAML as an object, or return None and every error with its line; ``lines`` gives lines by place.

    ``refused`` is that of ``load_yaml``. Validators find the lines as their context.
    """
    content = None
    try:
        content = load_yaml(text, refused)
        return TypeAdapter(kind).validate_python(content, by_alias=True, by_name=False, context=lines), []
    except YamlError as error:
        return None, [(f"is not strict YAML: {shown(str(error))}", error.line)]
    except ValidationError as error:
        faults = shape_faults(error, content)
        return None, [(message, lines.get(place[:2], lines.get(place[:1], 1))) for place, message in faults]


def shape_faults(error: ValidationError, content: Any) -> Iterator[tuple[Place, str]]:
    """Yield for each error of ``content`` its place, and a message with the key, the value and the expectation.

    >>> try:
    ...     TypeAdapter(dict[str, list[str]]).validate_python({"themes": ["JUST", None]})
    ... except ValidationError as error:
    ...     print(*shape_faults(error, {}))
    (('themes', 1), 'entry 2 of themes is null and must be text')
    """
    for fault in error.errors(include_url=False):
        kind, value = fault["type"], fault["input"]
        place, subject = _subject(fault["loc"], content)
        if (said := _ABSENT.get(kind)) is None:
            text = fault["msg"].removeprefix("Value error, ")
            expected = _EXPECTED.get(kind) or text.partition("should ")[2] or text
            whole = kind in ("value_error", "too_short") and isinstance(value, (list, tuple))
            quoted = "; put it in quotation marks" if kind == "string_type" and isinstance(value, int) else ""
            said = f"{'' if whole else f'is {_there(value)} and '}must {expected}{quoted}"
        yield place, f"{subject} {said}".strip()


def _subject(keys: Place, content: Any) -> tuple[Place, str]:
    """Return a place, and its key as text."""
    place, said = [], ""
    for key in keys:
        try:
            content = content[key]
        except (KeyError, IndexError, TypeError):
            content = None
        name = content.get("name") if isinstance(key, int) and isinstance(content, dict) else None
        place.append(name if isinstance(name, str) else key)
        if isinstance(key, int):
            said = f"{shown(name, 60)}:" if isinstance(name, str) else f"entry {key + 1} of {said}:"
        else:
            said = f"{said}{' ' if said.endswith(':') else '.' if said else ''}{shown(key, 60)}"
    return tuple(place), said.removesuffix(":")


def _there(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return "a list" if isinstance(value, list) else "keys and values"
    return "null" if value is None else shown(repr(value), 80)
