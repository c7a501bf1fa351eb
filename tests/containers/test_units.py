"""The units of systemd and the workflow of GitHub: what they call is there, and is read as they are meant."""

from __future__ import annotations

import re
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from cbrn_data.cli.extras import EXTRAS
from tests.conftest import PROJECT

UNITS = sorted((PROJECT / "containers/systemd").glob("*.service"))
WORKFLOWS = sorted((PROJECT / "docs/recipes").glob("*.yaml"))
DOCS = (PROJECT / "docs/schedule.md").read_text(encoding="utf-8")
HOME = "/srv/cbrn-data"


def service(unit: Path) -> dict[str, str]:
    parser = ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(unit)
    return dict(parser["Service"])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_restarts_as_a_user_without_rights_and_starts_what_the_page_says(unit: Path) -> None:
    found = service(unit)
    assert (found["Restart"], found["User"], found["NoNewPrivileges"]) == ("always", "cbrn-data", "yes")
    for name in ("ExecStart", "ExecStartPre"):
        command = found.get(name, "").removeprefix(f"{HOME}/.venv/bin/")
        assert command in DOCS
    assert unit.name in DOCS and found["EnvironmentFile"] in DOCS


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace(f"{HOME}/.venv/bin/", "/bin/").replace("/bin/prefect", "/bin/true")
        (tmp_path / unit.name).write_text(text.replace("/bin/python", "/bin/true"))
    command = ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / unit.name) for unit in UNITS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if str(tmp_path) in line or "cbrn-data" in line]
    assert (done.returncode, ours) == (0, [])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_pins_its_actions_and_calls_what_is_there(path: Path) -> None:
    workflow: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert set(workflow) == {"name", True, "permissions", "concurrency", "jobs"}  # YAML 1.1 reads `on` as true
    assert path.name in DOCS
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    uses = [step["uses"] for step in steps if "uses" in step]
    assert uses and all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", use) for use in uses)
    script = "\n".join(step["run"] for step in steps if "run" in step)
    commands = re.findall(r"\.venv/bin/cbrn-data (\w+)", script)
    assert commands and set(commands) <= EXTRAS.keys()
    targets = re.findall(r"make (\S+)", script)
    assert all(f"\n{target.replace('.venv', '$(VENV)')}:" in (PROJECT / "Makefile").read_text() for target in targets)
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0


def test_the_workflow_publishes_when_the_deployment_does() -> None:
    text = (PROJECT / "docs/recipes/publish.yaml").read_text(encoding="utf-8")
    assert 'cron: "30 21 * * *"' in text and "02:30" in DOCS
