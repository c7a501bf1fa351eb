"""The ``jsonSchema`` constraint: a stranger's JSON Schema, judged without the network and without Python's patterns.

jsonschema would fetch a ``$ref`` to another address and run ``pattern`` in Python's engine; here every reference must be
to a place in the schema itself, ``pattern`` runs in RE2, and ``patternProperties``, which cannot, is refused.
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


def json_schema(schema: Any) -> Callable[[Any], bool]:
    """Return whether a value conforms to ``schema``. Raises ValueError for a schema that cannot be judged safely."""
    if not isinstance(schema, dict):
        raise ValueError("must be an object")
    draft = validator_for(schema, default=Draft202012Validator)
    try:
        draft.check_schema(schema)
        for part in _parts(schema):
            _check(part, schema, draft)
    except SchemaError as error:
        raise ValueError(f"is no JSON Schema ({error.message})") from error
    except RecursionError as error:
        raise ValueError("nests too deeply") from error
    validator = extend(draft, {"pattern": _pattern})(schema, registry=Registry())

    def is_valid(value: Any) -> bool:
        try:
            return bool(validator.is_valid(value))
        except RecursionError:
            return False

    return is_valid


def _check(part: dict[str, Any], schema: dict[str, Any], draft: Any) -> None:
    if "patternProperties" in part:
        raise ValueError("patternProperties cannot be judged in linear time")
    if isinstance(part.get("pattern"), str):
        _matches(part["pattern"], "")
    for reference in (part[key] for key in ("$ref", "$dynamicRef", "$recursiveRef") if isinstance(part.get(key), str)):
        resource = specification_with(draft.META_SCHEMA["$schema"]).create_resource(schema)
        try:
            Registry().with_resource("", resource).resolver("").lookup(reference)
        except Unresolvable as error:
            raise ValueError(f"the reference {reference!r} leads out of the schema or nowhere") from error


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _parts(part)


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _matches(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _matches(pattern: str, text: str) -> bool:
    try:
        return bool(pc.match_substring_regex(pa.scalar(text, pa.string()), pattern).as_py())
    except pa.ArrowInvalid as error:
        raise ValueError(f"the pattern {pattern!r} cannot be judged in linear time") from error
