"""A push to folders and to a real S3-speaking server: whole, in order, again, cut short, and two at once."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import signal
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from fsspec.implementations.local import LocalFileSystem
from s3fs import S3FileSystem

from cbrn_data.errors import PushError
from cbrn_data.push import lease
from cbrn_data.push import push as pushing
from cbrn_data.push.contents import FOR_EVER, Item, read_contents
from cbrn_data.push.lease import LEASE_FILE, leased
from cbrn_data.push.place import ConflictError, Place, Seen
from cbrn_data.push.push import open_place
from cbrn_data.push.push import push as run_push
from cbrn_data.store.store import Store
from tests.cli.conftest import Done, run
from tests.push.conftest import DOCS, SECRET, Bucket, Push, Start, States, check_whole, commit, derive, files
from tests.trees import copied


@pytest.fixture(autouse=True)
def without_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody writes a lease at the same time as a push in this process: those that do are processes of their own."""
    monkeypatch.setattr(lease, "_PAUSE", 0.0)


def push(published: Path, target: object) -> Done:
    return run("push", target, "--published", published, "--json")


def test_a_dry_run_lists_what_a_push_then_does_and_nothing_new_makes_no_version(states: States, bucket: Bucket) -> None:
    bucket.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    push(states.older, bucket.target)

    def versions() -> set[str]:
        found = bucket.client.list_object_versions(Bucket=bucket.name)
        return {entry["VersionId"] for kind in ("Versions", "DeleteMarkers") for entry in found.get(kind, [])}

    before = versions()
    assert push(states.older, bucket.target).json["pushed"] is False
    dry = run("push", bucket.target, "--published", states.newer, "--dry-run", "--json").json
    said = run("push", bucket.target, "--published", states.newer, "--dry-run").out
    assert versions() == before and dry["pushed"] is False
    assert "  upload releases/1.1.0/SHA256SUMS\n" in said and "  remove pages/1.0.0.html\nWould upload " in said
    done = push(states.newer, bucket.target).json
    assert done == dry | {"pushed": True, "dry_run": False}


def test_the_target_of_the_settings_is_the_default(states: States, tmp_path: Path) -> None:
    (tmp_path / "cbrn-data.toml").write_text(f'[push]\ntarget = "file://{tmp_path}/www"\n')
    assert run("push", "--root", tmp_path, "--published", states.older).code == 0
    assert files(tmp_path / "www") == files(states.older)
    (tmp_path / "cbrn-data.toml").unlink()
    done = run("push", "--root", tmp_path, "--published", states.older)
    assert done.code == 2 and "no target; name one" in done.err


def test_only_what_changed_is_put_and_what_is_derived_no_more_leaves(states: States, bucket: Bucket) -> None:
    push(states.older, bucket.target)
    before = {name: bucket.head(name)["LastModified"] for name in bucket.names()}
    time.sleep(1.1)
    done = push(states.newer, bucket.target).json
    assert bucket.objects() == files(states.newer)
    put = {name for name in bucket.names() if bucket.head(name)["LastModified"] != before.get(name)}
    old, new = files(states.older), files(states.newer)
    assert put == set(done["put"]) == {name for name in new if old.get(name) != new[name]}
    assert done["removed"] == sorted(old.keys() - new.keys()) == ["pages/1.0.0.html"]


@pytest.mark.parametrize(
    ("name", "kind", "cache"),
    [
        ("releases.json", "application/json", "no-cache"),
        ("index.html", "text/html; charset=utf-8", "public, max-age=300"),
        ("latest/rows.csv", "text/csv; charset=utf-8", "public, max-age=300"),
        ("releases/1.0.0/SHA256SUMS", "text/plain; charset=utf-8", "public, max-age=31536000, immutable"),
        ("releases/1.0.0/attestation.json", "application/json", "public, max-age=31536000, immutable"),
    ],
)
def test_headers(states: States, server: str, headed: Bucket, name: str, kind: str, cache: str) -> None:
    head = headed.head(name)
    assert (head["ContentType"], head["CacheControl"]) == (kind, cache)
    assert "ContentEncoding" not in head


@pytest.fixture(scope="module")
def headed(states: States, server: str) -> Bucket:
    import boto3

    client = boto3.client("s3")
    client.create_bucket(Bucket="headed")
    push(states.older, "s3://headed/cbrn")
    return Bucket(client, "headed", server)


