"""Promise 7: the same inputs give the same bytes on any machine; promise 5: what is not news gives no release."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cbrn_data.signing.keys import make_local_key
from tests.cli.conftest import run
from tests.conftest import PROJECT, copy_sources, pages_left_out
from tests.trees import Tree, tree

EPOCH = "1795305600"
DAY = "2026-11-22"

COMMANDS = ["publish", "add given.txt", "publish", "withdraw 1.0.0 --reason mistaken"]
TWO_RELEASES = f"""
import sys
from cbrn_data import pipeline
from cbrn_data.cli import main
pages = pipeline.pages
pipeline.pages = lambda releases, base_url: {{}}
for command in {COMMANDS}:
    if command == {COMMANDS[-1]!r}:  # what is published before has other pages, which nobody compares
        pipeline.pages = pages
    sys.argv[1:] = command.split()
    try:
        main()
    except SystemExit as end:
        if end.code:
            raise
"""

OTHER_CLOCK = """
import datetime, time
import frictionless, pandas, pandera.pandas, pyarrow  # their compiled parts want the real classes
OFFSET = 2_000_000_000  # some 63 years
real_time, real_ns, real_date, real_datetime = time.time, time.time_ns, datetime.date, datetime.datetime
time.time = lambda: real_time() + OFFSET
time.time_ns = lambda: real_ns() + OFFSET * 10**9

class OtherDate(real_date):
    @classmethod
    def today(cls):
        return real_date.fromtimestamp(time.time())

class OtherDatetime(real_datetime):
    @classmethod
    def now(cls, tz=None):
        return real_datetime.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls):
        return real_datetime.utcfromtimestamp(time.time())

    today = now

datetime.date, datetime.datetime = OtherDate, OtherDatetime
"""


@dataclass(frozen=True)
class Machine:
    """Where and how a publication runs: the folder's name, its environment, umask, and how many processors it sees."""

    folder: str
    umask: int
    environment: Mapping[str, str] = field(default_factory=dict)
    one_processor: bool = False
    other_clock: bool = False


MACHINES = {  # beside this process
    "elsewhere": Machine(
        folder="Ö rt",
        environment={"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "COLUMNS": "37"},
        umask=0o077,
        one_processor=True,
    ),
    "in another year, and bare": Machine(
        folder="deep/er/root",
        environment={
            "PYTHONHASHSEED": "random",
            "PYTHONOPTIMIZE": "1",
            "TZ": "Etc/GMT+12",
            "LC_ALL": "C",
            "PYTHONCOERCECLOCALE": "0",
            "PYTHONUTF8": "0",
        },
        umask=0o000,
        other_clock=True,
    ),
}


def given(root: Path) -> Path:
    """Put the sources into ``root``, and beside them the leaflet of the second release."""
    copy_sources(root)
    shutil.copyfile(PROJECT / "tests/leaflets/central-asia-2026.txt", root / "given.txt")
    return root


def publish_here(root: Path) -> Tree:
    """Publish two releases in this process."""
    with contextlib.chdir(root):
        for command in COMMANDS:
            with contextlib.nullcontext() if command == COMMANDS[-1] else pages_left_out():
                done = run(*command.split(), SOURCE_DATE_EPOCH=EPOCH)
            assert done.code == 0, done.err
    return tree(root / "published", hidden=False)


def start(machine: Machine, place: Path) -> subprocess.Popen[str]:
    """Begin to publish two releases on ``machine``, in a folder of its own."""
    root, home = given(place / machine.folder), place / "home"
    home.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(PROJECT / "src"),
        "HOME": str(home),
        "CBRN_DATA_STATE": str(home / "state"),
        "CBRN_DATA_SIGNING_KEY": str(make_local_key(Path(os.environ["CBRN_DATA_STATE"]))),
        "SOURCE_DATE_EPOCH": EPOCH,
        **machine.environment,
    }
    code = OTHER_CLOCK * machine.other_clock + TWO_RELEASES

    def prepare() -> None:
        os.umask(machine.umask)
        if machine.one_processor:
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=root,
        env=environment,
        preexec_fn=prepare,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tree]:
    """What this process and every machine published: path -> mode and bytes."""
    places = {name: tmp_path_factory.mktemp("machine") for name in MACHINES}
    running = {name: start(machine, places[name]) for name, machine in MACHINES.items()}
    found = {"here": publish_here(given(tmp_path_factory.mktemp("machine") / "root"))}
    for name, process in running.items():
        output, _ = process.communicate(timeout=900)
        assert process.returncode == 0, f"{name}: {output}"
        found[name] = tree(places[name] / MACHINES[name].folder / "published", hidden=False)
    return found


def test_two_releases_were_made(trees: dict[str, Tree]) -> None:
    names = {name.split("/")[1] for name in trees["here"] if name.startswith("releases/")}
    assert names == {"1.0.0", "1.1.0"}
    assert f'"date": "{DAY}"'.encode() in trees["here"]["releases/1.1.0/release.json"][1]
    assert {"index.html", "history/1.0.0.html", "history/1.1.0.html"} <= trees["here"].keys()


@pytest.mark.parametrize("machine", MACHINES)
def test_every_machine_gives_the_same_bytes_and_modes(machine: str, trees: dict[str, Tree]) -> None:
    here, there = trees["here"], trees[machine]
    assert there.keys() == here.keys()
    assert [name for name in here if here[name] != there[name]] == []


def test_the_clock_is_read_where_no_date_is_given() -> None:
    """So that the other clock above is known to be one: it decides the date as soon as nothing else does."""
    code = OTHER_CLOCK + (
        "from cbrn_data.settings import release_date\nprint(release_date()[:4], release_date({'SOURCE_DATE_EPOCH': '0'}))"
    )
    environment = {"PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    year, given = done.stdout.split()
    assert int(year) > 2080 and given == "1970-01-01"


@pytest.mark.usefixtures("without_pages")
def test_nothing_new_publishes_nothing_on_whatever_day(project: Path) -> None:
    first = run("publish", "--root", project, SOURCE_DATE_EPOCH=EPOCH)
    assert first.code == 0 and "Published 1.0.0." in first.out
    before = tree(project / "published", hidden=False)
    again = run("publish", "--root", project, SOURCE_DATE_EPOCH="0")
    assert again.code == 0 and "Nothing new: 1.0.0 already has this content." in again.out
    assert tree(project / "published", hidden=False) == before
