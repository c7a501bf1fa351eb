"""Prefect's server for one run on this machine, in this process.

If no server is configured, Prefect starts one in a process of its own, which imports all of Prefect again and runs every
migration for a new database. Here the server is a thread of the run: nothing is imported twice, and it ends with the run. A
new database is made from ``database.sql``, the tables that the migrations of one version of Prefect produce (``python -m
flows.local`` writes it); another version migrates as usual.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from contextvars import copy_context
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from time import monotonic, sleep
from typing import Any

import prefect
from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.sorting import FlowRunSort
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import (
    PREFECT_API_DATABASE_CONNECTION_URL,
    PREFECT_API_URL,
    PREFECT_SERVER_EPHEMERAL_ENABLED,
    temporary_settings,
)

from cbrn_data.errors import MachineError

THREAD = "prefect-server"
TABLES = Path(__file__).with_name("database.sql")
HEAD = f"-- The tables of Prefect {prefect.__version__}, as its migrations make them.\n"
SQLITE = "sqlite+aiosqlite:///"
_ENDS = [f"prefect.flow-run.{name}" for name in ("Completed", "Failed", "Crashed", "Cancelled")]
PATIENCE = 10.0
"""Most seconds to wait until the server has stored the end of a run."""


@contextmanager
def local_server() -> Iterator[None]:
    """Serve runs from this process, unless a server is set. Raises MachineError if it does not start.

    At the end, all logs and events are with the server before it stops: Prefect would wait for a minute otherwise.
    """
    if PREFECT_API_URL.value() or not PREFECT_SERVER_EPHEMERAL_ENABLED.value():
        yield
        return
    make_database(str(PREFECT_API_DATABASE_CONNECTION_URL.value()))
    import uvicorn
    from prefect.server.api.server import create_app

    app = create_app(ephemeral=True, ignore_cache=True)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="on"))
    thread = Thread(target=copy_context().run, args=(server.run,), name=THREAD, daemon=True)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise MachineError("Prefect's server does not start, for the reason above")
            sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        with temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{port}/api"}):
            try:
                yield
            finally:
                EventsWorker.drain_all()
                APILogWorker.drain_all()
                _wait_for_history()
    finally:
        server.should_exit = True
        thread.join()


def _wait_for_history() -> None:
    """Wait until the end of the run is among the stored events.

    The server stores events from time to time, and once more when it stops; if its database is busy then, it drops them.
    """
    with get_client(sync_client=True) as client:
        for run in client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC, limit=1):
            wanted = {"resource": {"id": [f"prefect.flow-run.{run.id}"]}, "event": {"name": _ENDS}}
            end = monotonic() + PATIENCE
            while monotonic() < end and not _events(client, wanted):
                sleep(0.05)


def _events(client: SyncPrefectClient, wanted: dict[str, Any]) -> list[Any]:
    found: list[Any] = client.request("POST", "/events/filter", json={"filter": wanted}).json()["events"]
    return found


def make_database(address: str) -> None:
    """Make the database of a new Prefect, if it is a file that does not exist, and ``database.sql`` is of this version."""
    path, text = Path(address.removeprefix(SQLITE)), TABLES.read_text(encoding="utf-8")
    if not address.startswith(f"{SQLITE}/") or path.exists() or not text.startswith(HEAD):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}-{os.getpid()}")
    with closing(sqlite3.connect(part)) as database:
        database.executescript(text)
    os.link(part, path)
    part.unlink()


def migrated() -> str:
    """Return ``database.sql`` for the installed Prefect, from a database that its own command makes."""
    with TemporaryDirectory() as home:
        command = [sys.executable, "-m", "prefect", "server", "database", "upgrade", "--yes"]
        place = Path(home) / "prefect.db"
        environment = os.environ | {"PREFECT_HOME": home, "PREFECT_API_DATABASE_CONNECTION_URL": f"{SQLITE}{place}"}
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        with closing(sqlite3.connect(place)) as database:
            return HEAD + "".join(f"{line}\n" for line in database.iterdump())


if __name__ == "__main__":
    TABLES.write_text(migrated(), encoding="utf-8")
