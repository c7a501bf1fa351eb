"""The grammar as data: ``grammar.yaml``, and its rules as patterns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from cbrn_data.normalise.numbers import NUMERAL
from cbrn_data.strict_yaml import load_yaml

_AS_WORDS = {
    "determined": "".join(
        f"(?<!{word} )"
        for word in "this that first second third last final each every one same next per pilot initial".split()
    ),
    "listed": r"(?:(?:\.[0-9]+)+| ?[/-] ?<to 20>|(?:, <to 20>)*,? (?:and|to|or|&) (?:<to 20>|two|three|four|five))?"
    r"(?![\w%/]|[,.'][0-9]| ?[/-] ?[0-9])",
}
"""The patterns of ``<determined>`` (no determiner before: "the first phase 12 officers") and ``<listed>`` ("2 and 3")."""


@cache
def grammar() -> dict[str, Any]:
    """Return the content of ``grammar.yaml``."""
    return load_yaml(files("cbrn_data.normalise").joinpath("grammar.yaml").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def any_of(words: Iterable[str]) -> str:
    """Return a pattern for any of ``words``, each a pattern itself."""
    return f"(?:{'|'.join(words)})"


@cache
def compiled() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return the kind and the pattern of every rule, in the order of application; ``#`` is a numeral in digits or words."""
    numeral = rf"(?:(?<![\w.,'/])(?:{NUMERAL})(?![\w]|[.,'][0-9]))"
    words = _AS_WORDS | {name: any_of(listed) for name, listed in grammar()["words"].items()}

    def whole(pattern: str) -> str:
        start = r"(?<![\w-])" if pattern.startswith("#") else ""
        for _ in range(2):  # words may contain other words
            pattern = re.sub("<([a-z0-9 ]+)>", lambda match: words[match[1]], pattern)
        return start + pattern.replace(r"\#", "\0").replace("#", numeral).replace("\0", "[#]")

    return tuple((rule["kind"], re.compile(whole(rule["pattern"]), re.IGNORECASE)) for rule in grammar()["rules"])


@lru_cache(maxsize=64)
def names_with_numbers(flat: str) -> tuple[tuple[int, int], ...]:
    """Return the spans of names that contain numbers, such as ``Decree No. 2024-12``: what rules of kind ``name`` match."""
    return tuple(
        match.span(pattern.groups and 1)
        for kind, pattern in compiled()
        if kind == "name"
        for match in pattern.finditer(flat)
    )
