"""A key that is dropped, stolen or lost: what auditors still accept, and what a thief can no longer do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cbrn_data import pipeline
from cbrn_data.errors import PushError
from cbrn_data.push.push import push
from cbrn_data.settings import Settings
from cbrn_data.signing.keys import fingerprint, make_local_key, public_pem, read_private_key, rotate_local_key
from tests.cli.conftest import run
from tests.conftest import PROJECT
from tests.history import OTHER, OWN, write_key
from tests.trees import tree
from tests.trust.test_metadata import served
from tests.verify import forging
from tests.verify.conftest import Verify

pytestmark = pytest.mark.usefixtures("without_pages")
VOUCHED = f"signed by {fingerprint(OWN.public_key())}, not pinned, but the metadata vouch for its digests"


def pin(folder: Path, *keys: Ed25519PrivateKey) -> Path:
    path = folder / "pins.pem"
    path.write_bytes(b"".join(public_pem(key.public_key()) for key in keys))
    return path


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """The file of the private key that comes after OWN."""
    return write_key(tmp_path / "other.pem", OTHER)


@pytest.fixture
def rotated(store: Path, own: Path, tmp_path: Path) -> Path:
    """The three releases, which OWN signed, after a rotation to OTHER."""
    forging.rotate_store(store, own, OTHER, tmp_path / "other.pem")
    return store


def steal(store: Path) -> None:
    """Add a release to a store, as somebody who stole the key that was dropped."""
    last, added = store / "releases/1.1.1", store / "releases/1.2.0"
    shutil.copytree(last, added)
    forging.edit_record(added, version="1.2.0", sequence=4, previous=forging.digest(last / "SHA256SUMS"))
    forging.resign(added, OWN)


def test_a_dropped_key_spoils_no_release_that_the_metadata_name(rotated: Path, tmp_path: Path, verify: Verify) -> None:
    pins = str(pin(tmp_path, OTHER))
    said = verify(rotated, CBRN_DATA_TRUSTED_KEYS=pins)
    assert said.code == 0 and said.of("passed")["signature"].count(VOUCHED) == 3
    with served(rotated) as address:
        assert verify(address, CBRN_DATA_TRUSTED_KEYS=pins, no_proxy="*").code == 0
    for one in ("releases/1.0.0", "latest"):
        assert VOUCHED in verify(rotated / one, CBRN_DATA_TRUSTED_KEYS=pins).of("passed")["signature"]
    alone = shutil.copytree(rotated / "releases/1.0.0", tmp_path / "1.0.0")
    assert "not signed by any pinned key" in verify(alone, CBRN_DATA_TRUSTED_KEYS=pins).of("failed")["signature"]
    forging.flip(rotated / "releases/1.0.0/attestation.json")
    assert (
        verify(rotated, CBRN_DATA_TRUSTED_KEYS=pins).of("failed")["metadata"].endswith("is not what the metadata vouch for")
    )
    said = verify(rotated / "releases/1.0.0", CBRN_DATA_TRUSTED_KEYS=pins)
    assert said.code == 1 and said.of("not checked")["files"].endswith("not signed by a pinned key")


def test_a_dropped_key_signs_no_release_any_more(rotated: Path, tmp_path: Path, verify: Verify) -> None:
    steal(rotated)
    pins = str(pin(tmp_path, OTHER))
    said = verify(rotated, CBRN_DATA_TRUSTED_KEYS=pins)
    assert said.code == 1
    assert said.of("failed") == {"signature": " 1.2.0: attestation.json is not signed by any pinned key"}
    assert "1.0.0" in said.of("passed")["files"]
    chain = " store: not named by the metadata, and not signed by a key of the root: 1.2.0"
    assert verify(rotated).of("failed")["chain"] == chain


def test_a_new_key_since_the_memory_is_told_once(store: Path, own: Path, tmp_path: Path, verify: Verify) -> None:
    memory = tmp_path / "memory.json"
    assert verify(store, "--remember", memory).notices == []
    forging.rotate_store(store, own, OTHER, tmp_path / "other.pem")
    said = verify(store, "--remember", memory)
    assert said.code == 0
    new = f"the root names a new key, {fingerprint(OTHER.public_key())}; ask the publisher to confirm it"
    assert said.notices == [f"store: {new}, then add it to keys.trusted"]
    assert verify(store, "--remember", memory).notices == []


def test_a_lost_key_is_replaced_by_a_root_of_the_new_one(store: Path, other: Path, tmp_path: Path, verify: Verify) -> None:
    mirror = tmp_path / "mirror"
    push(store, f"file://{mirror}")
    shutil.rmtree(store / "metadata")
    forging.complete(store, other)
    with pytest.raises(PushError, match=r"metadata/timestamp\.json: is ahead"):
        push(store, f"file://{mirror}")
    shutil.rmtree(mirror / "metadata")
    push(store, f"file://{mirror}")
    there, here = ([(name, data) for name, (_, data) in tree(one).items() if data] for one in (mirror, store))
    assert there == here
    said = verify(store, CBRN_DATA_TRUSTED_KEYS=str(pin(tmp_path, OTHER)))
    assert said.code == 0 and said.of("passed")["signature"].count(VOUCHED) == 3
    assert "root 1, of a pinned key" in said.of("passed")["metadata"]
    failed = verify(store, CBRN_DATA_TRUSTED_KEYS=str(pin(tmp_path, OWN))).of("failed")
    assert failed["metadata"] == " store: no root is signed by the pinned keys"


@pytest.mark.parametrize("mend", ["publish", "rotate"])
def test_a_rotation_that_was_cut_short_is_finished(mend: str, store: Path, tmp_path: Path, verify: Verify) -> None:
    state = {"CBRN_DATA_STATE": str(tmp_path / "state")}
    write_key(make_local_key(tmp_path / "state"), OWN)
    memory = tmp_path / "memory.json"
    assert verify(store, "--remember", memory).code == 0
    _, new = rotate_local_key(tmp_path / "state")
    name = fingerprint(read_private_key(new, "new").public_key())
    if mend == "publish":
        with pipeline.open_store(Settings(PROJECT, store, state=tmp_path / "state")).writing():
            pass
    else:
        done = run("key", "rotate", "--published", store, **state)
        assert done.code == 0 and "is in force" in done.out
    shown = "".join(run("key", "--published", store, **state).out.split())
    assert shown.count(name) == 3 and "version2" in shown
    said = verify(store, "--remember", memory)
    assert said.code == 0 and any("names a new key" in notice for notice in said.notices)
