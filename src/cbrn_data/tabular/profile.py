"""The official profiles of Data Package, which judge a descriptor as a whole.

They are files of this package (``profiles/README.md`` names their origin), so that validation needs no network and does not
change over time. They do not refer to other files, so nothing is fetched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache, partial
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from cbrn_data.strict_json import digest_of

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
PROFILES = files("cbrn_data.tabular") / "profiles"


def profile_version(descriptor: Mapping[str, Any]) -> str:
    """Return the version of the standard that a descriptor follows: 1.0 if only version 1 has its properties, else 2.0."""
    named = str(descriptor.get("$schema", ""))
    entries = [one for one in [descriptor, *_entries(descriptor)] if isinstance(one, Mapping)]
    old = "/1." in named or (not named and any("profile" in entry for entry in entries))
    return "1.0" if old else "2.0"


def _entries(descriptor: Mapping[str, Any]) -> list[Any]:
    resources = descriptor.get("resources")
    return resources if isinstance(resources, list) else []


def profile_errors(descriptor: Mapping[str, Any], version: str) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the path and a message for each place where a descriptor violates the profile of a version."""
    for error in _validator(version).iter_errors(descriptor):
        yield tuple(error.absolute_path), f"{error.json_path}: {error.message}"


@cache
def _validator(version: str) -> Any:
    from jsonschema import Draft7Validator, FormatChecker
    from jsonschema.validators import extend

    checker = FormatChecker(("email",))
    checker.checks("date-time", ValueError)(_is_moment)
    checker.checks("uri", ValueError)(lambda value: not isinstance(value, str) or bool(urlsplit(value).scheme))
    profile = json.loads((PROFILES / f"datapackage-{version}.json").read_bytes())
    profile["properties"]["contributors"]["items"]["type"] = "object"  # the text requires it, the profile does not
    return extend(Draft7Validator, _judged_once(Draft7Validator.VALIDATORS))(profile, format_checker=checker)


def _judged_once(keywords: Mapping[str, Any]) -> dict[str, Callable[..., Iterator[Any]]]:
    """Return keywords that validate equal values once in a process, and cache only the valid ones.

    Most resources are the same in the release before, every table lists its fields twice, and a field is compared with the
    form of each type.
    """
    good = set[tuple[int, bytes]]()

    def once(form: Any, value: Any, judge: Callable[[], Iterator[Any]]) -> Iterator[Any]:
        key = id(form), digest_of(value)
        if key not in good:
            errors = list(judge())
            if not errors:
                good.add(key)
            yield from errors

    def one_of(validator: Any, forms: Any, value: Any, schema: Any) -> Iterator[Any]:
        return once(forms, value, lambda: keywords["oneOf"](validator, forms, value, schema))

    def items(validator: Any, form: Any, values: Any, schema: Any) -> Iterator[Any]:
        for place, value in enumerate(values if isinstance(values, list) else ()):
            yield from once(form, value, partial(validator.descend, value, form, path=place))

    return {"oneOf": one_of, "items": items}


def _is_moment(value: Any) -> bool:
    """Return whether a value is a date with time and zone (RFC 3339), or no text. Raises ValueError for 31 February."""
    return not isinstance(value, str) or (bool(_MOMENT.fullmatch(value)) and bool(datetime.fromisoformat(value.upper())))
