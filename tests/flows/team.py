"""What a data team has running: a Prefect server, a worker, and a place where messages arrive; all real, on loopback.

They are started by the commands of the documentation and no others, in a copy of the project: a command stands behind
``$ `` in a file of documentation, and the lines below it are what it prints, with ``…`` for what differs from time to
time. Secrets are planted in their environment, for a test to look for.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client

from cbrn_data.intake.write import sidecar_text
from tests.conftest import PROJECT, copy_sources, free_port
from tests.warm import stand_in

PATIENCE = 300
"""Seconds until a wait is given up: nothing here is timed, this only ends a test that hangs."""
DAY = "2026-11-22"
LEAFLETS = PROJECT / "tests" / "leaflets"
IDLE = ("CANCELLATION_CLEANUP", "CLEANUP_RECONCILER", "LATE_RUNS", "PAUSE_EXPIRATIONS", "REPOSSESSOR")
"""Services of the server that no run here needs; each would ask the database every few seconds."""
MARK = "pl4nted"
"""Part of every secret that is planted."""


@dataclass
class Documented:
    """A command of the documentation, and the lines that it is said to print."""

    command: str
    prints: list[str] = field(default_factory=list)

    def check(self, output: str) -> None:
        """Fail unless the lines stand in ``output``, in their order."""
        pattern = ".*".join(re.escape(line).replace("…", "[^\n]*") + "\n" for line in self.prints)
        assert re.search(pattern, f"{output}\n", re.DOTALL), f"{self.command}\n{output}"


def documented(path: str) -> list[Documented]:
    """Return the commands of a file of documentation, in their order."""
    found: list[Documented] = []
    for block in re.findall(r"(?ms)^```console\n(.*?)^```$", (PROJECT / path).read_text(encoding="utf-8")):
        for line in filter(None, block.splitlines()):
            if line.startswith("$ "):
                found.append(Documented(line[2:].partition("  #")[0].rstrip()))
            else:
                found[-1].prints.append(line)
    return found


def wait_for(what: Callable[[], Any], name: str = "", instead: object = None, pause: float = 0.1) -> Any:
    """Return what ``what`` returns as soon as that is something; else say its ``name``, and what there was ``instead``."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(pause)
    raise AssertionError(f"waited in vain for {name or what}; there was {instead}")


