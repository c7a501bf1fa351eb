"""What ``docs/generate.py`` derives is what the pages say, and its picture shows the imports as they are."""

from __future__ import annotations

import runpy
from graphlib import CycleError
from pathlib import Path

import pytest

from tests.conftest import PROJECT

GENERATE = runpy.run_path(str(PROJECT / "docs/generate.py"))


def test_derived_pages_are_up_to_date() -> None:
    for name, text in GENERATE["pages"]().items():
        assert (PROJECT / "docs" / name).read_text(encoding="utf-8") == text, f"{name}: run `python docs/generate.py`"


def test_the_picture_leaves_out_only_arrows_that_others_make() -> None:
    graph = {"a": set(), "b": {"a"}, "c": {"a", "b"}, "d": {"a"}}
    assert GENERATE["picture"](graph).splitlines()[2:-1] == ["  a --> b", "  b --> c", "  a --> d"]


def test_imports_in_a_circle_have_no_picture() -> None:
    with pytest.raises(CycleError):
        GENERATE["picture"]({"a": {"b"}, "b": {"a"}})


def test_every_way_to_import_counts(tmp_path: Path) -> None:
    source = tmp_path / "house"
    for name in ("one", "two"):
        (source / name).mkdir(parents=True)
        (source / name / "__init__.py").touch()
    for name in ("three", "four", "five"):
        (source / f"{name}.py").touch()
    (source / "one/deep.py").write_text(
        "import house.two\nfrom house import three, __version__\nimport json\n"
        "def later():\n    from house.four import x\n    from house.one import y\n    from elsewhere.five import z\n"
    )
    found = GENERATE["imports"](source)
    assert found.pop("one") == {"two", "three", "four"}
    assert found == {"five": set(), "four": set(), "three": set(), "two": set()}
