"""The workflow of ``docs/review.md`` is well formed, asks for no right that it does not need, and calls what is there."""

from __future__ import annotations

import re
from typing import Any

import pytest
import typer.main

from cbrn_data.cli.app import app
from cbrn_data.strict_yaml import load_yaml
from tests.conftest import PROJECT

PAGE = (PROJECT / "docs/review.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def workflow() -> dict[str, Any]:
    (text,) = re.findall(r"(?ms)^```yaml\n(.*?)^```$", PAGE)
    found: dict[str, Any] = load_yaml(text)
    return found


def test_it_has_the_keys_of_a_workflow_and_reads_only(workflow: dict[str, Any]) -> None:
    assert workflow.keys() == {"name", "on", "permissions", "jobs"} and workflow["permissions"] == {"contents": "read"}
    assert workflow["on"].keys() == {"pull_request"}  # not pull_request_target, which would have secrets
    for job in workflow["jobs"].values():
        assert job.keys() == {"runs-on", "timeout-minutes", "steps"}
        for step in job["steps"]:
            assert len(step.keys() & {"run", "uses"}) == 1 and step.keys() <= {"run", "uses", "with", "if", "name"}
            assert re.fullmatch(r"actions/[a-z-]+@v\d+", step.get("uses", "actions/none@v1"))
            assert "${{" not in step.get("run", "")


def test_each_path_and_target_is_there(workflow: dict[str, Any]) -> None:
    paths = [path.removesuffix("/**") for path in workflow["on"]["pull_request"]["paths"]]
    assert set(paths) == {"raw", "schemas", "approvals", "cbrn-data.toml"}
    runs = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    assert [run for run in runs if run.startswith("make ")] == ["make .venv/run"] and "\n$(VENV)/run:" in makefile
    commands: Any = typer.main.get_command(app)
    for _, name, *words in (run.split() for run in runs if "cbrn-data" in run):
        known = {option for parameter in commands.commands[name].params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= known
    assert any("cbrn-data plan --approved" in run for run in runs)
