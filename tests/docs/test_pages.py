"""The pages of ``docs/`` are true: each command in them runs, in a small project with its release, page by page."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT, copy_sources, free_port
from tests.docs.pages import Block, blocks, is_like, outputs, script

BIN = Path(sys.executable).parent
PAGES = {path.name: blocks(path) for path in [*sorted(PROJECT.glob("*.md")), *sorted((PROJECT / "docs").glob("*.md"))]}
ELSEWHERE = {"audit.md", "night.md", "push.md", "schedule.md"}
"""Pages whose commands other tests run, which name them."""

REAL = {"load.md", "README.md"}
"""Pages whose code reads the release of the real sources, or its exports; the others are run in the small project."""

OUTSIDE = {
    "make test": "this is what runs now",
    "make quick": "this is a part of what runs now",
    "cbrn-data serve": "runs until it is ended; tests/portal/test_serve.py runs it",
    "cbrn-data links": "asks the web; tests/cli/test_links.py asks a server on loopback",
    "cbrn-data --install-completion": "changes the shell of whoever runs the tests; tests/cli/test_completion.py completes",
    "pip install 'cbrn_data[cluster]'": "the environment of the tests has every extra",
    "docker": "no container engine is to be had; docs/containers.md says what was checked instead",
}
"""How commands begin that cannot be run here, and why not."""

INSTEAD = {
    "make publish": "COLUMNS=120 cbrn-data publish",
    ".venv/bin/": "",
    "https://data.example/cbrn": "{project}/published",
    "scheduler --host 10.0.0.1": "scheduler --host 127.0.0.1 --port {port} --no-dashboard >/dev/null 2>&1 &",
    "worker tcp://10.0.0.1:8786 --nthreads 1": "worker tcp://127.0.0.1:{port} --nthreads 1 --no-dashboard >/dev/null 2>&1 &",
    "tcp://10.0.0.1:8786": "tcp://127.0.0.1:{port}",
}
"""What a page writes of the world outside, and what is run in its place."""

RECEIVED = {
    "leaflet.txt": "central-asia-2026.txt",
    "elsewhere.txt": "middle-east-2025.txt",
    "middle-east.html": "middle-east-page.html",
}
"""Files that a page takes as received, by the leaflet of the tests that they are."""
DAY = "1795651200"
"""26 November 2026, after the release that is there."""


@pytest.fixture
def project(page: str, tmp_path: Path, warm: Path, request: pytest.FixtureRequest) -> Path:
    """The project of a page with its first release, signed by the key in the state folder of the tests."""
    (tmp_path / "bin").symlink_to(warm)
    root = tmp_path / "project"
    if page in REAL:
        for room in ("raw", "schemas"):
            shutil.copytree(PROJECT / room, root / room)
    else:
        copy_sources(root)
    shutil.copytree(request.getfixturevalue("published" if page in REAL else "small"), root / "published")
    for name, leaflet in RECEIVED.items():
        shutil.copy(PROJECT / "tests/leaflets" / leaflet, root / name)
    shutil.copytree(os.environ["CBRN_DATA_STATE"], tmp_path / "state")
    return root


def environment(project: Path) -> dict[str, str]:
    return {
        "PATH": f"{project.parent / 'bin'}:{BIN}:{os.environ['PATH']}",
        "HOME": str(project.parent),
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "80",
        "SOURCE_DATE_EPOCH": DAY,
        "CBRN_DATA_STATE": str(project.parent / "state"),
    }


def prepared(code: str, project: Path) -> str:
    """Take out what cannot be run here, and put what can be in the place of the world outside."""
    port = str(free_port())
    lines = [line for line in code.splitlines(keepends=True) if not is_outside(line)]
    text = "".join(lines)
    for written, here in INSTEAD.items():
        text = text.replace(written, here.replace("{project}", str(project)).replace("{port}", port))
    return text


def is_outside(line: str) -> bool:
    return line.removeprefix(".venv/bin/").startswith(tuple(OUTSIDE))


def of(page: str, *kinds: str) -> list[Block]:
    return [block for block in PAGES[page] if block.kind in kinds]


def execute(command: list[str], project: Path, code: str) -> str:
    """Run code and return what it prints; what it started is ended with it."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command,
        cwd=project,
        env=environment(project),
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        text=True,
        start_new_session=True,
    )
    try:
        printed, said = process.communicate(code)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, f"{code}\n--- printed\n{printed}\n--- said\n{said}"
    return printed


