"""``jsonSchema`` that asks for more work than there is time."""

from __future__ import annotations

from typing import Any

import pytest

from cbrn_data.tabular import json_schema as module
from cbrn_data.tabular.json_schema import json_schema
from cbrn_data.tabular.schema import UnsupportedSchema


def doubled(times: int) -> dict[str, Any]:
    """A schema of which each part refers twice to the next."""
    defs: dict[str, Any] = {"a0": {"type": "object"}}
    for number in range(1, times):
        defs[f"a{number}"] = {"allOf": [{"$ref": f"#/$defs/a{number - 1}"}] * 2}
    return {"$defs": defs, "$ref": f"#/$defs/a{times - 1}"}


def deep(times: int) -> Any:
    value: Any = {}
    for _ in range(times):
        value = {"a": value}
    return value


def nested_unevaluated(times: int) -> dict[str, Any]:
    return {"allOf": [nested_unevaluated(times - 1)], "unevaluatedProperties": True} if times else {}


@pytest.mark.parametrize(
    "schema",
    [
        doubled(40),
        {"enum": list(range(20_000))},
        nested_unevaluated(25),
        {"$defs": {f"a{n}": {"$anchor": f"x{n}"} for n in range(3000)}, "allOf": [{"$ref": f"#x{n}"} for n in range(3000)]},
    ],
    ids=["doubled", "wide", "unevaluated", "anchors"],
)
def test_a_schema_that_grows_too_large_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="has more than 10,000 parts"):
        json_schema(schema)


def test_a_schema_that_grows_a_little_is_judged() -> None:
    judge = json_schema(doubled(5))
    assert judge({}) and not judge([])


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}}},
        {"properties": {"a": {"anyOf": [{"allOf": [{"$ref": "#"}, False]}] * 2}}},
        {"allOf": [{"properties": {"a": {"$ref": "#"}}}] * 2},
    ],
)
def test_a_value_that_doubles_the_work_at_each_step_is_given_up(
    schema: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module._Steps, "left", 20_000)
    with pytest.raises(UnsupportedSchema, match="too many steps"):
        json_schema(schema)(deep(40))


@pytest.mark.parametrize("schema", [{"$ref": "#"}, {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}])
def test_a_reference_to_itself_holds_for_nothing(schema: dict[str, Any]) -> None:
    assert not json_schema(schema)({})


def test_a_tree_is_judged_as_deep_as_it_goes() -> None:
    judge = json_schema({"type": "object", "additionalProperties": {"$ref": "#"}})
    assert judge(deep(50)) and not judge(deep(50) | {"b": 1})


@pytest.mark.parametrize(
    ("items", "unique"),
    [
        ([1, 1.0], False),
        ([1, True], True),
        ([{"a": 1, "b": 2}, {"b": 2, "a": 1}], False),
        ([{"a": number} for number in range(3000)], True),
        ([[1], [1, 1]], True),
    ],
)
def test_items_are_compared_as_the_standard_does(items: list[Any], unique: bool) -> None:
    assert json_schema({"uniqueItems": True})(items) is unique


def test_references_to_anchors_are_followed() -> None:
    judge = json_schema({"$defs": {"a": {"$anchor": "x", "type": "string"}}, "items": {"$ref": "#x"}})
    assert judge(["a"]) and not judge([1])
