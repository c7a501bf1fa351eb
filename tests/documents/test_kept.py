"""What is kept beside a text: read back as it was written, and refused where it is anything else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cbrn_data.documents.kept import kept_of, read_kept
from cbrn_data.documents.text import Block, ReadText, written
from cbrn_data.errors import ReleaseError

LEFT_OUT: list[dict[str, Any]] = [
    {"text": "page 1", "rule": "page-number", "page": 1, "rectangle": [1, 2, 3, 4]},
    {"text": "menu", "rule": "navigation"},
]
READ = written([Block(["Jordan"], [(1, [10.0, 20.0, 60.0, 30.0])], ["two columns"])], "reader 1", LEFT_OUT)
LINES = ReadText(READ.text, READ.engine, READ.places, READ.left_out, READ.doubts, [[595.0, 842.0]]).lines()


def test_what_is_kept_is_read_back() -> None:
    kept = read_kept(Path("a.lines.json"), json.dumps(LINES).encode())
    assert kept.pages == [(595.0, 842.0)] and kept.lines == {1: (1, [10.0, 20.0, 60.0, 30.0])}
    assert [(one.text, one.rule, one.place) for one in kept.left_out] == [
        ("page 1", "page-number", (1, [1.0, 2.0, 3.0, 4.0])),
        ("menu", "navigation", None),
    ]
    assert kept.doubts == [(1, "two columns")]


def test_what_was_kept_before_pages_were_has_none() -> None:
    assert kept_of({name: value for name, value in LINES.items() if name != "pages"}).pages == []


@pytest.mark.parametrize(
    "changed",
    [
        {"lines": 3},
        {"lines": [3]},
        {"lines": [{"line": 1, "page": 2, "rectangle": [1, 2, 3, 4]}]},
        {"lines": [{"line": 0, "page": 1, "rectangle": [1, 2, 3, 4]}]},
        {"lines": [{"line": 1, "page": 1, "rectangle": [1, 2, 3]}]},
        {"lines": [{"line": 1, "page": 1, "rectangle": [1, 2, 3, 1e999]}]},
        {"lines": [{"line": 1e999, "page": 1, "rectangle": [1, 2, 3, 4]}]},
        {"left_out": [{"text": "menu"}]},
        {"doubts": [{"line": "x", "doubt": "y"}]},
        {"doubts": [[]]},
        {"pages": [[595]]},
        {"pages": [[0, 842]]},
        {"pages": [["wide", 842]]},
        {"pages": 1},
    ],
    ids=json.dumps,
)
def test_anything_else_is_refused_by_name(changed: dict[str, Any]) -> None:
    with pytest.raises(ReleaseError, match=r"a\.lines\.json: was not written by the reader|cannot be read"):
        read_kept(Path("a.lines.json"), json.dumps(LINES | changed).replace("Infinity", "1e999").encode())
