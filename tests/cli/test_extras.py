"""What runs with which extra: each command with the least one, and a sentence where even that is missing."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
import typer.main
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cbrn_data.cli.app import app
from cbrn_data.cli.extras import EXTRAS
from tests.conftest import PROJECT

HIDDEN = """
import sys

class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

hidden = set(sys.argv.pop(1).split(","))
sys.meta_path.insert(0, Hide())
from cbrn_data.cli import main
main()
"""


def closure(name: str, extras: frozenset[str] = frozenset()) -> set[str]:
    """Return the distributions that an installation of ``name[extras]`` holds on this machine."""
    found: set[str] = set()
    waiting = [(name, extras)]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        found.add(canonicalize_name(name))
        for line in distribution(name).requires or []:
            need = Requirement(line)
            wanted = need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras or {""})
            if wanted:
                waiting.append((need.name, frozenset(need.extras)))
    return found


installed = cache(packages_distributions)


@cache
def without(extra: str | None) -> str:
    """Return the modules that are not there where only ``extra`` is installed."""
    there = closure("cbrn_data", frozenset({extra} if extra else ()))
    owned = installed().items()
    return ",".join(name for name, owners in owned if not {canonicalize_name(owner) for owner in owners} & there)


def run(extra: str | None, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", HIDDEN, without(extra), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_command_has_its_extra() -> None:
    assert set(typer.main.get_command(app).commands) == set(EXTRAS)  # type: ignore[attr-defined]


def test_the_client_is_about_ten_distributions() -> None:
    assert len(closure("cbrn_data")) <= 11


@pytest.mark.parametrize(
    ("extra", "arguments"),
    [
        ("leaflets", ["extract", PROJECT / "raw/central-asia-2025.txt"]),
        ("validate", ["validate", PROJECT / "published/latest/datapackage.json"]),
        ("validate", ["describe", PROJECT / "raw/projects.csv"]),
        ("validate", ["diff", PROJECT / "published/latest/regions.csv", PROJECT / "published/latest/regions.csv"]),
        ("verify", ["verify", "1.0.1", "--root", PROJECT]),
        ("verify", ["trace", "projects", "P101", "--root", PROJECT]),
        ("verify", ["settings", "--root", PROJECT]),
        ("publish", ["plan", "--root", "the small project"]),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_a_command_runs_with_its_extra_alone(extra: str, arguments: list[object], project: Path) -> None:
    done = run(extra, *(project if word == "the small project" else word for word in arguments))
    assert done.returncode == 0, done.stderr


OWN = {
    "atomic",
    "cli",
    "deadline",
    "errors",
    "findings",
    "foreign",
    "garbage",
    "hidden",
    "isolated",
    "nesting",
    "pages",
    "progress",
    "refusals",
    "web",
}
OWN |= {"strict_json", "strict_yaml", "tabular"}
"""The parts of this package that the validator may load: nothing of releases, of the portal or of flows."""


@pytest.mark.slow
def test_the_validator_loads_nothing_else_of_this_package(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,n\n1,2\n")
    (tmp_path / "schema.yaml").write_text("fields: [{name: id, type: date}, {name: n}]\nprimaryKey: id\n")
    validate = ["validate", tmp_path / "t.csv", "--schema", tmp_path / "schema.yaml", "--html", tmp_path / "t.html"]
    loaded = (
        "import atexit; atexit.register(lambda: print(*(n for n in sys.modules if n[:9] == 'cbrn_data'), file=sys.stderr))"
    )
    for arguments, code in ((validate, 1), (["describe", tmp_path / "t.csv"], 0)):
        program = HIDDEN.replace("from cbrn_data.cli", f"{loaded}\nfrom cbrn_data.cli")
        command = [sys.executable, "-c", program, without("validate"), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        parts = {name.split(".")[1] for name in done.stderr.splitlines()[-1].split() if "." in name}
        assert parts <= OWN, parts - OWN


def test_the_client_alone_loads_what_is_published() -> None:
    code = (
        HIDDEN.split("from cbrn_data.cli")[0]
        + "import cbrn_data; print(len(cbrn_data.load('projects', source=sys.argv[1])))"
    )
    command = [sys.executable, "-c", code, without(None), str(PROJECT / "published")]
    assert int(subprocess.run(command, capture_output=True, text=True, check=True).stdout) > 0


@pytest.mark.parametrize("command", ["validate", "describe", "verify", "plan", "extract", "mcp"])
def test_a_command_without_its_extra_says_which_in_one_line(command: str, tmp_path: Path) -> None:
    done = run(None, command, tmp_path)
    first = "cryptography" if command == "verify" else "typer"  # a plain verify reads its few options itself
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr == (
        f"error: cbrn-data {command} needs the extra {EXTRAS[command]} ({first} is not installed): "
        f"pip install 'cbrn_data[{EXTRAS[command]}]'\n"
    )


def test_agents_need_an_extra_of_their_own() -> None:
    done = run("verify", "mcp", PROJECT / "published")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == ("error: cbrn-data mcp needs the extra mcp (mcp is not installed): pip install 'cbrn_data[mcp]'\n")


def test_the_program_without_any_extra_lists_its_commands() -> None:
    done = run(None)
    assert done.returncode == 0 and all(name in done.stdout for name in EXTRAS)
