"""Headers of a stranger: equal labels, and more of them than anybody reads."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from cbrn_data.tabular import header
from cbrn_data.tabular.header import MOST_COLUMNS, columns, header_issues
from cbrn_data.tabular.schema import read_schema

SCHEMA = read_schema({"fields": [{"name": "a"}]})


def test_equal_labels_are_numbered_in_linear_time(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = 0

    def counted(start: int) -> Iterator[int]:
        nonlocal tried
        for number in count(start):
            tried += 1
            yield number

    monkeypatch.setattr(header, "count", counted)
    names = columns(["a"] * 20_000, SCHEMA)
    assert len(set(names)) == 20_000 and names[:3] == ["a", "a2", "a3"]
    assert tried < 20_001


def test_numbered_labels_do_not_meet_those_that_are_there() -> None:
    labels = ["a", "a", "a2", "a", "a3", "a"]
    names = columns(labels, SCHEMA)
    assert len(set(names)) == len(labels)


def test_more_columns_than_are_read_are_one_fault() -> None:
    labels = [""] * (MOST_COLUMNS + 1)
    (fault,) = header_issues(labels, SCHEMA)
    assert "at most 100,000" in fault.message and columns(labels, SCHEMA) == []
