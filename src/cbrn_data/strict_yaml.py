"""YAML read strictly: no aliases, no repeated keys, no tags, and plain scalars typed by YAML 1.2's core schema.

PyYAML follows YAML 1.1, in which ``no`` is false, ``2026-11-22`` is a date and ``1:30`` a number in base 60. Here, all
values are text except ``true``/``false``, ``null``/``~``/empty and decimal integers.

Size, depth and number of values are limited. They are counted on the events of libyaml before any recursion, because a text
of 60 kB with a depth of 30,000 would crash the process.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml

from cbrn_data.nesting import DEEPEST

MOST_BYTES = 1 << 20
"""The most bytes of a YAML file."""
MOST_EVENTS = 50_000
"""The most events in one text: starts and ends of mappings and lists, and values."""


class YamlError(ValueError):
    """The reason why a text is not strict YAML; ``line`` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


class _StrictLoader(yaml.CSafeLoader):
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise YamlError("a key must be plain text", key.start_mark.line + 1)
            if key.value in seen:
                raise YamlError(f"the key {key.value!r} is repeated", key.start_mark.line + 1)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]{0,17})$"), list("-0123456789"))
_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def load_yaml(text: str, refused: Callable[[str], str | None] = lambda value: None) -> Any:
    """Return the value of ``text``: dicts, lists, text, integers, booleans and None.

    ``refused`` returns the first forbidden character of a value, after resolving escapes.

    Raises YamlError with the line of the first error.

    >>> load_yaml("country: no\\nsince: 2013\\nday: 2026-11-22")
    {'country': 'no', 'since': 2013, 'day': '2026-11-22'}
    """
    if len(text) > MOST_BYTES:
        raise YamlError(f"has more than {MOST_BYTES:,} characters", 1)
    try:
        _check_events(text, refused)
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a subclass of the safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise YamlError(str(problem), mark.line + 1 if mark else 1) from error


def places_of(text: str) -> dict[tuple[object, ...], tuple[int, int, int]]:
    """Return the positions of the items of a list, and of the values of their keys: (line, start, end) by (number, key).

    ``text`` has passed ``load_yaml``. The position of a value excludes its quotation marks.

    >>> places_of('- do: x\\n  is: "CIV"')[0, "is"]
    (2, 15, 18)
    """
    root = yaml.compose(text, Loader=_StrictLoader)
    found: dict[tuple[object, ...], tuple[int, int, int]] = {}
    for number, item in enumerate(root.value if isinstance(root, yaml.SequenceNode) else ()):
        found[number,] = (item.start_mark.line + 1, item.start_mark.index, item.start_mark.index)
        for key, value in item.value if isinstance(item, yaml.MappingNode) else ():
            start, end = value.start_mark.index, value.end_mark.index
            quoted = int(getattr(value, "style", None) in ("'", '"'))
            found[number, key.value] = (value.start_mark.line + 1, start + quoted, end - quoted)
    return found


def _check_events(text: str, refused: Callable[[str], str | None]) -> None:
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=_StrictLoader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST or number > MOST_EVENTS:
            raise YamlError("nested too deeply" if depth > DEEPEST else "has too many values", _line(event))
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise YamlError("anchors and aliases are not allowed", _line(event))
        if getattr(event, "tag", None):
            raise YamlError("tags are not allowed", _line(event))
        if isinstance(event, yaml.ScalarEvent) and (char := refused(event.value)):
            raise YamlError(f"the character {char} is not allowed", _line(event))
