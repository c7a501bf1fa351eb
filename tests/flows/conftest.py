"""One Prefect server for all tests of flows that one worker of pytest runs, because it takes seconds to start."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.conftest import PROJECT

sys.path.insert(0, str(PROJECT))

import flows  # noqa: F401  (its settings must stand before Prefect is imported)

# isort: split
from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, PREFECT_HOME, temporary_settings

from cbrn_data.signing.keys import make_local_key
from flows.local import SQLITE, make_database
from tests.flows.team import Api, Team, documented, wait_for


@pytest.fixture(scope="package")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """A project with a server, started as the README says; nothing is deployed yet."""
    team = Team(tmp_path_factory.mktemp("team"))
    team.key.parent.mkdir()
    make_local_key(team.key.parent).rename(team.key)
    make_database(f"{SQLITE}{team.home}/.prefect/prefect.db")
    try:
        address, server = documented("README.md")[:2]
        team.follow(address)
        team.start(server.command, until=team.here(server.prints[0]))
        wait_for(team.answers)
        auth = team.secrets["PREFECT_API_AUTH_STRING"]
        here = {PREFECT_API_URL: f"{team.address}/api", PREFECT_API_AUTH_STRING: auth, PREFECT_HOME: team.home / "here"}
        with temporary_settings(here):
            yield team
            EventsWorker.drain_all()
            APILogWorker.drain_all()
    finally:
        team.stop()


@pytest.fixture(scope="package")
def api(team: Team) -> Api:
    """The server's API."""
    return Api()
