"""Four releases of one store, signed with a key of the tests' own, and what the command line said while it made them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.cli.conftest import edit, run
from tests.conftest import PROJECT, copy_sources, pages_left_out

OWN, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in (1, 2))

COPY = "https://archive.example/2020/https://news.example/kazakhstan"
"""A copy that an archive keeps of the page that says when Kazakhstan joined."""


def name_copy(text: str) -> str:
    """Give a table of two rows the column of archived copies, with one for the first row."""
    head, first, second = text.splitlines()
    rows = ((head, "archived_url"), (first, COPY), (second, ""))
    return "".join(f"{row},{cell}\n" for row, cell in rows)


STEPS: list[Callable[[Path], object]] = [
    lambda root: edit(root, "memberships.csv", name_copy),
    lambda root: run("add", PROJECT / "tests/leaflets/central-asia-2026.txt", "--root", root),
    lambda root: edit(root, "projects.csv", lambda text: text.replace(",2026-01-31,", ",2026-01-30,")),
    lambda root: edit(root, "project_countries.csv", lambda text: text[: text.rindex("P101,UZB,")]),
]
"""The first release, with an archived copy of a page; a new leaflet; a corrected cell of the same length, so that no span
moves; a row taken out."""
REMOVED, REASON = "project_countries", "the page does not name this country"
"""The table of the row taken out, and why the release guard lets it go."""


def write_key(path: Path, key: Ed25519PrivateKey) -> Path:
    """Write a private key as an operator keeps it."""
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    return path


def make_history(folder: Path) -> None:
    """Publish 1.0.0, 1.1.0, 1.1.1 and 2.0.0, a day apart from 22 November 2026 on.

    ``root`` is the project after the last, ``three`` its ``published/`` after the third, and ``said.json`` what
    ``plan --json`` and ``publish --json`` said each time.
    """
    root = copy_sources(folder / "root")
    key = write_key(folder / "key.pem", OWN)
    plans, published = [], []
    for number, step in enumerate(STEPS):
        step(root)
        if number == 3:
            shutil.copytree(root / "published", folder / "three")
        settings = {"SOURCE_DATE_EPOCH": str(1795305600 + number * 86400), "CBRN_DATA_SIGNING_KEY": str(key)}
        allow = ("--allow", f"guard-keys-removed:{REMOVED}", "--reason", REASON) if number == 3 else ()
        plans.append(run("plan", "--json", "--root", root, *allow, **settings).json)
        with pages_left_out() if number < 2 else nullcontext():
            published.append(run("publish", "--json", "--root", root, *allow, **settings).json)
    (folder / "said.json").write_text(json.dumps({"plans": plans, "published": published}), encoding="utf-8")
