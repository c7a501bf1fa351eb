"""The official profile: equal values are judged once, and what is wrong with one is told each time."""

from __future__ import annotations

from typing import Any

import pytest

from cbrn_data.tabular import profile


def described(*fields: dict[str, Any]) -> dict[str, Any]:
    schema = {"fields": list(fields)}
    return {"resources": [{"name": name, "path": f"{name}.csv", "schema": schema} for name in ("one", "two")]}


def test_equal_fields_are_judged_once_and_faults_are_told_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from jsonschema import Draft7Validator

    one_of, judged = Draft7Validator.VALIDATORS["oneOf"], list[Any]()

    def counted(validator: Any, forms: Any, value: Any, schema: Any) -> Any:
        judged.append(value)
        yield from one_of(validator, forms, value, schema)

    monkeypatch.setitem(Draft7Validator.VALIDATORS, "oneOf", counted)
    profile._validator.cache_clear()
    good, bad = {"name": "a", "type": "integer"}, {"name": "b", "type": "integer", "constraints": {"minimum": True}}
    found = [sorted(profile.profile_errors(described(good, bad), "2.0")) for _ in range(2)]
    profile._validator.cache_clear()
    assert judged.count(good) == 1 and judged.count(bad) == 4
    assert found[0] == found[1] and [path[:2] for path, _ in found[0]] == [("resources", 0), ("resources", 1)]


def test_what_is_equal_in_python_but_not_in_json_is_judged_apart() -> None:
    one, true = ({"name": "a", "type": "integer", "constraints": {"minimum": least}} for least in (1, True))
    assert not list(profile.profile_errors(described(one), "2.0")) and list(profile.profile_errors(described(true), "2.0"))
