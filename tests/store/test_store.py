"""The store: history, immutability, derived files, withdrawals, names, and several publishers at once."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

import cbrn_data
from cbrn_data.errors import ReleaseError
from cbrn_data.store import disk, folder
from cbrn_data.store.names import inside
from cbrn_data.store.store import Release, Store, Writer
from cbrn_data.strict_json import dumped
from tests.trees import tree


def files_of(content: str, newest: Release | None) -> tuple[str, dict[str, bytes]]:
    """The next version after ``newest`` and the files of a small release that holds ``content``."""
    sequence = newest.sequence + 1 if newest else 1
    version = f"1.{sequence - 1}.0"
    info = {
        "package": "test",
        "version": version,
        "sequence": sequence,
        "date": f"2026-11-{sequence:02}",
        "previous": newest.digest if newest else None,
        "content_digest": hashlib.sha256(content.encode()).hexdigest(),
        "counts": {"rows": 1},
        "summary": f"publishes {content}",
    }
    files = {"data/rows.csv": f"row\n{content}\n".encode(), "datapackage.json": b'{"name": "test"}\n'}
    return version, {**files, "release.json": dumped(info)}


def publish_with(writer: Writer, content: str) -> Release | None:
    """What a caller does: nothing where nothing is new, else stage, add what follows from the gate, commit."""
    newest = writer.newest
    if newest and newest.content_digest == hashlib.sha256(content.encode()).hexdigest():
        return None
    version, files = files_of(content, newest)
    staged = writer.stage(files)
    writer.add(staged, {"report.json": b"{}\n"})
    writer.add(staged, {"attestation.json": (staged / "SHA256SUMS").read_bytes()})
    return writer.commit(staged, version)


def publish(store: Store, content: str) -> Release | None:
    with store.writing(20) as writer:
        return publish_with(writer, content)


def derive(published: Path, releases: list[Release]) -> Mapping[str, bytes]:
    """Copies in latest/, a feed of all, and a page named after the newest, which leaves with the next release."""
    newest = releases[-1]
    names = ["data/rows.csv", "datapackage.json"]
    feed = "".join(f"{release.version} {release.withdrawn}\n" for release in releases)
    return {
        **{f"latest/{name}": (newest.folder / name).read_bytes() for name in names},
        "feed.xml": feed.encode(),
        f"pages/{newest.version}/index.html": newest.version.encode(),
    }


def read_from_index(published: Path) -> list[str]:
    """What a reader does: every file of every listed release is there with its digest. Returns the versions."""
    if not (published / "releases.json").exists():
        return []
    listed = json.loads((published / "releases.json").read_text())
    for entry in listed["releases"]:
        release = published / entry["path"]
        sums = (release / "SHA256SUMS").read_bytes()
        assert hashlib.sha256(sums).hexdigest() == entry["digest"]
        for line in sums.decode().splitlines():
            digest, name = line.split("  ")
            assert hashlib.sha256((release / name).read_bytes()).hexdigest() == digest, name
    return [entry["version"] for entry in listed["releases"]]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "published", derive)


@pytest.fixture
def two(store: Store) -> Store:
    publish(store, "a")
    publish(store, "b")
    return store


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(ReleaseError) as caught:
        act()
    return str(caught.value)


# --- publishing


def test_a_store_holds_exactly_its_releases_and_what_is_derived(two: Store) -> None:
    names = ["SHA256SUMS", "attestation.json", "data", "data/rows.csv", "datapackage.json", "release.json", "report.json"]
    releases = [f"releases/{version}/{name}" for version in ("1.0.0", "1.1.0") for name in names]
    derived = ["feed.xml", "latest", "latest/data", "latest/data/rows.csv", "latest/datapackage.json", "pages"]
    derived += ["pages/1.1.0", "pages/1.1.0/index.html", "releases", "releases.json", "releases/1.0.0", "releases/1.1.0"]
    assert sorted(tree(two.published)) == sorted(releases + derived)


def test_the_index_lists_the_newest_first_and_every_derived_file(two: Store) -> None:
    index = json.loads((two.published / "releases.json").read_bytes())
    first, second = two.releases()
    assert list(index) == ["package", "releases", "derived"]
    assert index["releases"][0] == {
        "version": "1.1.0",
        "date": "2026-11-02",
        "sequence": 2,
        "digest": second.digest,
        "previous": first.digest,
        "content_digest": hashlib.sha256(b"b").hexdigest(),
        "path": "releases/1.1.0/",
        "counts": {"rows": 1},
        "summary": "publishes b",
        "withdrawn": None,
    }
    derived = ["feed.xml", "latest/data/rows.csv", "latest/datapackage.json", "pages/1.1.0/index.html"]
    assert index["derived"] == {name: hashlib.sha256((two.published / name).read_bytes()).hexdigest() for name in derived}
    assert (two.published / "releases.json").read_bytes() == dumped(index)


def test_sha256sum_accepts_a_release(two: Store) -> None:
    for release in two.releases():
        subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=release.folder, check=True)


def test_without_a_deriver_only_the_index_is_derived(tmp_path: Path) -> None:
    publish(Store(tmp_path / "p"), "a")
    assert {path.name for path in (tmp_path / "p").iterdir()} == {"releases", "releases.json"}


def test_nothing_new_changes_nothing(two: Store) -> None:
    before = tree(two.published)
    assert publish(two, "b") is None
    assert tree(two.published) == before


def test_an_empty_store_has_no_releases_and_nothing_is_made_by_reading(store: Store) -> None:
    assert store.releases() == [] and store.newest() is None
    assert not store.published.exists()


def test_the_same_contents_give_the_same_tree_under_any_umask_and_folder(tmp_path: Path) -> None:
    trees = []
    for mask, name in ((0o000, "one"), (0o077, "two ß/published")):
        before = os.umask(mask)
        try:
            store = Store(tmp_path / name, derive)
            publish(store, "a")
            publish(store, "b")
        finally:
            os.umask(before)
        assert store.published.stat().st_mode & 0o777 == 0o755
        trees.append(tree(store.published))
    assert trees[0] == trees[1]
    assert {mode & 0o777 for mode, _ in trees[0].values()} == {0o644, 0o755}


def test_several_releases_in_one_publication(store: Store) -> None:
    with store.writing(1) as writer:
        for content in "abc":
            publish_with(writer, content)
    assert [release.version for release in store.releases()] == ["1.0.0", "1.1.0", "1.2.0"]


def test_a_staged_release_is_hidden_private_and_gone_when_it_is_not_committed(two: Store) -> None:
    before = tree(two.published)
    with two.writing(1) as writer:
        staged = writer.stage({"a.csv": b"a"})
        assert staged.name.startswith(".staging-") and staged.stat().st_mode & 0o777 == 0o700
        assert (staged / "SHA256SUMS").read_text() == f"{hashlib.sha256(b'a').hexdigest()}  a.csv\n"
    assert tree(two.published) == before
    with pytest.raises(ZeroDivisionError), two.writing(1) as writer:
        writer.stage({"a.csv": b"a"})
        raise ZeroDivisionError
    assert tree(two.published) == before


def test_a_first_publication_that_fails_leaves_an_empty_folder(store: Store) -> None:
    with pytest.raises(ReleaseError, match=r"belongs to 1\.0\.0, not to 9\.0\.0"), store.writing(1) as writer:
        writer.commit(writer.stage(files_of("a", None)[1]), "9.0.0")
    assert tree(store.published) == {}


# --- a release is never written again


def edit(release: Path) -> None:
    (release / "data/rows.csv").write_text("other\n")


def delete(release: Path) -> None:
    (release / "data/rows.csv").unlink()


def add(release: Path) -> None:
    (release / "data/more.csv").write_text("more\n")


def add_folder(release: Path) -> None:
    (release / "more").mkdir()


def link(release: Path) -> None:
    (release / "data/rows.csv").rename(release.parents[2] / "rows.csv")
    (release / "data/rows.csv").symlink_to(release.parents[2] / "rows.csv")


def link_folder(release: Path) -> None:
    (release / "data").rename(release.parents[2] / "data")
    (release / "data").symlink_to(release.parents[2] / "data")


def pipe(release: Path) -> None:
    delete(release)
    os.mkfifo(release / "data/rows.csv")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (edit, "'data/rows.csv' was changed"),
        (delete, "'data/rows.csv' is missing"),
        (add, "'data/more.csv' was added"),
        (add_folder, "'more' was added"),
        (link, "'data/rows.csv' is a symbolic link"),
        (link_folder, "'data' is a symbolic link"),
        (pipe, "'data/rows.csv' is not a regular file"),
    ],
)
def test_a_newest_release_edited_by_hand_is_named(two: Store, change: Callable[[Path], None], said: str) -> None:
    change(two.published / "releases/1.1.0")
    before = tree(two.published)
    message = refusal(lambda: publish(two, "c"))
    assert said in message and "releases/1.1.0" in message and "restore the folder" in message
    assert tree(two.published) == before


def test_an_edited_checksum_file_is_named_because_the_index_remembers_it(two: Store) -> None:
    sums = two.published / "releases/1.1.0/SHA256SUMS"
    edit(sums.parent)
    line = hashlib.sha256(b"other\n").hexdigest()
    sums.write_text(
        "".join(f"{line}  data/rows.csv\n" if "rows" in old else old for old in sums.read_text().splitlines(True))
    )
    assert "1.1.0: is not the release that releases.json lists" in refusal(lambda: publish(two, "c"))


def test_a_folder_that_is_there_is_never_replaced(two: Store) -> None:
    for content in (False, True):
        target = two.published / "releases/1.2.0"
        with two.writing(1) as writer:
            version, files = files_of("c", writer.newest)
            staged = writer.stage(files)
            target.mkdir()
            if content:
                (target / "x").write_text("x")
            assert f"{target}: already exists" in refusal(partial(writer.commit, staged, version))
        assert [path.name for path in target.iterdir()] == ["x"] * content
        (target / "x").unlink(missing_ok=True)
        target.rmdir()


def test_the_rename_itself_refuses_a_folder_with_content(two: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    target = two.published / "releases/1.2.0"
    look = disk.mode
    with two.writing(1) as writer:
        version, files = files_of("c", writer.newest)
        staged = writer.stage(files)
        target.mkdir()
        (target / "x").write_text("x")
        monkeypatch.setattr(disk, "mode", lambda path: 0 if path == target else look(path))
        assert f"{target}: already exists" in refusal(lambda: writer.commit(staged, version))
    assert tree(target) == {"x": (0o100644, b"x")}


def test_what_the_gate_left_or_changed_in_the_staged_folder_is_named(two: Store) -> None:
    before = tree(two.published)
    with two.writing(1) as writer:
        version, files = files_of("c", writer.newest)
        left = writer.stage(files)
        (left / "cache.db").write_text("x")
        assert "'cache.db' was added since it was staged" in refusal(lambda: writer.commit(left, version))
        changed = writer.stage(files)
        (changed / "SHA256SUMS").write_text("")
        assert "'SHA256SUMS' was changed" in refusal(lambda: writer.commit(changed, version))
        assert "is already in the release" in refusal(lambda: writer.add(left, {"data/rows.csv": b""}))
        assert "is already in the release" in refusal(lambda: writer.stage({"SHA256SUMS": b""}))
        assert "was not staged here" in refusal(lambda: writer.commit(two.published / "releases/1.0.0", version))
    assert tree(two.published) == before


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("version", "1.2.1", "belongs to 1.2.1, not to 1.2.0"),
        ("sequence", 4, "has sequence 4 instead of 3"),
        ("sequence", 2, "has the same sequence (2)"),
        ("sequence", True, "'sequence' is missing or not of the right type"),
        ("previous", None, "names None instead of"),
        ("previous", "0" * 64, "as the release before"),
        ("previous", "x", "'previous' is missing or not of the right type"),
        ("date", "today", "'today' is not a date"),
        ("content_digest", "", "'content_digest'"),
    ],
)
def test_a_release_that_does_not_continue_the_history_is_refused(two: Store, key: str, value: object, said: str) -> None:
    before = tree(two.published)
    with two.writing(1) as writer:
        version, files = files_of("c", writer.newest)
        info = json.loads(files["release.json"]) | {key: value}
        staged = writer.stage({**files, "release.json": dumped(info)})
        assert said in refusal(lambda: writer.commit(staged, version))
    assert tree(two.published) == before


# --- the history


def rewrite(release: Path, **change: object) -> None:
    """Make a release that is consistent in itself and says something else."""
    info = json.loads((release / "release.json").read_bytes()) | change
    (release / "release.json").write_bytes(dumped(info))
    sums = folder.parse_checksums(release / "SHA256SUMS", (release / "SHA256SUMS").read_bytes())
    sums["release.json"] = disk.digest(release / "release.json")
    (release / "SHA256SUMS").write_bytes(folder.checksums(sums))


BROKEN: list[tuple[Callable[[Path], object], str]] = [
    (lambda r: (r / "1.1.0/release.json").unlink(), "1.1.0/release.json: is not there"),
    (lambda r: (r / "1.1.0/SHA256SUMS").unlink(), "1.1.0/SHA256SUMS: is not there"),
    (lambda r: (r / "1.1.0/release.json").write_text("{}"), "1.1.0/release.json: does not match SHA256SUMS"),
    (lambda r: (r / "1.1.0").rename(r / "1.2.0"), "1.2.0/release.json: belongs to release 1.1.0"),
    (lambda r: (r / "1.0.0").rename(r.parent / "x"), "1.1.0/release.json: has sequence 2 instead of 1"),
    (lambda r: rewrite(r / "1.0.0", summary="x"), "1.1.0/release.json: names"),
    (lambda r: rewrite(r / "1.1.0", sequence=1), "has the same sequence (1)"),
    (lambda r: (r / "1.2.0").mkdir(), "1.2.0: is empty and not a release"),
    (lambda r: (r / "notes.txt").write_text("x"), "notes.txt: is not a release folder"),
    (lambda r: (r / "01.0.0").mkdir(), "01.0.0: '01.0.0' is not a version"),
    (lambda r: (r / "1.2.0").symlink_to(r / "1.1.0"), "1.2.0: is not a release folder"),
    (lambda r: r.rename(r.parent / "x").with_name("releases").symlink_to("x"), "releases: is not a folder, or is a link"),
    (lambda r: (r / "1.1.0/SHA256SUMS").write_text("x\n"), "SHA256SUMS:1: is not '<sha256>  <name>'"),
    (lambda r: (r / "1.1.0/SHA256SUMS").write_text("0" * 64 + "  ../../x\n"), "'../../x' cannot be the name"),
]


@pytest.mark.parametrize(("breaks", "said"), BROKEN, ids=[said for _, said in BROKEN])
def test_a_broken_history_is_named_to_readers_and_publishers(
    two: Store, breaks: Callable[[Path], object], said: str
) -> None:
    breaks(two.published / "releases")
    assert said in refusal(two.releases)
    assert said in refusal(lambda: publish(two, "c"))


def test_hidden_entries_among_the_releases_are_no_releases(two: Store) -> None:
    (two.published / "releases/.keep").touch()
    assert len(two.releases()) == 2


def test_a_release_that_the_index_lists_is_never_lost_silently(two: Store) -> None:
    (two.published / "releases/1.1.0").rename(two.published / ".away")
    assert "1.1.0: is listed in releases.json but missing" in refusal(lambda: publish(two, "c"))


def test_a_folder_with_other_things_in_it_is_not_taken_for_a_store(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    message = refusal(lambda: publish(Store(tmp_path, derive), "a"))
    assert "index.html: exists, but no release does" in message
    assert sorted(tree(tmp_path)) == ["index.html"]


# --- derived files


def test_repair_makes_derived_files_again_and_says_so(two: Store) -> None:
    before = tree(two.published)
    (two.published / "feed.xml").unlink()
    (two.published / "latest/data/rows.csv").write_text("old")
    (two.published / "latest/old.csv").write_text("old")
    (two.published / ".staging-left").mkdir()
    (two.published / ".staging-left/x").write_text("x")
    with two.writing(1) as writer:
        assert writer.repaired == [
            "removed the remains of an interrupted publication",
            "derived missing or outdated files again: feed.xml, latest/data/rows.csv",
            "removed files that are not derived: latest/old.csv",
        ]
    assert tree(two.published) == before
    with two.writing(1) as writer:
        assert writer.repaired == []


def test_unchanged_derived_files_are_left_alone(two: Store) -> None:
    page = two.published / "latest/datapackage.json"
    before = page.stat().st_ino, page.stat().st_mtime_ns
    publish(two, "c")
    assert (page.stat().st_ino, page.stat().st_mtime_ns) == before


def test_sweeping_removes_a_link_and_not_what_it_points_to(two: Store, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious/file").write_text("x")
    (two.published / ".staging-link").symlink_to(tmp_path / "precious")
    publish(two, "c")
    assert (tmp_path / "precious/file").read_text() == "x"
    assert not (two.published / ".staging-link").is_symlink()


@pytest.mark.parametrize(
    ("name", "depth"), [("d", 1100), ("d" * 255, 40), ("\N{SNOWMAN}" * 85, 40)], ids=["d", "long", "wide"]
)
def test_a_tree_of_any_depth_is_removed(name: str, depth: int, tmp_path: Path) -> None:
    """Deeper than Python calls functions, and than a system call takes as one path."""
    top = tmp_path / "top"
    top.mkdir()
    handle = os.open(top, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=handle)
        os.close(os.open("file", os.O_CREAT, dir_fd=handle))
        handle, above = os.open(name, os.O_RDONLY, dir_fd=handle), handle
        os.close(above)
    os.symlink("/", "link", dir_fd=handle)
    os.close(handle)
    assert depth > sys.getrecursionlimit() or len(os.fsencode(name)) * depth > os.pathconf("/", "PC_PATH_MAX")
    disk.remove_tree(top)
    assert list(tmp_path.iterdir()) == []


def test_a_linked_latest_is_refused_before_anything_is_committed(two: Store, tmp_path: Path) -> None:
    (two.published / "latest").rename(tmp_path / "elsewhere")
    (two.published / "latest").symlink_to(tmp_path / "elsewhere")
    outside = tree(tmp_path / "elsewhere")
    assert "latest: is not a folder, or is a link to one" in refusal(lambda: publish(two, "c"))
    assert tree(tmp_path / "elsewhere") == outside
    assert len(two.releases()) == 2


def test_a_linked_derived_file_is_replaced_by_a_file(two: Store, tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes((two.published / "feed.xml").read_bytes())
    (two.published / "feed.xml").unlink()
    (two.published / "feed.xml").symlink_to(tmp_path / "target")
    publish(two, "c")
    assert not (two.published / "feed.xml").is_symlink()
    assert "1.2.0" not in (tmp_path / "target").read_text()


def test_a_folder_in_the_place_of_a_derived_file_is_refused(two: Store) -> None:
    (two.published / "feed.xml").unlink()
    (two.published / "feed.xml").mkdir()
    assert "feed.xml: is a folder, but must be a derived file" in refusal(lambda: publish(two, "c"))
    assert len(two.releases()) == 2


@pytest.mark.parametrize("name", ["releases/1.0.0/data/rows.csv", "Releases/x", "releases.json", "../x", ".x", "releases"])
def test_a_derived_file_cannot_have_the_place_of_something_else(tmp_path: Path, name: str) -> None:
    store = Store(tmp_path / "p", lambda published, releases: {name: b"x"})
    refusal(lambda: publish(store, "a"))
    assert tree(store.published) == {}


def test_a_deriver_that_fails_leaves_everything_as_it_was(two: Store) -> None:
    def fail(published: Path, releases: list[Release]) -> Mapping[str, bytes]:
        if len(releases) == 3:
            raise KeyError(releases[2].version)
        return derive(published, releases)

    before = tree(two.published)
    with pytest.raises(KeyError):
        publish(Store(two.published, fail), "c")
    assert tree(two.published) == before


@pytest.mark.parametrize("name", ["../precious", "releases/1.0.0/data/rows.csv", "/etc/hostname", "latest/../../x"])
def test_an_index_cannot_make_the_store_remove_what_is_not_derived(two: Store, name: str) -> None:
    path = two.published / "releases.json"
    index = json.loads(path.read_text())
    index["derived"][name] = "0" * 64
    path.write_text(json.dumps(index))
    before = tree(two.published.parent)
    refusal(lambda: publish(two, "c"))
    assert tree(two.published.parent) == before


# --- withdrawals


def test_a_withdrawal_stands_in_the_index_and_the_feed_and_touches_no_release(two: Store) -> None:
    releases = tree(two.published / "releases")
    marked = two.withdraw("1.0.0", "counts people twice", "2026-12-01")
    assert marked.withdrawn == {"reason": "counts people twice", "date": "2026-12-01"}
    assert tree(two.published / "releases") == releases
    assert "1.0.0 {'reason': 'counts people twice'" in (two.published / "feed.xml").read_text()
    index = json.loads((two.published / "releases.json").read_text())
    assert [entry["withdrawn"] for entry in index["releases"]] == [None, marked.withdrawn]


def test_a_withdrawal_survives_publications_repairs_and_itself(two: Store) -> None:
    two.withdraw("1.0.0", "wrong", "2026-12-01")
    publish(two, "c")
    (two.published / "feed.xml").unlink()
    publish(two, "d")
    two.withdraw("1.0.0", "wrong", "2026-12-01")
    assert [release.withdrawn for release in two.releases()] == [{"reason": "wrong", "date": "2026-12-01"}, None, None, None]
    assert "already withdrawn: 'wrong'" in refusal(lambda: two.withdraw("1.0.0", "other", "2026-12-01"))


@pytest.mark.parametrize(
    ("version", "reason", "date", "said"),
    [
        ("3.0.0", "wrong", "2026-12-01", "'3.0.0' is not a release"),
        ("../1.0.0", "wrong", "2026-12-01", "is not a release"),
        ("1.0.0", " ", "2026-12-01", "a reason must be one line"),
        ("1.0.0", "wrong\x1b[2J", "2026-12-01", "a reason must be one line"),
        ("1.0.0", "wrong", "20261201", "'20261201' is not a date"),
    ],
)
def test_a_withdrawal_that_cannot_be_is_refused(two: Store, version: str, reason: str, date: str, said: str) -> None:
    before = tree(two.published)
    assert said in refusal(lambda: two.withdraw(version, reason, date))
    assert tree(two.published) == before


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"releases": 1}', b'{"releases": [{}]}', b"\xff", b'{"a": 1, "a": 2}', b"[" * 99999,
     b'{"releases": [{"version": "1.0.0", "digest": "0", "withdrawn": "yes"}]}', b'{"a": NaN}', None],
)  # fmt: skip
def test_an_index_that_may_have_held_withdrawals_is_never_replaced_silently(two: Store, content: bytes | None) -> None:
    path = two.published / "releases.json"
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    before = tree(two.published)
    for act in (two.releases, lambda: publish(two, "c")):
        message = refusal(act)
        assert "releases.json" in message and "only it holds the withdrawals. Restore it" in message
    assert tree(two.published) == before
    path.write_text("{}")
    publish(two, "c")
    assert read_from_index(two.published) == ["1.2.0", "1.1.0", "1.0.0"]


# --- names


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "/", "/etc/passwd", "a//b", "a/", "../a", "a/../b", "a/./b", ".hidden", "a/.hidden", "-rf", "a b",
     "a\\b", "C:a", "a\n", "a\0", "ä", "ａ", "a\u200b", "\u202ea", "con", "CON.csv", "a/nul.txt", "Aux", "com1", "lpt9.x",
     "a.", "a" * 101, "a/" * 50 + "b", "~", "$HOME", "%2e%2e", "[x].csv", "a*"],
)  # fmt: skip
def test_a_name_that_cannot_be_a_published_file_is_refused(two: Store, name: str) -> None:
    before = tree(two.published.parent)
    assert "cannot be the name of a published file" in refusal(lambda: inside(two.published, name))
    with two.writing(1) as writer:
        refusal(lambda: writer.stage({"ok.csv": b"", name: b""}))
    assert tree(two.published.parent) == before


@pytest.mark.parametrize("name", ["a", "data/projects.csv", "central-asia-2025.txt", "a..b", "console", "9", "a" * 100])
def test_ordinary_names_are_paths_inside(name: str) -> None:
    assert inside(Path("root"), name) == Path("root") / name


@pytest.mark.parametrize(
    "names", [["a.csv", "A.csv"], ["data/a", "Data/b"], ["a", "a/b"], ["x/a/b", "x/A"], ["sha256sums", "a"]]
)
def test_names_that_a_disk_could_mix_up_are_refused(two: Store, names: list[str]) -> None:
    with two.writing(1) as writer:
        assert "cannot be published together" in refusal(lambda: writer.stage(dict.fromkeys(names, b"")))


@pytest.mark.parametrize(
    "version", ["", "1", "1.0", "1.0.0.0", "v1.0.0", "1.0.0-rc1", "01.0.0", "../1.0.0", "1.0.0/", "1.0.0\n", "١.0.0"]
)
def test_a_version_that_is_none_is_refused(two: Store, version: str) -> None:
    with two.writing(1) as writer:
        staged = writer.stage(files_of("c", writer.newest)[1])
        assert "is not a version" in refusal(lambda: writer.commit(staged, version))


# --- several publishers

PUBLISHER = """
import os, sys, time
sys.path[:0] = {paths!r}
from test_store import Store, Path, derive, publish
published, content, gate = sys.argv[1:]
print("ready", flush=True)
while not os.path.exists(gate):
    time.sleep(0.001)
