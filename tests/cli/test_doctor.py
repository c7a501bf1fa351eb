"""``cbrn-data doctor``: each problem has its way out, and what nobody configured is none. The server answers on loopback."""

from __future__ import annotations

import json
import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from cbrn_data import pipeline
from cbrn_data.cli.doctor import NOT_CONFIGURED, OK, POOL, PROBLEM, Check, run_checks
from cbrn_data.cli.extras import EXTRAS
from cbrn_data.settings import FILE, read_settings
from cbrn_data.trust import rotate
from cbrn_data.trust.roles import written
from tests.cli.conftest import Command
from tests.cli.test_extras import run as run_with_extra
from tests.conftest import PROJECT, pages_left_out
from tests.history import OTHER, OWN, write_key


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PREFECT_API_URL", "PREFECT_API_AUTH_STRING", "CBRN_DATA_ALERT_URL"):
        monkeypatch.delenv(name, raising=False)


def by_name(root: Path) -> dict[str, Check]:
    return {check.name: check for check in run_checks(root)}


@contextmanager
def server(status: int = 200, workers: tuple[str, ...] = ()) -> Iterator[str]:
    """Answer as Prefect's server does: health for everybody, workers with ``status``."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200 if self.path.rstrip("/") == "/api/health" else 404, True)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            is_asked = self.path == f"/api/work_pools/{POOL}/workers/filter"
            self._answer(status if is_asked else 404, [{"name": "w", "status": each} for each in workers])

        def _answer(self, code: int, body: object) -> None:
            self.send_response(code)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}/api"
        listening.shutdown()


def test_a_project_without_configuration_has_no_problem(cbrn_data: Command, project: Path) -> None:
    done = cbrn_data("doctor", "--json", "--root", project)
    results = {check["name"]: check["result"] for check in done.json}
    assert (done.code, PROBLEM in results.values()) == (0, False)
    assert {name for name, result in results.items() if result == NOT_CONFIGURED} == {
        "settings",
        "trusted keys",
        "address",
        "alerts",
        "server",
    }


def test_the_wrong_folder_and_a_wrong_file_are_problems(cbrn_data: Command, tmp_path: Path) -> None:
    assert cbrn_data("doctor", "--root", tmp_path).code == 2
    assert "is not the folder of a project" in by_name(tmp_path)["project"].detail
    (tmp_path / FILE).write_text("base_ulr = 'x'")
    assert f"{FILE}:1: base_ulr is not known" in by_name(tmp_path)["settings"].detail


def test_a_key_that_others_can_read_and_one_that_is_not_trusted(project: Path, tmp_path: Path, state: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes((state / "signing-key.pem").read_bytes())
    key.chmod(0o644)
    (project / FILE).write_text(f'keys.signing = "{key}"\napproval = "required"\n')
    assert "others can read this private key; run `chmod 600`" in by_name(project)["keys"].detail
    key.chmod(0o600)
    assert by_name(project)["signing key"].result == OK
    assert "nobody can approve" in by_name(project)["approvers"].detail
    other = PROJECT / "published/releases/1.0.0/public-key.pem"
    (project / FILE).write_text(f'keys.signing = "{key}"\nkeys.trusted = "{other}"\n')
    found = by_name(project)["trusted keys"]
    assert found.result == PROBLEM and "so verify will fail" in found.detail and "`cbrn-data key`" in found.way_out
    key.unlink()
    assert f"the signing key ({project / FILE}:1): the signing key cannot be read" in by_name(project)["keys"].detail


def test_no_key_is_made(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CBRN_DATA_STATE", str(tmp_path / "none"))
    assert by_name(project)["signing key"].result == NOT_CONFIGURED and not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("day", "late"),
    [("2026-12-13", []), ("2026-12-15", ["timestamp"]), ("2027-09-01", ["targets", "snapshot", "timestamp"])],
)
def test_metadata_that_end_soon_are_a_problem(
    day: str, late: list[str], small: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cbrn_data.cli.doctor.release_date", lambda: day)
    (project / "published").symlink_to(small)
    found = [check for check in run_checks(project) if check.name == "metadata"]
    assert [check.detail.split()[0] for check in found if check.result == PROBLEM] == late
    assert all("`cbrn-data publish`" in check.way_out for check in found if check.result == PROBLEM)
    whole = "root until 2028-11-21, targets until 2027-11-22, snapshot until 2027-11-22, timestamp until 2026-12-22"
    assert late or [check.detail for check in found] == [whole]


def test_metadata_of_an_offline_root_and_of_another_key(
    small: Path, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(small, project / "published")
    assert by_name(project)["metadata"].result == OK
    root = rotate.next_root(rotate.roots_of(project / "published")[-1], "2026-11-22", [OTHER.public_key()], 1)
    settings = read_settings(project)
    for key in (OTHER, pipeline.own_key(settings).private):
        rotate.add_signature(root, key)
    with pages_left_out(), pipeline.open_store(settings, roots=[written(root)]).writing():
        pass
    monkeypatch.setattr("cbrn_data.cli.doctor.release_date", lambda: "2028-09-01")
    first = next(check for check in run_checks(project) if check.name == "metadata")
    assert first.result == PROBLEM and first.way_out.startswith("draft the next root and sign it with the root keys")
    (project / FILE).write_text(f'keys.signing = "{write_key(tmp_path / "key.pem", OWN)}"\n')
    assert by_name(project)["metadata"].result == NOT_CONFIGURED


def test_a_disk_without_space_is_a_problem(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cbrn_data.cli.doctor._SPACE", 1 << 60)
    assert {by_name(project)[f"disk {name}"].result for name in ("published", "state", "TMPDIR")} == {PROBLEM}


def test_another_address_than_that_of_the_store_is_a_problem(project: Path) -> None:
    (project / "published").symlink_to(PROJECT / "published")
    (project / FILE).write_text('base_url = "https://data.host/cbrn/"')
    found = by_name(project)["address"]
    assert found.result == PROBLEM and "--move-address" in found.way_out
    (project / "published").unlink()
    assert by_name(project)["address"] == Check("address", OK, "https://data.host/cbrn/")


@pytest.mark.parametrize(
    ("status", "workers", "result", "said"),
    [
        (200, ("OFFLINE", "ONLINE"), OK, "1 online"),
        (200, ("OFFLINE",), PROBLEM, f"`prefect worker start --pool {POOL}`"),
        (404, (), PROBLEM, "run `python -m flows.deploy`"),
        (401, (), PROBLEM, "set PREFECT_API_AUTH_STRING"),
        (500, (), PROBLEM, "read the server's log"),
    ],
)
def test_server_and_worker(
    status: int, workers: tuple[str, ...], result: str, said: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server(status, workers) as address:
        monkeypatch.setenv("PREFECT_API_URL", address)
        monkeypatch.setenv("PREFECT_API_AUTH_STRING", "admin:hunter2")
        found = by_name(project)
    assert found["server"].result == OK
    assert found["worker"].result == result and said in found["worker"].detail + found["worker"].way_out
    assert "hunter2" not in str(found)


def test_the_address_of_the_releases_is_requested(project: Path) -> None:
    (project / "published/latest").mkdir(parents=True)
    with server() as address:
        for path, result, words in (("/health", OK, "answers"), ("", PROBLEM, "the server ")):
            (project / FILE).write_text(f'base_url = "{address}{path}/"\n')
            found = by_name(project)["web address"]
            assert found.result == result and words in found.detail
    found = by_name(project)["web address"]
    assert found.result == PROBLEM and "no answer" in found.detail and "published/" in found.way_out


@pytest.mark.parametrize("line", ["rows_last = 20", "rows_lost = -1", "[guard.tables]\nrows_lost = 1"])
def test_a_wrong_bound_of_the_guard_is_found(line: str, project: Path, cbrn_data: Command) -> None:
    (project / FILE).write_text(f"[guard]\n{line}\n")
    found = by_name(project)["guard"]
    assert found.result == PROBLEM and f"{FILE}:" in found.detail
    done = cbrn_data("settings", "--root", project)
    assert done.code == 2 and f"{FILE}:" in done.err


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/api", "ftp://127.0.0.1/api"])
def test_a_server_that_does_not_answer(address: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", address)
    found = by_name(project)["server"]
    assert found.result == PROBLEM and "prefect server start" in found.way_out


def test_the_pool_is_that_of_the_flows() -> None:
    text = (PROJECT / "flows/deploy.py").read_text(encoding="utf-8")
    assert re.findall(r'(?m)^POOL = "(.*)"$', text) == [POOL]


def test_it_names_each_missing_extra_where_none_is_installed(tmp_path: Path) -> None:
    assert "doctor" in EXTRAS
    here = os.getcwd()
    os.chdir(tmp_path)
    try:
        done = run_with_extra(None, "doctor")
    finally:
        os.chdir(here)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "extra validate" in done.stdout and "keys" in done.stdout