class Messages:
    """A webhook on loopback that keeps what it is sent."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.paths: set[str] = set()
        texts, paths = self.texts, self.paths

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                texts.append(json.loads(body)["text"])
                paths.add(self.path)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/{MARK}-hook"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def of(self, *words: str) -> str:
        """Wait for the message that has all of ``words``, and return it."""

        def found() -> str | None:
            return next((text for text in self.texts if all(word in text for word in words)), None)

        return str(wait_for(found, f"a message with {words}", self.texts))

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Team:
    """A copy of the project, and the processes that run there. The server's browser pages are at ``address``."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home, self.state = folder, folder / "home", folder / "state"
        self.home.mkdir()
        self.project = copy_sources(folder / "project")
        shutil.copytree(PROJECT / "flows", self.project / "flows")
        for name in ("prefect.yaml", "pyproject.toml"):
            shutil.copy(PROJECT / name, self.project / name)
        (self.project / ".venv").symlink_to(sys.prefix)
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.key = folder / f"{MARK}-key" / f"{MARK}.pem"
        self.messages = Messages()
        self.printed: list[str] = []
        self.worker: subprocess.Popen[bytes] | None = None
        self._processes: list[subprocess.Popen[bytes]] = []
        auth = f"admin:{MARK}-password"
        self.secrets = {
            "PREFECT_SERVER_API_AUTH_STRING": auth,
            "PREFECT_API_AUTH_STRING": auth,
            "CBRN_DATA_ALERT_URL": self.messages.address,
            "CBRN_DATA_SIGNING_KEY": str(self.key),
            "AWS_ACCESS_KEY_ID": f"{MARK}AWSID",
            "AWS_SECRET_ACCESS_KEY": f"{MARK}/aws+secret",
        }
        quick = self._made(folder / "quick")
        self.warm = folder / "warm"
        own = (PROJECT / "tests/__init__.py").read_text(encoding="utf-8")
        (quick / "sitecustomize.py").write_text(own + stand_in(self.warm), encoding="utf-8")
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.home),
            "TMPDIR": str(self._made(folder / "tmp")),
            "PREFECT_HOME": str(self.home / ".prefect"),
            "PREFECT_SERVER_API_PORT": str(self.port),
            "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",  # the one that we use registers itself
            **{f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false" for name in IDLE},
            "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "PREFECT_WORKER_HEARTBEAT_SECONDS": "2",
            "PREFECT_SERVER_SERVICES_FOREMAN_INACTIVITY_HEARTBEAT_MULTIPLE": "5",
            "PREFECT_SERVER_SERVICES_FOREMAN_LOOP_SECONDS": "2",
            "PYTHONPATH": f"{PROJECT / 'src'}{os.pathsep}{quick}",
            "CBRN_DATA_STATE": str(self.state),
            "SOURCE_DATE_EPOCH": "1795305600",
            "COLUMNS": "80",
            "LC_ALL": "C.UTF-8",
            **self.secrets,
        }

    @staticmethod
    def _made(folder: Path) -> Path:
        folder.mkdir()
        return folder

    def root(self, name: str) -> Path:
        """Return another folder of sources and definitions, where nothing is published yet."""
        return copy_sources(self.folder / "roots" / name)

    def words(self) -> list[bytes]:
        """What must stand nowhere."""
        lines = self.key.read_text(encoding="ascii").splitlines()[1:-1]
        basic = b64encode(self.secrets["PREFECT_API_AUTH_STRING"].encode())
        return [MARK.encode(), basic.rstrip(b"="), *(line.encode() for line in lines)]

    def follow(self, one: Documented, code: int = 0, **words: str) -> str:
        """Do what the documentation says, with ``words`` in place of its own; return what is printed, as it is said there.

        A secret that is to be exported is here already, by that name; the server goes on, and so does a worker.
        """
        command = re.sub(r"\b[A-Z]+$", lambda found: words.get(found[0], found[0]), one.command)
        if command.startswith("export "):
            name, _, value = command.removeprefix("export ").partition("=")
            self.environment[name] = self.secrets.get(name) or self.here(value)
            return ""
        if " server start" in command or (" worker start" in command and self.worker):
            return ""
        if " worker start" in command:
            self.worker = self.start(command, until=one.prints[0])
            return ""
        output = self.run(command, code)
        one.check(output)
        return output

    def run(self, command: str, code: int = 0) -> str:
        """Run a command of the documentation, expect its exit code, and return what it printed."""
        one = self._as_process(command)
        done: subprocess.CompletedProcess[str] = subprocess.run(**one, capture_output=True, text=True, timeout=PATIENCE)
        self.printed.append(done.stdout + done.stderr)
        assert done.returncode == code, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def start(self, command: str, until: str) -> subprocess.Popen[bytes]:
        """Start a command of the documentation that does not end, and wait until it has printed ``until``."""
        log = self.home / f"{len([*self.home.glob('*.log')])}.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(**self._as_process(f"exec {command}"), stdout=stream, stderr=subprocess.STDOUT)
        self._processes.append(process)
        pattern = re.compile(re.escape(until).replace("…", "[^\n]*"))

        def printed() -> Any:
            text = log.read_text(encoding="utf-8", errors="replace")
            assert process.poll() is None, f"{command} ended\n{text}"
            return pattern.search(text)

        wait_for(printed)
        return process

    def start_warm(self, memory: Path) -> None:
        """Start the process from which runs and commands are forked, with a ``memory`` of what was made before."""
        command = [sys.executable, "-m", "tests.warm", "python", str(self.warm), str(memory)]
        warm = subprocess.Popen(command, cwd=PROJECT, env=self.environment)
        self._processes.append(warm)

    def _as_process(self, command: str) -> dict[str, Any]:
        return {"args": ["bash", "-c", self.here(command)], "cwd": self.project, "env": self.environment}

    def here(self, text: str) -> str:
        """Return a text of the documentation with the port that the server has here."""
        return text.replace("4200", str(self.port))

    def answers(self) -> bool:
        """Whether the server does, asked as the page for the night says, without a password."""
        try:
            return httpx.get(f"{self.address}/api/health", verify=False).text == "true"
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """End everything that was started here, and what that has started."""
        for process in reversed(self._processes):
            process.terminate()
        for process in self._processes:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.messages.stop()