@pytest.mark.parametrize("page", [page for page in PAGES if of(page, "sh") and page not in ELSEWHERE])
def test_the_commands_run(page: str, project: Path) -> None:
    shell = of(page, "sh")
    printed = outputs(execute(["sh"], project, prepared(script(shell), project)))
    assert len(printed) == len(shell)
    for block, text in zip(shell, printed, strict=True):
        if block.prints is not None and not all(map(is_outside, block.code.splitlines())):
            assert is_like(text, block.prints), f"{block.code}--- printed\n{text}--- but the page says\n{block.prints}"


RUNNERS = {
    "python": [sys.executable, "-"],
    "python ckan": [os.environ.get("CBRN_DATA_CKAN_PYTHON", "ckan-python"), "-"],
    "r": ["Rscript", "-"],
    "sql": [sys.executable, "-c", "import duckdb, sys; print(duckdb.sql(sys.stdin.read()))"],
}


@pytest.mark.parametrize(("page", "kind"), [(page, kind) for page in PAGES for kind in RUNNERS if of(page, kind)])
def test_the_code_runs(page: str, kind: str, project: Path) -> None:
    if not shutil.which(RUNNERS[kind][0]):
        pytest.skip(f"NOT PROVEN: there is no {RUNNERS[kind][0]} here, so nobody ran the {kind} of {page}")
    for block in of(page, kind):
        text = execute(RUNNERS[kind], project, prepared(block.code, project))
        assert is_like(text, block.prints or "…"), f"{block.code}--- printed\n{text}"


def test_every_page_is_run_here_or_named_by_who_runs_it() -> None:
    tests = [path for path in (PROJECT / "tests").rglob("*.py") if path.parent.name != "docs"]
    others = "".join(path.read_text(encoding="utf-8") for path in tests)
    for page in ELSEWHERE & set(PAGES):
        assert f"docs/{page}" in others, page


def test_the_tables_above_hold_nothing_that_no_page_says() -> None:
    text = "".join(block.code for page, found in PAGES.items() if page not in ELSEWHERE for block in found)
    assert [written for written in INSTEAD if written not in text] == []
    assert [name for name in RECEIVED if name not in text] == []
    lines = [line for line in text.splitlines() if is_outside(line)]
    starts = [line.removeprefix(".venv/bin/") for line in lines]
    assert [start for start in OUTSIDE if not any(line.startswith(start) for line in starts)] == []


EDITED = re.compile(r"\b(?:sha256sum|sed|cat >).*\braw/.*")
"""Commands that edit a sidecar or a file under ``raw/``, in place of ``cbrn-data add`` and ``update``."""


@pytest.mark.parametrize("page", PAGES)
def test_no_page_writes_a_sidecar_by_hand(page: str) -> None:
    assert EDITED.findall("".join(block.code for block in PAGES[page])) == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_something(page: str) -> None:
    folder = PROJECT if (PROJECT / page).exists() else PROJECT / "docs"
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", (folder / page).read_text(encoding="utf-8"))
    assert [link for link in links if not link.startswith("https://") and not (folder / link).exists()] == []


def test_the_readme_leads_to_every_page() -> None:
    linked = set(re.findall(r"\((?:docs/)?(\w+\.md)\)", (PROJECT / "README.md").read_text(encoding="utf-8")))
    assert set(PAGES) - {"README.md"} <= linked