@pytest.mark.parametrize("kind", ["bucket", "folder"])
def test_a_file_that_the_place_has_under_another_name_is_not_uploaded(
    kind: str, states: States, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = bucket.target if kind == "bucket" else f"file://{tmp_path / 'www'}"
    uploaded: list[str] = []
    place = type(open_place(target))
    put = place.put

    def counted(self: Place, item: Item, seen: Seen | None) -> None:
        uploaded.append(item.sha256)
        put(self, item, seen)

    monkeypatch.setattr(place, "put", counted)
    monkeypatch.setattr(place, "at_once", 1)  # two files that are alike can be uploaded at once
    monkeypatch.setattr(pushing, "LARGE", 0)
    for state in (states.older, states.newer):
        run_push(state, target)
        assert (bucket.objects() if kind == "bucket" else files(tmp_path / "www")) == files(state)
    assert len(uploaded) == len(set(uploaded))
    if kind == "bucket":
        assert bucket.head("latest/rows.csv")["CacheControl"] == "public, max-age=300"


def test_a_folder_and_memory(states: States, tmp_path: Path) -> None:
    target = tmp_path / "www" / "data"
    assert push(states.older, f"file://{target}").code == 0
    assert files(target) == files(states.older)
    assert push(states.newer, f"file://{target}").code == 0
    assert files(target) == files(states.newer)
    check_whole(files(target))
    assert push(states.newer, f"file://{target}").json["pushed"] is False
    assert push(states.newer, "memory://a/b").json["pushed"] is True
    assert push(states.newer, "memory://a/b").json["pushed"] is False


def test_releases_come_first_and_the_index_last(states: States) -> None:
    stages = [[item.name for item in stage] for stage in read_contents(states.newer).stages]
    names = [name for stage in stages for name in stage]
    assert sorted([*names, "releases.json"]) == sorted(files(states.newer))
    assert stages[1:3] == [
        [f"releases/{version}/{name}" for version in ("1.0.0", "1.1.0")] for name in ("SHA256SUMS", "attestation.json")
    ]
    assert all(name.startswith("releases/") for stage in stages[:3] for name in stage)
    assert not any(name.startswith("releases/") for stage in stages[3:] for name in stage)
    assert stages[-1] == ["latest/datapackage.json"]


@pytest.fixture
def half(states: States, bucket: Bucket, start: Start) -> Push:
    """A push that is stopped in the middle, with some files put and no index of the new state."""
    push(states.older, bucket.target)
    goal = len(bucket.names()) + 4
    process = start("push", bucket.target, "--published", states.newer)
    while len(bucket.names()) < goal:
        assert process.is_alive()
    assert process.pid
    os.kill(process.pid, signal.SIGSTOP)
    there = bucket.objects()
    assert there["releases.json"] == files(states.older)["releases.json"]
    assert files(states.older).items() <= there.items() and LEASE_FILE in there
    check_whole(there)
    return process


@pytest.fixture
def soon_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a push in this process take a lease for stale as soon as it has seen it unchanged for half a second."""
    monkeypatch.setattr(lease, "LEASE", 0.5)


def test_killed_in_the_middle_readers_see_the_state_before_and_the_next_push_goes_on(
    states: States, bucket: Bucket, half: Push, soon_stale: None
) -> None:
    half.kill()
    half.join()
    there = bucket.names()
    done = push(states.newer, bucket.target)
    assert (done.code, done.err) == (0, "")
    assert bucket.objects() == files(states.newer)
    put = set(done.json["put"])
    assert not put & (set(there) - set(files(states.older)))


STEPS = ("put_file", "pipe_file", "mv", "rm_file")
"""What changes a file system, as fsspec names it."""


class Killed(BaseException):
    """The process is gone: nothing is caught, nothing is given up."""


def push_killed_before(step: int, published: Path, target: Path) -> bool:
    """Push to a folder, and end without a word before the step of this number; tell whether there was one."""
    taken = count(1)

    def stepped(before: Callable[..., object]) -> Callable[..., object]:
        def taking(*arguments: object, **options: object) -> object:
            if next(taken) == step:
                raise Killed
            return before(*arguments, **options)

        return taking

    with pytest.MonkeyPatch.context() as patch:
        for name in STEPS:
            patch.setattr(LocalFileSystem, name, stepped(getattr(LocalFileSystem, name)))
        patch.setattr(lease.Lease, "give_up", lambda self: self._ended.set())
        try:
            run_push(published, f"file://{target}")
        except Killed:
            return True
    return False


def test_killed_before_any_step_readers_see_a_whole_state_and_the_next_push_ends_in_the_new_one(
    states: States, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "LEASE", 0.0)
    old, new = files(states.older), files(states.newer)
    for step in count(1):
        target = copied(states.older, tmp_path / str(step))
        if not push_killed_before(step, states.newer, target):
            break
        there = files(target)
        check_whole(there)
        index = there["releases.json"]
        assert index in (old["releases.json"], new["releases.json"])
        if index == new["releases.json"]:
            assert new.items() <= there.items()
        run_push(states.newer, f"file://{target}")
        assert files(target) == new, step
        shutil.rmtree(target)
    # Every file that differs is put and moved, the lease is taken, noted and left, and one page leaves.
    assert step > 2 * sum(old.get(name) != data for name, data in new.items()) + 4


def test_another_store_takes_over_from_one_that_sleeps(
    states: States, bucket: Bucket, half: Push, soon_stale: None, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(states.newer, tmp_path / "copy"))
    other = push(copy, bucket.target)
    assert other.code == 0, other
    assert half.pid
    os.kill(half.pid, signal.SIGCONT)
    code, err = half.ended()
    assert code == 2
    assert "another push took over" in err or "changed by somebody else" in err
    assert bucket.objects() == files(states.newer)


def test_what_only_a_push_that_was_cut_short_knew_is_taken_away(states: States, bucket: Bucket) -> None:
    place = open_place(bucket.target)
    with pytest.raises(PushError, match="the net is gone"), leased(place) as held:
        held.note(["pages/of-that-push.html"])
        bucket.put("pages/of-that-push.html", b"<p>")
        raise PushError("the net is gone")
    assert push(states.older, bucket.target).json["removed"] == ["pages/of-that-push.html"]
    assert bucket.objects() == files(states.older)


def test_pushes_at_once_end_in_one_whole_state(states: States, bucket: Bucket, start: Start, tmp_path: Path) -> None:
    copies = [copied(states.newer, tmp_path / str(number)) for number in range(2)]
    sources = [states.older, *copies]
    pushes = [start("push", bucket.target, "--published", source) for source in sources]
    ends = [process.ended() for process in pushes]
    assert [code for code, _ in ends[1:]] == [0, 0], ends
    assert ends[0][0] == 0 or "is ahead" in ends[0][1], ends[0]
    assert bucket.objects() == files(states.newer)
    check_whole(bucket.objects())


def test_the_same_in_a_folder(states: States, tmp_path: Path, start: Start) -> None:
    copies = [copied(states.newer, tmp_path / str(number)) for number in range(2)]
    target = tmp_path / "www"
    pushes = [start("push", f"file://{target}", "--published", source) for source in [states.older, *copies]]
    ends = [process.ended() for process in pushes]
    assert [code for code, _ in ends[1:]] == [0, 0], ends
    assert ends[0][0] == 0 or "is ahead" in ends[0][1], ends[0]
    assert files(target) == files(states.newer)


def test_a_release_file_that_differs_is_never_overwritten(states: States, bucket: Bucket) -> None:
    push(states.older, bucket.target)
    for name in ("releases/1.0.0/data/3.csv", "releases/1.1.0/data/3.csv"):
        bucket.put(name, b"another\n")
        done = push(states.newer, bucket.target)
        assert done.code == 2
        assert f"{name}: differs from the file of the release" in " ".join(done.err.split())
        assert bucket.objects()[name] == b"another\n"
        assert bucket.objects()["releases.json"] == files(states.older)["releases.json"]
        bucket.put("releases/1.0.0/data/3.csv", files(states.older)["releases/1.0.0/data/3.csv"])


def test_a_store_that_judges_no_conditions_is_refused(
    states: States, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = S3FileSystem._call_s3

    def unjudged(self: S3FileSystem, method: str, **options: object) -> object:
        return judged(self, method, **{key: value for key, value in options.items() if not key.startswith("If")})

    monkeypatch.setattr(S3FileSystem, "_call_s3", unjudged)
    done = push(states.older, bucket.target)
    assert done.code == 2 and "choose storage that checks conditions" in " ".join(done.err.split())
    assert bucket.names() == []


def test_a_file_that_another_tool_put_is_known_by_its_bytes(states: States, bucket: Bucket) -> None:
    for name, data in files(states.older).items():
        bucket.put(name, data)
    assert push(states.older, bucket.target).json["pushed"] is False


def test_a_target_that_is_ahead_is_refused(states: States, bucket: Bucket, tmp_path: Path) -> None:
    push(states.newer, bucket.target)
    done = push(states.older, bucket.target)
    assert done.code == 2 and "is ahead; it has release 1.1.0" in " ".join(done.err.split())
    assert bucket.objects() == files(states.newer)
    withdrawn = Path(shutil.copytree(states.newer, tmp_path / "published"))
    Store(withdrawn, derive).withdraw("1.0.0", "wrong", "2026-12-01")
    assert push(withdrawn, bucket.target).code == 0
    assert bucket.objects() == files(withdrawn)
    done = push(states.newer, bucket.target)
    assert done.code == 2 and "has 1.0.0 withdrawn; withdraw it here too" in " ".join(done.err.split())


def test_another_history_is_refused(states: States, bucket: Bucket, tmp_path: Path) -> None:
    commit(tmp_path / "other", b"another beginning")
    push(tmp_path / "other", bucket.target)
    done = push(states.newer, bucket.target)
    assert done.code == 2 and "its release 1.0.0 differs from the one here" in " ".join(done.err.split())


def test_a_place_with_something_else_in_it_is_refused(states: States, bucket: Bucket) -> None:
    bucket.put("index.html", b"the page of another site\n")
    push(states.older, bucket.target)
    done = push(states.older, bucket.target)
    assert done.code == 2 and "is not empty and has no releases.json" in " ".join(done.err.split())
    assert bucket.objects()["index.html"] == b"the page of another site\n"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("releases/1.0.0/data/3.csv", "was changed"),
        ("releases/1.0.0/attestation.json", "is not there"),
        ("index.html", "does not match releases.json"),
        ("releases.json", "does not match the releases"),
    ],
)
def test_a_broken_store_is_not_pushed(states: States, tmp_path: Path, name: str, said: str) -> None:
    broken = Path(shutil.copytree(states.older, tmp_path / "broken"))
    if said == "is not there":
        (broken / name).unlink()
    else:
        (broken / name).write_bytes((broken / name).read_bytes() + b" ")
    done = push(broken, f"file://{tmp_path}/target")
    assert done.code == 2 and said in " ".join(done.err.split())
    assert not (tmp_path / "target").exists()


def test_a_large_file_goes_up_in_parts(server: str, bucket: Bucket, tmp_path: Path) -> None:
    """Of a file above 16 MB the ETag is no digest; it must be known again all the same."""
    path = tmp_path / "large.csv"
    path.write_bytes(bytes(range(256)) * 4096 * 20)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    item, place = Item("large.csv", path, digest, path.stat().st_size, FOR_EVER), open_place(bucket.target)
    place.put(item, None)
    seen = place.seen("large.csv")
    assert seen and seen.sha256 == digest == place.digest("large.csv")
    assert bucket.head("large.csv")["ETag"].endswith('-3"')
    with pytest.raises(ConflictError):
        place.put(item, None)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("published", "give an address"),
        ("s3://user:word@bucket/x", "give credentials in the environment"),
        ("nothing://x/y", "cannot be reached"),
        ("file://srv/www", "give the whole path"),
        ("s3://bucket/../x", "give the whole path"),
        ("https://data.example/cbrn", "is an address for readers"),
        ("s3://no-such-bucket/x", "no-such-bucket"),
    ],
)
def test_addresses_that_are_none(states: States, server: str, target: str, said: str) -> None:
    done = push(states.older, target)
    told = " ".join(done.err.split())
    assert done.code == 2 and said in told and ":word" not in told and "Traceback" not in told


@pytest.mark.parametrize("below", ["", "/", "/latest", "/a/b"])
def test_a_store_is_not_pushed_into_itself(states: States, tmp_path: Path, below: str) -> None:
    store = Path(shutil.copytree(states.older, tmp_path / "published"))
    (tmp_path / "www").symlink_to(store)
    for target in (f"{store}{below}", f"{tmp_path}/www{below}"):
        done = push(store, f"file://{target}")
        assert done.code == 2 and "is inside the pushed store" in " ".join(done.err.split())
    assert files(store) == files(states.older)


def test_no_secret_is_printed_or_put(states: States, bucket: Bucket) -> None:
    said = [push(states.older, bucket.target), push(states.older, "s3://no-such-bucket/x")]
    assert not any(SECRET in done.out + done.err for done in said)
    assert not any(SECRET.encode() in data for data in bucket.objects().values())


def test_a_bucket_and_a_folder_hold_the_same_files_and_pass_an_audit_by_the_commands_of_the_documentation(
    small: Path, bucket: Bucket, tmp_path: Path
) -> None:
    web, upload = tmp_path / "www", "cbrn-data push s3://open-data/cbrn"
    commands = re.findall(r"(?m)^    (cbrn-data .*)$", DOCS)
    assert len(commands) == 7 and commands.index(upload) < commands.index(f"{upload} --json")
    said: dict[str, Done] = {}
    for command in commands:
        here = f"{command} --json" if command == upload else command
        for written, place in {
            "/srv/www/data": str(web),
            "s3://open-data/cbrn": bucket.target,
            "https://objects.example/open-data/cbrn": bucket.web,
        }.items():
            here = here.replace(written, place)
        said[command] = run(*shlex.split(here)[1:], *(["--published", small] if " push " in command else []))
        assert said[command].code == 0, (command, said[command])
    there = files(small)
    assert files(web) == bucket.objects() == there
    first, again = said[upload], said[f"{upload} --json"].json
    assert (first.err, sorted(first.json["put"]), first.json["bytes"]) == ("", sorted(there), sum(map(len, there.values())))
    assert (again["pushed"], again["put"], again["unchanged"]) == (False, [], len(there))


@pytest.mark.parametrize(
    ("planted", "leads_to"),
    [
        ("www", "elsewhere"),
        ("www/data", "elsewhere"),
        ("www/data/releases", "elsewhere"),
        ("www/data/releases/1.0.0/data", "elsewhere"),
        ("www/data/releases.json", "elsewhere/victim"),
        ("www/data/latest/rows.csv", "elsewhere/victim"),
        ("www/data/.push.part", "elsewhere/victim"),
        (f"www/data/{LEASE_FILE}", "elsewhere/victim"),
        (f"www/data/.push.{LEASE_FILE}", "elsewhere/victim"),
    ],
)
def test_no_link_at_the_target_is_followed(states: States, tmp_path: Path, planted: str, leads_to: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/victim").write_bytes((states.older / "releases.json").read_bytes())
    before, link = files(tmp_path / "elsewhere"), tmp_path / planted
    shutil.copytree(states.older, tmp_path / "www/data")
    if link.is_dir():
        shutil.rmtree(link)
    link.unlink(missing_ok=True)
    link.symlink_to(tmp_path / leads_to)
    done = push(states.newer, f"file://{tmp_path}/www/data")
    assert files(tmp_path / "elsewhere") == before
    assert done.code == 2 and "is a symbolic link, which is never followed" in " ".join(done.err.split())


def test_an_index_in_a_bucket_that_is_too_large_is_not_read(
    states: States, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(states.older, bucket.target)
    monkeypatch.setattr("cbrn_data.push.s3.SMALL", 10)
    done = push(states.newer, bucket.target)
    assert done.code == 2 and "has more than 10 bytes; find out who wrote it" in " ".join(done.err.split())


@pytest.mark.parametrize("name", ["releases.json", "latest/rows.csv"])
def test_a_pipe_or_a_file_of_holes_at_the_target_holds_nobody_up(states: States, tmp_path: Path, name: str) -> None:
    target = tmp_path / "data"
    assert push(states.older, f"file://{target}").code == 0
    (target / name).unlink()
    os.mkfifo(target / name)
    done = push(states.newer, f"file://{target}")
    assert done.code == 2 and "is not a regular file" in " ".join(done.err.split())
    (target / name).unlink()
    with (target / name).open("wb") as file:
        file.truncate(1 << 40 if name == "releases.json" else 0)
    assert push(states.newer, f"file://{target}").code == (2 if name == "releases.json" else 0)