release = publish(Store(Path(published), derive), content)
print(release.version if release else "nothing new", flush=True)
"""
PATHS = [str(Path(cbrn_data.__file__).parents[1]), str(Path(__file__).parent)]


def start(*arguments: str, script: str = PUBLISHER) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script.format(paths=PATHS), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def run_at_once(store: Store, contents: list[str]) -> list[str]:
    """Publish from one process each, all let go at the same moment; read all the time; return what each said."""
    gate = store.published.parent / "gate"
    processes = [start(str(store.published), content, str(gate)) for content in contents]
    assert all(process.stdout and process.stdout.readline() == "ready\n" for process in processes)
    gate.touch()
    reads = 0
    while any(process.poll() is None for process in processes):
        read_from_index(store.published)
        reads += 1
    said = [process.communicate()[0].strip() for process in processes]
    assert reads and [process.returncode for process in processes] == [0] * len(contents)
    return said


def test_publishers_of_different_contents_each_make_one_release(store: Store) -> None:
    said = run_at_once(store, ["a", "b", "c", "d"])
    assert sorted(said) == ["1.0.0", "1.1.0", "1.2.0", "1.3.0"]
    releases = store.releases()
    assert [release.sequence for release in releases] == [1, 2, 3, 4]
    assert len({release.content_digest for release in releases}) == 4
    assert read_from_index(store.published) == ["1.3.0", "1.2.0", "1.1.0", "1.0.0"]


def test_publishers_of_the_same_content_make_one_release(store: Store) -> None:
    assert sorted(run_at_once(store, ["a"] * 4)) == ["1.0.0", "nothing new", "nothing new", "nothing new"]
    assert len(store.releases()) == 1


HOLDER = """
import sys, time
sys.path[:0] = {paths!r}
from test_store import Store, Path
with Store(Path(sys.argv[1])).writing(1) as writer:
    writer.stage({{"a": b"a"}})
    print("locked", flush=True)
    time.sleep(600)
