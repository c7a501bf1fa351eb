"""The code version covers every file of the package, so that a page is made again when only its style changed."""

from __future__ import annotations

from pathlib import Path

import cbrn_data
from cbrn_data.release.code import CODE


def test_every_kind_of_file_of_the_package_counts() -> None:
    root = Path(cbrn_data.__file__).parent
    kinds = {path.suffix for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert kinds - {".typed"} == set(CODE)  # py.typed is for type checkers: it is empty and changes no byte
