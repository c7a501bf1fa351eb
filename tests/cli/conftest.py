"""The real command line in this process, and the history of four releases made with it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from cbrn_data.cli import main
from tests.conftest import Once


@dataclass(frozen=True)
class Done:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Done]
_made = cache(typer.main.get_command)
"""Typer makes the commands anew for each call, which a process does once."""


def run(*arguments: object, **environment: str) -> Done:
    """Run ``cbrn-data`` here, 80 columns wide, on 22 November 2026."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setattr(sys, "argv", ["cbrn-data", *map(str, arguments)])
        patch.setattr(typer.main, "get_command", _made)
        for name, value in ({"COLUMNS": "80", "SOURCE_DATE_EPOCH": "1795305600"} | environment).items():
            patch.setenv(name, value)
        if arguments[:1] == ("verify",):  # it believes the clock alone
            time = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC).strftime("%Y-%m-%d %H:%M")
            patch.setattr("cbrn_data.cli.verify.now", lambda: time)
        try:
            main()
        except SystemExit as end:
            return Done(int(end.code or 0), out.getvalue(), err.getvalue())
    return Done(0, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def cbrn_data() -> Command:
    """The command line: arguments in, exit code and output out."""
    return run


def edit(root: Path, name: str, change: Callable[[str], str]) -> None:
    """Change a source as its keeper would: its bytes, and what its sidecar knows of them."""
    path, sidecar = root / "raw" / name, root / "raw" / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    assert change(text) != text
    data = change(text).encode()
    path.write_bytes(data)
    known = re.sub(r"(?m)^sha256: .*$", f"sha256: {hashlib.sha256(data).hexdigest()}", sidecar.read_text(encoding="utf-8"))
    sidecar.write_text(re.sub(r"(?m)^bytes: .*$", f"bytes: {len(data)}", known), encoding="utf-8")


@dataclass(frozen=True)
class History:
    """A root after four publications, and what ``plan --json`` and ``publish --json`` said at each."""

    root: Path
    plans: list[Any]
    published: list[Any]


@pytest.fixture(scope="session")
def history(once: Once, state: Path) -> History:
    """1.0.0, 1.1.0, 1.1.1 and 2.0.0; to be read, never changed."""
    from tests.history import make_history

    folder = once("history", make_history)
    return History(folder / "root", **json.loads((folder / "said.json").read_text(encoding="utf-8")))