"""


def test_the_lock_of_a_live_publisher_holds_and_that_of_a_killed_one_does_not(two: Store) -> None:
    two = Store(two.published)
    publish(two, "b")
    before = tree(two.published)
    holder = start(str(two.published), script=HOLDER)
    try:
        assert holder.stdout and holder.stdout.readline() == "locked\n"
        started = time.monotonic()
        with pytest.raises(ReleaseError, match="another publisher is at work"), two.writing(0.2):
            raise AssertionError("two publishers at once")
        assert 0.2 <= time.monotonic() - started < 60
        holder.send_signal(signal.SIGKILL)
    finally:
        holder.kill()
        holder.communicate()
    with two.writing(0.2) as writer:
        assert writer.repaired == ["removed the remains of an interrupted publication"]
    assert tree(two.published) == before


def test_a_store_that_is_exchanged_while_waiting_is_noticed(two: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from cbrn_data.store import lock

    def exchange(folder: Path, handle: int) -> bool:
        folder.rename(folder.with_name("old"))
        folder.mkdir()
        return True

    monkeypatch.setattr(lock, "_take", exchange)
    assert "was replaced by another folder" in refusal(lambda: publish(two, "c"))


# --- one place changes files


def test_a_file_is_never_created_over_something(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "new")
    for name in ("file", "link"):
        assert f"{name}: already exists" in refusal(partial(disk.create, tmp_path / name, b"x"))
    assert (tmp_path / "file").read_text() == "old" and not (tmp_path / "new").exists()


def test_only_the_disk_module_can_change_a_file() -> None:
    room = Path(disk.__file__).parent
    changing = {"write_bytes", "write_text", "mkdir", "rename", "replace_file", "unlink", "rmdir", "touch", "symlink_to"}
    for name in ("store", "staging", "derived", "index", "history", "folder", "lock"):
        nodes = list(ast.walk(ast.parse((room / f"{name}.py").read_text())))
        called = {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)}
        outside = {call for call in called if not call.startswith("disk.")}
        assert not {call for call in outside if call.rpartition(".")[2] in changing or call in ("open", "os.open")}
        assert "shutil" not in {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
