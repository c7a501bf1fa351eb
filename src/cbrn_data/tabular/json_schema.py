"""The ``jsonSchema`` constraint: validate with an untrusted JSON Schema, without the network and in bounded time.

jsonschema would fetch a remote ``$ref`` and run ``pattern`` in Python's engine. Here every reference must be to a place in
the schema itself, ``pattern`` runs in RE2, and ``patternProperties``, which cannot, is refused.

The work is limited. References to references can double the work at each level, so that a schema of one page can take
years: the size of a schema with all references expanded is limited. The steps of validation are limited too, by the number
of parts of the values of a column; no reasonable schema needs more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import Draft202012Validator, extend, validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import specification_with

from cbrn_data.tabular.schema import UnsupportedSchema
from cbrn_data.tabular.structures import spelt_json

LARGEST = 10_000
"""The most parts of a schema with all references expanded."""
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_TWICE = frozenset({"unevaluatedProperties", "unevaluatedItems", "contains", "if"})
"""Keywords for which their sibling parts may be evaluated a second time."""


STEPS = 500_000
"""The keywords that may be evaluated for a column, in addition to those for each part of a value."""
STEPS_EACH = 50


def json_schema(schema: Any) -> Callable[[Any], bool]:
    """Return a function that validates a value with ``schema``. Raises ValueError for a schema that is not safe to use."""
    if not isinstance(schema, dict):
        raise ValueError("must be an object")
    draft = validator_for(schema, default=Draft202012Validator)
    resource = specification_with(draft.META_SCHEMA["$schema"]).create_resource(schema)
    registry = Registry().with_resource("", resource).crawl()  # once, not for every reference to an anchor
    try:
        if _Size(registry.resolver("")).of(schema) > LARGEST:
            raise ValueError(f"has more than {LARGEST:,} parts when its references are expanded")
        draft.check_schema(schema)
        for part in _parts(schema):
            _check(part)
    except SchemaError as error:
        raise ValueError(f"is not a valid JSON Schema ({error.message})") from error
    except RecursionError as error:
        raise ValueError("nests too deeply") from error
    steps = _Steps()
    rules = {**draft.VALIDATORS, "pattern": _pattern, "uniqueItems": _unique_items}
    counted = {name: steps.counted(rule) for name, rule in rules.items()}
    validator = extend(draft, counted)(schema, registry=registry, _resolver=registry.resolver(""))

    def is_valid(value: Any) -> bool:
        steps.left += STEPS_EACH * _count(value)
        try:
            return bool(validator.is_valid(value))
        except RecursionError:
            return False

    return is_valid


class _Steps:
    """The number of keywords that may still be evaluated."""

    left = STEPS

    def counted(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        def judge(*arguments: Any) -> Any:
            self.left -= 1
            if self.left < 0:
                raise UnsupportedSchema([("", "jsonSchema: the values take too many steps to validate")])
            return rule(*arguments)

        return judge


class _Size:
    """Counts the parts of a schema with all references expanded; a circular reference counts as one part."""

    def __init__(self, resolver: Any) -> None:
        self._resolver = resolver
        self._known: dict[int, int] = {}

    def of(self, part: Any) -> int:
        if not isinstance(part, dict | list):
            return 1
        if id(part) not in self._known:
            self._known[id(part)] = 1
            inner = sum(map(self.of, part.values() if isinstance(part, dict) else part))
            if isinstance(part, dict):
                inner += sum(self.of(self._target(part[key])) for key in _REFERENCES if isinstance(part.get(key), str))
                inner *= 3 if _TWICE & part.keys() else 1
            self._known[id(part)] = min(1 + inner, LARGEST + 1)
        return self._known[id(part)]

    def _target(self, reference: str) -> Any:
        try:
            return self._resolver.lookup(reference).contents
        except Unresolvable as error:
            raise ValueError(f"the reference {reference!r} is not found in the schema") from error


def _check(part: dict[str, Any]) -> None:
    if "patternProperties" in part:
        raise ValueError("patternProperties cannot be evaluated in linear time")
    if isinstance(part.get("pattern"), str):
        _matches(part["pattern"], "")


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _parts(part)


def _count(value: Any) -> int:
    """Return the number of parts of a value, including keys."""
    if isinstance(value, dict):
        return len(value) + sum(map(_count, value.values()))
    return sum(map(_count, value)) if isinstance(value, list) else 1


def _unique_items(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """Check ``uniqueItems`` in linear time; the library compares all pairs."""
    if wanted and isinstance(instance, list) and len({spelt_json(item) for item in instance}) < len(instance):
        yield ValidationError("has equal items")


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _matches(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _matches(pattern: str, text: str) -> bool:
    try:
        return bool(pc.match_substring_regex(pa.scalar(text, pa.string()), pattern).as_py())
    except pa.ArrowInvalid as error:
        raise ValueError(f"the pattern {pattern!r} cannot be evaluated in linear time") from error
