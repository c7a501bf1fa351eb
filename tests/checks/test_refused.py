"""What is refused leaves what was published byte for byte as it was, whichever step refuses it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from cbrn_data.cli import main
from tests.trees import stamped

BAD = Path(__file__).parent.parent / "bad"
STEPS = {
    "sources": "source-changed__one-byte-that-the-sidecar-does-not-know",
    "definitions": "schema-invalid__a-field-without-example",
    "fit": "schema-invalid__a-field-that-sources-fill-is-renamed",
    "compiler": "schema-unsupported__a-type-a-constraint-and-a-check",
    "curated": "curated-conflict__one-page-that-says-two-things",
    "cells": "cell-missing__a-project-without-number",
    "rows": "row-together__a-budget-without-qualifier",
    "across": "key-alike__another-letter-case",
}


@pytest.mark.parametrize("step", STEPS)
def test_nothing_published_changes(
    step: str, project: Path, published: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(published, project / "published")
    before = stamped(project / "published")
    shutil.copytree(BAD / STEPS[step] / "root", project, dirs_exist_ok=True)
    monkeypatch.setattr(sys, "argv", ["cbrn-data", "publish", "--root", str(project)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    assert STEPS[step].partition("__")[0] in capsys.readouterr().err
    assert stamped(project / "published") == before