class Api:
    """What the server tells, by its API."""

    def __init__(self) -> None:
        self.client: SyncPrefectClient = get_client(sync_client=True)

    @staticmethod
    def wait(what: Callable[[], Any]) -> Any:
        """Wait for what the server tells; each answer costs it a tenth of a second of work, and so a run's step."""
        return wait_for(what, pause=1)

    def post(self, path: str, **body: Any) -> Any:
        return self.client.request("POST", path, json=body).json()  # type: ignore[arg-type]

    def all(self, path: str, **body: Any) -> list[Any]:
        """Return everything that a filter finds, page by page."""
        found: list[Any] = []
        while len(found) % 200 == 0 and (page := self.post(path, limit=200, offset=len(found), **body)):
            found += page
        return found

    def trigger(self, name: str, **parameters: Any) -> str:
        """Ask for a run of a deployment, as a person does on the server's page; return its id."""
        deployment = self.client.read_deployment_by_name(name)
        return str(self.client.create_flow_run_from_deployment(deployment.id, parameters=parameters).id)

    def run(self, number: str) -> Any:
        return self.client.request("GET", "/flow_runs/{id}", path_params={"id": number}).json()

    def ended(self, number: str) -> Any:
        """Wait until a run has ended, and return it."""
        ends = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
        return self.wait(lambda: run if (run := self.run(number))["state_type"] in ends else None)

    def newest(self, deployment: str) -> Any:
        """Return the run of a deployment that started last."""
        wanted = {"deployments": {"name": {"any_": [deployment]}}, "flow_runs": {"start_time": {"is_null_": False}}}
        return self.post("/flow_runs/filter", **wanted, sort="START_TIME_DESC", limit=1)[0]

    def artifacts(self, number: str) -> dict[str, Any]:
        """Return the artifacts of a run by key, the newest of each."""
        found = self.post("/artifacts/filter", artifacts={"flow_run_id": {"any_": [number]}}, sort="KEY_DESC")
        return {one["key"]: one for one in sorted(found, key=lambda one: one["created"]) if one["key"]}

    def logs(self, number: str, *until: str) -> str:
        """Return the log of a run; it is sent by and by, so wait for the words of ``until``."""

        def text() -> str | None:
            found = self.all("/logs/filter", logs={"flow_run_id": {"any_": [number]}}, sort="TIMESTAMP_ASC")
            log = "\n".join(line["message"] for line in found)
            return log if all(word in log for word in until) else None

        return str(self.wait(text))

    def events(self, *prefixes: str) -> list[Any]:
        found = self.post("/events/filter", filter={"event": {"prefix": list(prefixes)}}, limit=50)
        events: list[Any] = found["events"]
        while found["next_page"]:
            found = self.client._client.get(found["next_page"]).json()
            events += found["events"]
        return events


def add_leaflet(root: Path, name: str, text: str | None = None) -> Path:
    """Put a leaflet of Central Asia and its sidecar under ``raw/``, saying ``text`` if that is given."""
    path = root / "raw" / f"{name}.txt"
    path.write_text(text or leaflet(name), encoding="utf-8")
    entry: dict[str, str | None] = {"id": name, "kind": "leaflet", "title": "Leaflet", "publisher": "Secretariat"}
    entry |= {"region": "central-asia", "edition": name[-4:], "url": None, "retrieved_on": DAY, "licence": None}
    path.with_name(f"{name}.txt.yaml").write_bytes(sidecar_text(entry, path.read_bytes()))
    return path


def leaflet(name: str) -> str:
    """Return the words of a leaflet that the tests keep."""
    return (LEAFLETS / f"{name}.txt").read_text(encoding="utf-8")


def kill(*processes: int | str) -> None:
    for number in processes:
        os.kill(int(number), signal.SIGKILL)
