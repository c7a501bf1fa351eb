"""The metadata of a store, read by a TUF client that is not ours; what it refuses, and how a root is replaced."""

from __future__ import annotations

import functools
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
    UnsignedMetadataError,
)
from tuf.api.metadata import Metadata, Root, Timestamp
from tuf.ngclient import Updater, UpdaterConfig

import cbrn_data as cbrn
from cbrn_data.errors import CbrnDataError, ReleaseError, UntrustedError, VerificationError
from cbrn_data.signing.keys import SigningKey, public_pem
from cbrn_data.store.store import Release, Store
from cbrn_data.strict_json import dumped
from cbrn_data.trust import rotate
from cbrn_data.trust.client import Read, in_folder, keys_in, trusted
from cbrn_data.trust.roles import DAYS, written
from cbrn_data.trust.sign import Sign
from cbrn_data.verify.results import FAILED
from cbrn_data.verify.vouched import check_vouched
from tests.trees import copied, tree

ONE, TWO, THREE, NEW = (Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in range(11, 15))
TODAY = date.today()


def on(days: int) -> str:
    """Return a day, counted from today: the clients here go by the clock."""
    return (TODAY + timedelta(days)).isoformat()


def derive(published: Path, releases: Sequence[Release]) -> Mapping[str, bytes]:
    newest = releases[-1]
    page = {f"pages/{newest.version}.html": b"page"}
    return {"feed.xml": str([(one.version, one.withdrawn) for one in releases]).encode(), "index.html": b"x", **page}


def store(published: Path, key: Ed25519PrivateKey, days: int = 0, roots: Sequence[bytes] = ()) -> Store:
    return Store(published, derive, "same", Sign(lambda: SigningKey(key, False), on(days), tuple(roots)))


def publish(published: Path, key: Ed25519PrivateKey, content: bytes, days: int = 0) -> None:
    with store(published, key, days).writing(0) as writer:
        newest = writer.newest
        sequence = newest.sequence + 1 if newest else 1
        info: dict[str, Any] = {"version": f"1.{sequence - 1}.0", "sequence": sequence, "date": "2026-11-22"}
        info |= {"counts": {}, "summary": "", "content_digest": content.hex(), "previous": newest.digest if newest else None}
        staged = writer.stage({"rows.csv": content, "release.json": dumped(info)})
        writer.add(staged, {"attestation.json": b"{}\n"})
        writer.commit(staged, info["version"])


def put(published: Path, key: Ed25519PrivateKey, *roots: bytes, days: int = 0) -> None:
    """Open the store and close it: what a publication with nothing new does."""
    with store(published, key, days, roots).writing(0):
        pass


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        """Stay quiet."""


class Client:
    """python-tuf's own client with its own requests, of a store behind an address; it keeps what it trusts."""

    def __init__(self, address: str, folder: Path, root: bytes) -> None:
        self._address, self.folder, self._root = address, folder, root
        (folder / "files").mkdir(parents=True)

    def read(self, name: str = "releases.json") -> bytes:
        kept = (self.folder / "root.json").exists()
        updater = Updater(
            str(self.folder),
            f"{self._address}metadata/",
            str(self.folder / "files"),
            self._address,
            config=UpdaterConfig(prefix_targets_with_hash=False),
            bootstrap=None if kept else self._root,
        )
        target = updater.get_targetinfo(name)
        assert target is not None, name
        return Path(updater.download_target(target)).read_bytes()


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A store of one release, whose one key holds every role."""
    publish(tmp_path / "published", ONE, b"first")
    return tmp_path / "published"


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder; yield its address."""
    handler = functools.partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def client(published: Path, tmp_path: Path) -> Iterator[Client]:
    """A client that has read the store once."""
    root = (published / "metadata/1.root.json").read_bytes()
    with served(published) as address:
        made = Client(address, tmp_path / "client", root)
        made.read()
        yield made


def saved(published: Path, to: Path) -> Path:
    return copied(published, to)


