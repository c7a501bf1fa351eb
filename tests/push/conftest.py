"""A small store in two states, and a server that speaks S3, as a process of its own on loopback."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from multiprocessing import set_forkserver_preload
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest

from cbrn_data.cli import main
from cbrn_data.push import lease
from cbrn_data.store.store import Release, Store
from cbrn_data.strict_json import dumped
from tests.conftest import PROJECT, free_port

DOCS = (PROJECT / "docs/push.md").read_text(encoding="utf-8")
SECRET = "a-secret-that-nobody-may-read"

SERVER = """
import sys
from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.serving import run_simple
run_simple("127.0.0.1", int(sys.argv[1]), create_backend_app("s3"), threaded=True)
"""
"""S3 alone: the server of all services looks at each request for the one that it is for."""

FILES = 4
"""How many tables a release has, and how many pages are made of it, besides those with a name of their own."""


@dataclass(frozen=True)
class States:
    """The same store, with one release and later with two; to be read, never changed."""

    older: Path
    newer: Path


@pytest.fixture(scope="session")
def states(tmp_path_factory: pytest.TempPathFactory) -> States:
    home = tmp_path_factory.mktemp("states")
    commit(home / "newer", b"first")
    older = Path(shutil.copytree(home / "newer", home / "older"))
    commit(home / "newer", b"second")
    return States(older, home / "newer")


def derive(published: Path, releases: list[Release]) -> Mapping[str, bytes]:
    """A few small pages that change with each release, one that does not, and one that leaves with the next."""
    newest = releases[-1]
    changing = {f"pages/{number}/index.html": f"{number} {newest.digest}".encode() for number in range(FILES)}
    return changing | {
        "index.html": b"<!DOCTYPE html>",
        f"pages/{newest.version}.html": newest.version.encode(),
        "feed.xml": " ".join(str(release.withdrawn) for release in releases).encode(),
        "latest/rows.csv": (newest.folder / "data/rows.csv").read_bytes(),
        "latest/datapackage.json": newest.digest.encode(),
    }


def commit(published: Path, content: bytes) -> None:
    """Commit a release of a few tables that hold ``content``."""
    with Store(published, derive).writing(0) as writer:
        newest = writer.newest
        sequence = newest.sequence + 1 if newest else 1
        version = f"1.{sequence - 1}.0"
        info = {"version": version, "sequence": sequence, "date": "2026-11-22", "content_digest": content.hex()}
        info["previous"] = newest.digest if newest else None
        tables = {f"data/{number}.csv": b"%d %s" % (number, content) for number in range(FILES)}
        staged = writer.stage(tables | {"data/rows.csv": content, "release.json": dumped(info)})
        writer.add(staged, {"attestation.json": b"{}\n"})
        writer.commit(staged, version)


def check_whole(there: Mapping[str, bytes]) -> None:
    """Follow the index as a reader does: all that it names, directly or not, is there as it says."""
    index = json.loads(there["releases.json"])
    for release in index["releases"]:
        assert sha256(there[f"{release['path']}SHA256SUMS"]).hexdigest() == release["digest"]
        assert f"{release['path']}attestation.json" in there
        for line in there[f"{release['path']}SHA256SUMS"].decode().splitlines():
            digest, name = line.split("  ")
            assert sha256(there[f"{release['path']}{name}"]).hexdigest() == digest


@dataclass(frozen=True)
class Bucket:
    """A bucket: its address for a push, and for the web."""

    client: Any
    name: str
    server: str

    @property
    def target(self) -> str:
        return f"s3://{self.name}/cbrn"

    @property
    def web(self) -> str:
        return f"{self.server}/{self.name}/cbrn/"

    def objects(self) -> dict[str, bytes]:
        """Return every object below ``cbrn/``, also hidden ones."""
        return {key: self.client.get_object(Bucket=self.name, Key=f"cbrn/{key}")["Body"].read() for key in self.names()}

    def names(self) -> list[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix="cbrn/")
        return [entry["Key"].removeprefix("cbrn/") for page in pages for entry in page.get("Contents", [])]

    def head(self, name: str) -> Any:
        return self.client.head_object(Bucket=self.name, Key=f"cbrn/{name}")

    def put(self, name: str, data: bytes) -> None:
        self.client.put_object(Bucket=self.name, Key=f"cbrn/{name}", Body=data)


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that speaks S3; every push of this session finds it in the environment."""
    port = free_port()
    command = [sys.executable, "-c", SERVER, str(port)]
    log = (tmp_path_factory.mktemp("moto") / "log").open("wb")
    process = subprocess.Popen(command, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": "a-name",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            patch.setenv(name, value)
        _wait_for(address, process)
        yield address
    process.kill()
    process.wait()
    log.close()


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        assert process.poll() is None
        try:
            urllib.request.urlopen(f"{address}/", timeout=60).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


_NUMBERS = count()


@pytest.fixture
def bucket(server: str) -> Bucket:
    """An empty bucket that everybody can read by the policy that the documentation gives."""
    import boto3

    name = f"bucket-{next(_NUMBERS)}"
    client = boto3.client("s3")
    client.create_bucket(Bucket=name)
    found = re.search(r"```json\n(.*?)```", DOCS, re.S)
    assert found
    client.put_bucket_policy(Bucket=name, Policy=json.dumps(json.loads(found[1].replace("open-data", name))))
    return Bucket(client, name, server)


class Push(ForkServerProcess):
    """The command line in a process of its own, which writes its errors to a file."""

    def __init__(self, errors: Path, *arguments: object) -> None:
        super().__init__(target=push_in_haste, args=(errors, [*map(str, arguments)], dict(os.environ, COLUMNS="200")))
        self._errors = errors

    def ended(self) -> tuple[int | None, str]:
        """Wait for the end; return the exit code and the errors."""
        self.join(600)
        return self.exitcode, self._errors.read_text(encoding="utf-8")


def push_in_haste(errors: Path, arguments: list[str], environment: dict[str, str]) -> None:
    """Run the command line with a lease that is renewed more often."""
    os.environ.clear()
    os.environ.update(environment)
    with errors.open("w", encoding="utf-8") as sys.stderr, open(os.devnull, "w", encoding="utf-8") as sys.stdout:
        lease.RENEWED, lease.WAIT = 0.5, 60.0
        sys.argv = ["cbrn-data", *arguments]
        main()


Start = Callable[..., Push]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start pushes as processes, from one that has their libraries; those that still run at the end are killed."""
    set_forkserver_preload(["s3fs", "tests.push.conftest"])
    running: list[Push] = []

    def started(*arguments: object) -> Push:
        running.append(Push(tmp_path / f"errors-{len(running)}", *arguments))
        running[-1].start()
        return running[-1]

    yield started
    for process in running:
        process.kill()
        process.join()


def files(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, by name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
