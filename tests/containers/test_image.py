"""What can be known of image and compose file where no container engine is: names, pins, users, and what is copied."""

from __future__ import annotations

import re
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import PROJECT

ROOM = PROJECT / "containers"
CONTAINERFILE = (ROOM / "Containerfile").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((ROOM / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name for name, service in SERVICES.items() if service["image"] == "cbrn-data"}


def pins(path: Path) -> dict[str, list[str]]:
    """Return the hashes of each ``name==version``, with its marker and without extras, of a lock."""
    text = re.sub(r"(?m)^ *#.*\n", "", path.read_text(encoding="utf-8"))
    entries = (re.split(r"\s*\\\n\s*", entry.strip()) for entry in re.split(r"\n(?=\S)", text))
    return {re.sub(r"\[.*?\]", "", head): sorted(hashes) for head, *hashes in entries}


def normal(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name
    return re.sub(r"[-_.]+", "-", name[0]).lower()


# --- locks


LOCKS = PROJECT / "requirements"


def test_the_image_has_the_pins_that_the_tests_ran_with() -> None:
    tested = pins(LOCKS / "dev.lock")
    for name in ("run.lock", "uv.lock"):
        found = pins(LOCKS / name)
        assert found and all(hashes for hashes in found.values())
        assert {head: tested.get(head) for head in found} == found, name


def test_the_image_has_every_dependency_and_none_of_development() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    development = {normal(line) for line in extras.pop("dev")} - {"cbrn-data"}
    del extras["mcp"]  # an agent's program starts it, where the agent runs
    wanted = {normal(line) for lines in (project["dependencies"], *extras.values()) for line in lines} - {"cbrn-data"}
    locked = {normal(head) for head in pins(LOCKS / "run.lock")}
    assert wanted <= locked
    assert not development & locked
    assert not locked & {"pip", "setuptools", "wheel"}


# --- the image


def test_no_base_is_built_upon_that_was_not_named() -> None:
    assert re.findall(r"(?m)^FROM (\S+)", CONTAINERFILE) == ["${PYTHON_IMAGE}", "${PYTHON_IMAGE}"]
    assert re.findall(r"(?m)^ARG (.*)$", CONTAINERFILE) == ["PYTHON_IMAGE"]
    images = {service["image"] for service in SERVICES.values()} - {"cbrn-data"}
    assert len(images) == 2 and all(re.match(r"\$\{[A-Z]+_IMAGE:\?", image) for image in images)


def test_all_that_is_copied_is_there_and_let_through() -> None:
    let_through = [
        line[1:] for line in (ROOM / "Containerfile.dockerignore").read_text().splitlines() if line.startswith("!")
    ]
    copied = [word for line in re.findall(r"(?m)^COPY (?!--from)(.*) \S+$", CONTAINERFILE) for word in line.split()]
    assert copied and {Path(word).name for word in copied if "lock" in word} == {"run.lock"}
    for word in copied:
        assert (PROJECT / word).exists()
        assert any(Path(word).match(pattern) for pattern in let_through), word


def test_everything_is_checked_and_nobody_is_root() -> None:
    installs = re.findall(r"pip (?:--python \S+ )?install.*", CONTAINERFILE)
    assert installs and all("--require-hashes --only-binary :all:" in line or "--no-index" in line for line in installs)
    last = CONTAINERFILE.split("FROM ${PYTHON_IMAGE}\n")[-1]
    assert re.findall(r"(?m)^USER (.*)$", last) == ["10001:10001"] and "pip uninstall --yes" in last
    for name, service in SERVICES.items():
        assert service["user"] not in ("", "root", "0"), name
        assert service["read_only"] is True and service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name


# --- the compose file


def test_no_secret_stands_in_the_compose_file_and_none_has_a_default() -> None:
    for service in SERVICES.values():
        for key, value in service.get("environment", {}).items():
            if re.search("PASSWORD|AUTH|URL$", key) and not str(value).startswith("http://"):
                assert re.fullmatch(r"\$\{[A-Z_]+(:\?.*|:-)?\}", value), key


def test_the_commands_are_those_of_the_environment() -> None:
    bin_ = Path(sys.executable).parent
    for name in OURS:
        assert shutil.which(SERVICES[name]["command"][0], path=str(bin_)), name
    assert SERVICES["deploy"]["command"][1:] == ["-m", "flows.deploy"]
    pool = re.search(r'(?m)^POOL = "(.*)"$', (PROJECT / "flows/deploy.py").read_text(encoding="utf-8"))
    assert pool and SERVICES["worker"]["command"] == ["prefect", "worker", "start", "--pool", pool[1]]


def test_every_setting_is_one_that_somebody_reads() -> None:
    from prefect.settings import Settings
    from prefect.settings.legacy import _get_settings_fields

    known = set(_get_settings_fields(Settings))
    ours = (PROJECT / "src/cbrn_data/settings.py").read_text(encoding="utf-8")
    for name in OURS:
        for key in SERVICES[name]["environment"]:
            assert key in known if key.startswith("PREFECT_") else f'"{key}"' in ours, key


@pytest.mark.parametrize("room", ["cbrn-data.toml", "raw", "schemas", "published"])
def test_the_worker_reads_the_project_and_writes_what_is_published(room: str) -> None:
    mounted = dict(volume.split(":")[:2] for volume in SERVICES["worker"]["volumes"] if volume.startswith(".."))
    assert mounted[f"../{room}"] == f"/project/{room}" and (ROOM / ".." / room).exists()
    written = [volume for volume in SERVICES["worker"]["volumes"] if not volume.endswith(":ro")]
    assert [volume.split(":")[0] for volume in written] == ["../published", "${CBRN_DATA_STATE"]
    assert "../published:/srv/published:ro" in SERVICES["web"]["volumes"]
    assert "root /srv/published;" in (ROOM / "nginx.conf").read_text(encoding="utf-8")