def exchange(published: Path, other: Path, *names: str) -> None:
    """Serve files of another state; without names, the whole state."""
    if not names:
        shutil.rmtree(published)
        shutil.copytree(other, published)
    for name in names:
        shutil.copy(other / name, published / name)


def test_another_client_reads_everything_that_is_published(published: Path, client: Client) -> None:
    publish(published, ONE, b"next", days=1)
    store(published, ONE, 2).withdraw("1.0.0", "wrong", on(2), wait=0)
    names = [name for name, (_, data) in tree(published).items() if data and not name.startswith("metadata/")]
    outside = [
        name for name in names if not name.startswith("releases/") or name.endswith(("SHA256SUMS", "attestation.json"))
    ]
    assert len(outside) == 8
    for name in outside:
        assert client.read(name) == (published / name).read_bytes()


def test_the_same_publication_gives_the_same_metadata(tmp_path: Path) -> None:
    for name in ("one", "two"):
        publish(tmp_path / name, ONE, b"first")
        publish(tmp_path / name, ONE, b"next", days=3)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert sorted(path.name for path in (tmp_path / "one/metadata").iterdir()) == [
        "1.root.json", "2.snapshot.json", "2.targets.json", "timestamp.json",
    ]  # fmt: skip


def test_nothing_new_writes_nothing_until_half_of_the_time_is_over(published: Path, client: Client) -> None:
    before = tree(published)
    half = DAYS[Timestamp.type] // 2
    put(published, ONE, days=half)
    assert tree(published) == before
    put(published, ONE, days=half + 1)
    changed = {name for name, state in tree(published).items() if before.get(name) != state}
    assert changed - {"metadata"} == {"metadata/timestamp.json"}
    client.read()
    put(published, ONE, days=DAYS[Root.type] // 2 + 1)
    assert trusted_versions(published) == (2, 2, 3)
    client.read()


def trusted_versions(published: Path) -> tuple[int, int, int]:
    """Return the versions of root, state and timestamp."""
    roots = len(list((published / "metadata").glob("*.root.json")))
    timestamp = Metadata[Timestamp].from_file(str(published / "metadata/timestamp.json")).signed
    return roots, timestamp.snapshot_meta.version, timestamp.version


def test_a_rollback_is_refused(published: Path, client: Client, tmp_path: Path) -> None:
    old = saved(published, tmp_path / "old")
    publish(published, ONE, b"next")
    client.read()
    exchange(published, old)
    with pytest.raises(BadVersionNumberError):
        client.read()


def test_a_withdrawal_that_is_taken_back_without_the_key_is_refused(published: Path, client: Client, tmp_path: Path) -> None:
    old = saved(published, tmp_path / "old")
    store(published, ONE).withdraw("1.0.0", "wrong", on(0), wait=0)
    exchange(published, old, "releases.json", "feed.xml")
    for name in ("releases.json", "feed.xml"):
        with pytest.raises((LengthOrHashMismatchError, DownloadError)):
            client.read(name)


@pytest.mark.parametrize("name", ["1.targets.json", "1.snapshot.json"])
def test_a_mixture_of_states_is_refused(name: str, published: Path, client: Client) -> None:
    publish(published, ONE, b"next")
    metadata = published / "metadata"
    shutil.copy(metadata / name.replace("1", "2"), metadata / name)
    (metadata / name.replace("1", "2")).write_bytes((client.folder / name.partition(".")[2]).read_bytes())
    with pytest.raises(RepositoryError):
        client.read()


def test_a_server_that_holds_back_newer_states_is_refused_when_their_time_is_over(tmp_path: Path) -> None:
    publish(tmp_path / "late", ONE, b"first", days=-DAYS[Timestamp.type] - 1)
    root = (tmp_path / "late/metadata/1.root.json").read_bytes()
    with served(tmp_path / "late") as address, pytest.raises(ExpiredMetadataError):
        Client(address, tmp_path / "client", root).read()
    said = trusted(in_folder(tmp_path / "late/metadata"), tmp_path / "ours")
    assert said.ended == "timestamp.json is expired" and "releases.json" in said.targets


# --- our client


@pytest.fixture
def address(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the store, which our client has read once."""
    monkeypatch.setenv("CBRN_DATA_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("no_proxy", "*")
    with served(published) as address:
        assert [release.version for release in cbrn.releases(address)] == ["1.0.0"]
        yield address


def test_our_client_goes_on_with_the_store(published: Path, address: str) -> None:
    publish(published, ONE, b"next")
    put(published, NEW, signed(draft(published, (TWO, THREE), 1, NEW), ONE, TWO))
    publish(published, NEW, b"third")
    assert [release.version for release in cbrn.releases(address)] == ["1.2.0", "1.1.0", "1.0.0"]


def roll_back(published: Path, address: str) -> None:
    old = saved(published, published.with_name("old"))
    publish(published, ONE, b"next")
    assert cbrn.releases(address)[0].version == "1.1.0"
    exchange(published, old)


def edit_index(published: Path, address: str) -> None:
    index = published / "releases.json"
    index.write_bytes(
        index.read_bytes().replace(b'"withdrawn": null', b'"withdrawn": {"reason": "x", "date": "2026-11-22"}')
    )


def start_anew(published: Path, address: str) -> None:
    shutil.rmtree(published / "metadata")
    put(published, NEW)


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        (roll_back, "of an older state than the one seen before: New timestamp version 1 must be >= 2"),
        (edit_index, "releases.json: is not what the metadata vouch for"),
        (start_anew, "timestamp was signed by 0/1 keys"),
        (lambda published, _: shutil.rmtree(published / "metadata"), "timestamp.json is missing"),
    ],
    ids=["roll back", "withdraw", "another root", "take away"],
)
def test_our_client_refuses_what_nobody_signed(
    attack: Callable[[Path, str], object], said: str, published: Path, address: str
) -> None:
    attack(published, address)
    with pytest.raises(UntrustedError, match=said):
        cbrn.releases(address)


def test_our_client_refuses_metadata_that_have_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CBRN_DATA_STATE", str(tmp_path / "state"))
    publish(tmp_path / "late", ONE, b"first", days=-DAYS[Timestamp.type] - 1)
    with served(tmp_path / "late") as address, pytest.raises(UntrustedError, match="a newer state may be held back"):
        cbrn.releases(address)


def test_our_client_needs_no_cryptography(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("securesystemslib.signer._key.CRYPTO_IMPORT_ERROR", "not installed")
    assert cbrn.releases(address)


def test_our_client_begins_with_pinned_keys(
    address: str, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, state in ((ONE, "right"), (TWO, "wrong")):
        (tmp_path / "trusted.pem").write_bytes(public_pem(key.public_key()))
        monkeypatch.setenv("CBRN_DATA_TRUSTED_KEYS", str(tmp_path / "trusted.pem"))
        monkeypatch.setenv("CBRN_DATA_STATE", str(tmp_path / state))
        if key is ONE:
            assert cbrn.releases(address)
        else:
            with pytest.raises(UntrustedError, match="no root is signed by the pinned keys"):
                cbrn.releases(address)
    shutil.rmtree(published / "metadata")
    with pytest.raises(UntrustedError, match="has no metadata, so no pinned key vouches for its index"):
        cbrn.releases(address)


# --- keys


def draft(published: Path, root: Sequence[Ed25519PrivateKey], threshold: int, online: Ed25519PrivateKey) -> Metadata[Root]:
    keys = [key.public_key() for key in root]
    return rotate.next_root(rotate.roots_of(published)[-1], on(0), keys, threshold, [online.public_key()])


def signed(made: Metadata[Root], *keys: Ed25519PrivateKey) -> bytes:
    for key in keys:
        rotate.add_signature(made, key)
    return written(made)


@pytest.fixture
def offline(published: Path) -> Path:
    """The store with a root of which two of three keys sign, all offline; ONE signs publications."""
    put(published, ONE, signed(draft(published, (TWO, THREE, NEW), 2, ONE), ONE, TWO, NEW))
    return published


def test_two_of_three_keys_and_an_offline_root(offline: Path, client: Client) -> None:
    client.read()
    publish(offline, ONE, b"next")
    assert client.read() == (offline / "releases.json").read_bytes()
    assert trusted_versions(offline)[0] == 2
    newest = rotate.roots_of(offline)[-1]
    made = draft(offline, (), 2, NEW)
    assert rotate.lacking(made, newest).startswith("0 of 2 signatures by keys of the root before")
    one = signed(made, THREE)
    assert rotate.lacking(made, newest).startswith("1 of 2 signatures by keys of the root before")
    with pytest.raises(ReleaseError, match="is not signed by its own keys and those of the root before"):
        put(offline, NEW, one)
    rotate.add_signature(made, TWO)
    assert rotate.lacking(made, newest) == ""
    put(offline, NEW, written(made))
    publish(offline, NEW, b"third")
    assert client.read() == (offline / "releases.json").read_bytes()


@pytest.mark.parametrize("threshold", [0, 4])
def test_a_threshold_that_nobody_could_reach_is_refused(threshold: int, offline: Path) -> None:
    with pytest.raises(CbrnDataError, match="between 1 and the number of root keys, 3"):
        draft(offline, (), threshold, ONE)


def test_a_stolen_online_key_is_shut_out_by_a_new_root(offline: Path, client: Client, tmp_path: Path) -> None:
    good = saved(offline, tmp_path / "good")
    publish(offline, ONE, b"by the thief")
    for day in range(1, 40, 13):
        put(offline, ONE, days=day)  # higher and higher versions
    client.read()  # nothing shows it yet
    exchange(offline, good)
    put(offline, NEW, signed(draft(offline, (), 2, NEW), TWO, THREE))
    assert client.read() == (offline / "releases.json").read_bytes()
    publish(good, ONE, b"again by the thief")
    exchange(offline, good, *(f"metadata/{path.name}" for path in (good / "metadata").iterdir()))
    with pytest.raises(UnsignedMetadataError):
        client.read()


def test_a_thief_of_the_online_key_cannot_replace_the_root(offline: Path) -> None:
    made = draft(offline, (ONE,), 1, ONE)
    with pytest.raises(ReleaseError, match=r"3\.root\.json: is not signed"):
        put(offline, ONE, signed(made, ONE))


def test_a_copy_without_the_key_starts_a_root_of_its_own(published: Path, client: Client, tmp_path: Path) -> None:
    copy = saved(published, tmp_path / "copy")
    before = tree(copy)
    put(copy, NEW)
    put(copy, NEW, days=DAYS[Timestamp.type])
    assert tree(copy) == before  # nothing is new, and the time is for the owner of the key to renew
    with store(copy, NEW).writing(0) as writer:
        writer.withdraw("1.0.0", {"reason": "wrong", "date": on(0)})
    trusted(in_folder(copy / "metadata"), tmp_path / "ours")
    assert keys_in(tmp_path / "ours") == {NEW.public_key().public_bytes_raw().hex()}
    assert [path.name for path in (copy / "metadata").glob("*.root.json")] == ["1.root.json"]
    exchange(published, copy)
    with pytest.raises(RepositoryError):
        client.read()


@pytest.fixture
def without_timestamp(published: Path, tmp_path: Path) -> Path:
    """A store whose second root, of another key, is in force, but not its timestamp: the last step was not done."""
    old = saved(published, tmp_path / "old")
    put(published, NEW, signed(draft(published, (NEW,), 1, NEW), ONE, NEW))
    exchange(published, old, *(f"metadata/{name}" for name in ("1.targets.json", "1.snapshot.json", "timestamp.json")))
    return published


def faults(published: Path, pin: Ed25519PrivateKey | None = None, kept: Path | None = None, served: bool = False) -> str:
    """Return why the metadata fail; empty if they are only cut short."""
    results = check_vouched(published, [pin.public_key()] if pin else [], kept, served).results
    failed = [result.detail for result in results if result.result == FAILED]
    assert failed or "root 2 is there, but not its timestamp" in str(results)
    return "; ".join(failed)


def test_a_new_root_without_its_timestamp_is_cut_short(without_timestamp: Path, tmp_path: Path) -> None:
    before = tmp_path / "knows the root before"
    trusted(hiding("2.root.json", in_folder(without_timestamp / "metadata")), before)
    assert [faults(without_timestamp), faults(without_timestamp, ONE), faults(without_timestamp, kept=before)] == [""] * 3
    for name in ("2.targets.json", "2.snapshot.json"):  # interrupted earlier
        (without_timestamp / "metadata" / name).unlink()
    assert faults(without_timestamp) == ""
    put(without_timestamp, NEW)
    assert trusted(in_folder(without_timestamp / "metadata"), tmp_path / "new").root.version == 2


def hiding(hidden: str, read: Read) -> Read:
    return lambda name: read(name if name != hidden else "none")


def test_nothing_hides_behind_a_root_without_its_timestamp(without_timestamp: Path, tmp_path: Path) -> None:
    """Whoever knows the new root accepts nothing of the key before, and nobody accepts it from a server."""
    unsigned = "timestamp was signed by 0/1 keys"
    assert unsigned in faults(without_timestamp, NEW) and unsigned in faults(without_timestamp, served=True)
    copy = saved(without_timestamp, tmp_path / "done")
    put(copy, NEW)
    trusted(in_folder(copy / "metadata"), tmp_path / "knows")
    assert unsigned in faults(without_timestamp, kept=tmp_path / "knows")
    (without_timestamp / "feed.xml").write_bytes(b"x")
    assert faults(without_timestamp) == "feed.xml is not what the metadata vouch for"
    publish(copy, THREE, b"by a stranger")
    exchange(without_timestamp, copy, "metadata/timestamp.json")
    assert unsigned in faults(without_timestamp)


def test_a_root_of_its_own_without_its_timestamp_says_the_way_out(published: Path, tmp_path: Path) -> None:
    copy = saved(published, tmp_path / "copy")
    publish(copy, NEW, b"next")
    exchange(published, copy, "metadata/1.root.json")
    with pytest.raises(UntrustedError, match="timestamp"):
        trusted(in_folder(published / "metadata"), tmp_path / "client")
    assert "; if a change of the root was interrupted here, repeat the command" in faults(published)


def test_our_client_begins_with_the_root_that_pinned_keys_sign(offline: Path, tmp_path: Path) -> None:
    read = in_folder(offline / "metadata")
    for number, pins in enumerate(((ONE,), (TWO, THREE), (TWO, NEW))):
        names = frozenset(key.public_key().public_bytes_raw().hex() for key in pins)
        if pins == (TWO, THREE):  # only TWO signed
            with pytest.raises(VerificationError, match="no root is signed by the pinned keys"):
                trusted(read, tmp_path / str(number), names)
        else:
            assert trusted(read, tmp_path / str(number), names).root.version == 2


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("timestamp.json", b"{}", "timestamp.json: is missing or damaged; restore metadata/ from version control"),
        ("timestamp.json", None, "timestamp.json: is missing or damaged"),
        ("1.root.json", b"[" * 100_000, "1.root.json is not TUF metadata; restore metadata/ from version control"),
        ("2.root.json", None, "lacks a root between"),
    ],
)
def test_damaged_metadata_are_not_signed_over(name: str, data: bytes | None, message: str, offline: Path) -> None:
    put(offline, ONE, signed(draft(offline, (), 2, ONE), TWO, NEW))
    publish(offline, ONE, b"next")
    (offline / "metadata" / name).unlink() if data is None else (offline / "metadata" / name).write_bytes(data)
    with pytest.raises(ReleaseError, match=message):
        put(offline, ONE)


def test_targets_that_were_changed_are_signed_again(published: Path, client: Client) -> None:
    (published / "metadata/1.targets.json").write_bytes(b"{}")
    put(published, ONE)
    assert trusted_versions(published) == (1, 2, 2)
    assert client.read("feed.xml") == (published / "feed.xml").read_bytes()
