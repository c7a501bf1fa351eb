"""What a sound store gives, what pins and memory add, and what no auditor can see without them."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cbrn_data.cli import verify as command
from cbrn_data.settings import now
from cbrn_data.signing.keys import fingerprint, public_pem
from cbrn_data.verify.results import FAILED, NOT_CHECKED, PASSED, Result
from tests.cli.conftest import run
from tests.conftest import PROJECT
from tests.history import OTHER, OWN
from tests.trees import stamped
from tests.verify import forging
from tests.verify.conftest import Verify

CHECKS = "files,record,definitions,counts,data package,tables,evidence,sources,report,complete,signature,delta".split(",")
LAST = "releases/1.1.1"


def test_a_sound_store_passes_every_check_and_is_not_touched(three: Path, verify: Verify) -> None:
    before = stamped(three)
    said = verify(three)
    assert stamped(three) == before
    assert said.code == 0
    expected = [("store", "metadata")]
    expected += [(version, check) for version in ("1.0.0", "1.1.0", "1.1.1") for check in CHECKS]
    expected += [("store", check) for check in ("chain", "files", "index", "code", "derived files", "derived again")]
    assert [(result["subject"], result["check"]) for result in said.results] == expected
    assert said.of("not checked").keys() == {"derived again"} and {result["result"] for result in said.results[:-1]} == {
        "passed"
    }
    head = forging.digest(three / LAST / "SHA256SUMS")
    assert f"the newest is release 3, {head} of 2026-11-24" in said.of("passed")["chain"]
    assert f"signed by {fingerprint(OWN.public_key())}, not pinned" in said.of("passed")["signature"]


def test_a_release_folder_alone_verifies_anywhere(three: Path, tmp_path: Path, verify: Verify) -> None:
    folder = Path(shutil.copytree(three / LAST, tmp_path / "größer und weiter" / "x"))
    for path in folder.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    before = stamped(folder)
    said = verify(folder)
    assert (said.code, stamped(folder)) == (0, before)
    assert [result["check"] for result in said.results] == CHECKS
    assert said.of("not checked") == {"delta": " x: the release before it is not given; verify the whole store"}
    forging.flip(folder / "sources/projects.csv")
    assert verify(folder).of("failed") == {"files": " x: 'sources/projects.csv' was changed"}


def test_a_pinned_key_signs_and_another_does_not(
    three: Path, store: Path, pins: Path, tmp_path: Path, verify: Verify
) -> None:
    said = verify(three, CBRN_DATA_TRUSTED_KEYS=str(pins))
    assert said.code == 0 and "a pinned key" in said.of("passed")["signature"]
    shutil.rmtree(store / "latest")
    forging.replace(store / LAST / "CHANGES.md", "# ", "## ")
    forging.resign(store / LAST, OTHER)
    forging.rederive(store)
    said = verify(store)
    mine, other = (fingerprint(key.public_key())[:16] for key in (OWN, OTHER))
    assert said.code == 0
    change = f"1.1.1: the key changed from {mine}… to {other}…; ask the publisher to confirm this"
    assert said.of("not checked")["key"] == f" {change}" and said.notices == [change]
    pinned = verify(store, CBRN_DATA_TRUSTED_KEYS=str(pins))
    assert pinned.code == 1
    assert pinned.of("failed") == {
        "metadata": " store: no root is signed by the pinned keys",
        "signature": " 1.1.1: attestation.json is not signed by any pinned key",
    }


def test_a_rotated_key_holds_where_both_are_pinned(store: Path, tmp_path: Path, own: Path, verify: Verify) -> None:
    forging.resign(store / LAST, OTHER)
    forging.rederive(store, own)
    both = tmp_path / "both"
    line = OTHER.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    both.write_bytes(b"# since 2026\n" + public_pem(OWN.public_key()) + line + b" of a colleague\n")
    said = verify(store, CBRN_DATA_TRUSTED_KEYS=str(both))
    assert (said.code, said.of("not checked")) == (0, {})


def test_a_store_signed_anew_as_a_whole_needs_a_pin(store: Path, pins: Path, verify: Verify) -> None:
    previous = None
    for version in ("1.0.0", "1.1.0", "1.1.1"):
        folder = store / "releases" / version
        if previous:
            forging.edit_record(folder, previous=previous)
        else:
            forging.replace(folder / "CHANGES.md", "# ", "## ")
        forging.resign(folder, OTHER)
        previous = forging.digest(folder / "SHA256SUMS")
    forging.rederive(store)
    assert verify(store).code == 0
    failed = verify(store, CBRN_DATA_TRUSTED_KEYS=str(pins)).of("failed")
    assert failed.keys() == {"metadata", "signature"} and failed["signature"].count("not signed by any pinned key") == 3


# --- memory and age


def put_back(store: Path, own: Path) -> None:
    """Put the whole store back by one release, with all that is derived, as the publisher could."""
    shutil.rmtree(store / LAST)
    forging.rederive(store, own)


def fork(store: Path, own: Path) -> None:
    """Put another third release, signed by the right key, in the place of the one that was seen."""
    forging.replace(store / LAST / "CHANGES.md", "# ", "## ")
    forging.resign(store / LAST, OWN)
    forging.rederive(store, own)


@pytest.mark.parametrize(
    ("spoil", "detail"),
    [
        (put_back, " store: the store was rolled back: it had 1.1.1 and has it no more"),
        (fork, " store: 1.1.1 differs from the one seen before ("),
    ],
)
def test_memory_sees_what_nothing_else_can(
    spoil: Callable[[Path, Path], None], detail: str, store: Path, own: Path, tmp_path: Path, verify: Verify
) -> None:
    memory = tmp_path / "memory.json"
    assert verify(store, "--remember", memory).code == 0
    seen = memory.read_bytes()
    content = json.loads(seen)
    assert content["index"] == (store / "releases.json").read_text(encoding="utf-8")
    names = {"root_history/1.root.json": "1.root.json", "targets.json": "3.targets.json", "snapshot.json": "3.snapshot.json"}
    for name, file in {**names, "timestamp.json": "timestamp.json"}.items():
        assert content["metadata"].pop(name) == (store / "metadata" / file).read_text(encoding="utf-8")
    assert content["metadata"] == {}
    assert verify(store, "--remember", memory).code == 0
    spoil(store, own)
    assert verify(store).code == 0
    said = verify(store, "--remember", memory)
    assert said.code == 1 and said.of("failed").keys() == {"memory"}
    assert said.of("failed")["memory"].startswith(detail)
    assert memory.read_bytes() == seen


def test_memory_grows_with_the_store_and_only_with_a_sound_one(
    store: Path, tmp_path: Path, own: Path, verify: Verify
) -> None:
    memory = tmp_path / "memory.json"
    old = Path(shutil.copytree(store, tmp_path / "old"))
    assert verify(store, "--remember", memory).code == 0
    withdrawn = ("withdraw", "1.0.0", "--reason", "x", "--published", store, "--root", PROJECT)
    assert run(*withdrawn, CBRN_DATA_SIGNING_KEY=str(own)).code == 0
    seen = memory.read_bytes()
    feed = (store / "feed.xml").read_bytes()
    forging.flip(store / "feed.xml")
    assert verify(store, "--remember", memory).code == 1
    assert memory.read_bytes() == seen
    (store / "feed.xml").write_bytes(feed)
    assert verify(store, "--remember", memory).code == 0
    assert memory.read_bytes() != seen
    said = verify(old, "--remember", memory).of("failed")
    assert "of an older state than the one seen before: New timestamp version 3 must be >= " in said["metadata"]
    shutil.rmtree(old / "metadata")
    assert "timestamp.json is missing" in verify(old, "--remember", memory).of("failed")["metadata"]


def test_a_memory_of_the_older_form_is_read_and_replaced(store: Path, tmp_path: Path, verify: Verify) -> None:
    memory = tmp_path / "memory.json"
    older = {"sequence": 2, "digest": forging.digest(store / "releases/1.1.0/SHA256SUMS"), "date": "2026-11-23"}
    memory.write_text(json.dumps({**older, "withdrawn": {"1.0.0": {"reason": "x", "date": "2026-11-23"}}}))
    assert "1.0.0 was withdrawn when it was last seen" in verify(store, "--remember", memory).of("failed")["memory"]
    memory.write_text(json.dumps({**older, "digest": "0" * 64}))
    assert "has not the release that was seen before" in verify(store, "--remember", memory).of("failed")["memory"]
    memory.write_text(json.dumps(older))
    assert verify(store, "--remember", memory).code == 0
    assert json.loads(memory.read_bytes()).keys() == {"metadata", "index"}
    memory.write_bytes(b"[]")
    done = run("verify", store, "--remember", memory)
    assert done.code == 2 and "is not a file written by --remember" in " ".join(done.err.split())


@pytest.mark.parametrize(("outcome", "is_written"), [(PASSED, True), (NOT_CHECKED, False), (FAILED, False)])
def test_a_memory_is_written_only_after_a_requested_rebuild(
    outcome: str, is_written: bool, store: Path, tmp_path: Path, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rebuilt(*given: object) -> list[Result]:
        return [Result("1.0.0", "rebuild", outcome, "")]

    monkeypatch.setattr("cbrn_data.verify.rebuild.rebuild_all", rebuilt)
    said = verify(store, "--rebuild", "--remember", memory := tmp_path / "memory.json")
    assert (said.code == 0, memory.exists()) == (is_written, is_written)


def full(path: Path) -> NoReturn:
    """Stand in for a disk that is full."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def test_memory_that_cannot_be_written_is_said(three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = run("verify", three, "--remember", tmp_path / "nowhere/memory.json")
    assert done.code == 2 and "its folder does not exist" in done.err.replace("\n", " ")
    monkeypatch.setattr("cbrn_data.verify.memory.whole", full)
    done = run("verify", three, "--remember", tmp_path / "memory.json")
    assert done.code == 2 and "so the memory was not updated" in done.err.replace("\n", " ")


@pytest.mark.parametrize(
    ("what", "options", "said"),
    [
        (LAST, ("--remember", "memory"), "is one release"),
        (LAST, ("--max-age", 9), "is one release"),
        (".", ("--max-age", -1), "0 or more"),
        (".", ("--max-time", 1), "a folder has no limit"),
        (".", ("--remember", "published/memory"), "must not be inside"),
        (".", ("--remember", "x", "--report", "x"), "must name different files"),
        ("releases/9.9.9", (), "is neither a release nor a store"),
    ],
)
def test_options_that_cannot_do_what_they_promise_are_refused(
    what: str, options: tuple[object, ...], said: str, three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "published").symlink_to(three)
    before = stamped(three)
    done = run("verify", tmp_path / "published" / what, *options)
    assert (done.code, done.out) == (2, "") and said in " ".join(done.err.split())
    assert stamped(three) == before and [path.name for path in tmp_path.iterdir()] == ["published"]


def test_a_name_that_is_empty_is_no_place(three: Path) -> None:
    assert run("verify", "", "--published", three).code == 2


def test_what_was_asked_for_as_a_store_is_never_taken_for_a_release(store: Path, tmp_path: Path) -> None:
    one = Path(shutil.copytree(store / "releases/1.0.0", tmp_path / "root" / "published"))
    assert run("verify", one).code == 0
    done = run("verify", "--root", one.parent, "--json")
    assert done.code == 1 and "the store has no release" in done.json["results"][1]["detail"]


@pytest.mark.parametrize(
    ("today", "most", "code"),
    [("1795478400", 0, 0), ("1795564800", 1, 0), ("1795564800", 0, 1), ("1795392000", 30, 1)],
    ids=["the same day", "a day later", "a day late", "a day before it"],
)
def test_an_age_is_held_against_a_date(today: str, most: int, code: int, three: Path, verify: Verify) -> None:
    said = verify(three, "--max-age", most, SOURCE_DATE_EPOCH=today)
    assert said.code == code
    assert said.of("failed" if code else "passed")["age"].endswith(f"0 to {most} are allowed")


def test_nothing_published_is_not_sound(tmp_path: Path, verify: Verify) -> None:
    assert verify(tmp_path).of("failed") == {"chain": " store: the store has no release"}


AFTER = "1795651200"
"""26 November 2026, when all releases are there."""


def test_people_see_below_the_table_what_it_comes_to(store: Path, pins: Path) -> None:
    lines = run("verify", store, SOURCE_DATE_EPOCH=AFTER).out.splitlines()
    assert max(map(len, lines)) <= 80
    end = " ".join(lines[-3:])
    assert "All checks passed." in end and "No key is pinned" in end and "Take care" not in end
    assert "pinned" not in " ".join(run("verify", store, CBRN_DATA_TRUSTED_KEYS=str(pins)).out.splitlines()[-2:])
    forging.resign(store / LAST, OTHER)
    forging.rederive(store)
    end = " ".join(run("verify", store, SOURCE_DATE_EPOCH=AFTER).out.splitlines()[-6:])
    assert "Take care! 1.1.1: the key changed from" in end
    forging.flip(store / "feed.xml")
    end = " ".join(run("verify", store, SOURCE_DATE_EPOCH=AFTER).out.splitlines()[-8:])
    assert "A check failed. Failed: store (metadata), store (derived files)." in end
    end = " ".join(run("verify", store).out.split())
    assert "the newest release is of 2026-11-24, but the clock of this machine says 2026-11-22" in end


def test_a_rebuild_of_what_was_tampered_with_does_not_hide_the_results(store: Path, verify: Verify) -> None:
    forging.flip(store / LAST / "release.json")
    said = verify(store, "--rebuild")
    assert said.code == 1 and "rebuild" in said.of("not checked")


def test_a_rebuild_that_was_asked_for_and_not_done_is_no_success(store: Path) -> None:
    alone = store / LAST
    assert run("verify", alone).code == 0
    done = run("verify", alone, "--rebuild")
    assert done.code == 1 and "the release before it is not given" in " ".join(done.out.split())
    end = " ".join(done.out.split())
    assert "All checks passed, but a requested rebuild was not done." in end and "Failed:" not in end


def test_the_age_is_that_of_the_clock(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    before, said, after = datetime.now(UTC), now(), datetime.now(UTC)
    assert f"{before:%Y-%m-%d %H:%M}" <= said <= f"{after:%Y-%m-%d %H:%M}"
    monkeypatch.setattr(command, "now", lambda: "2026-11-25 10:00")
    command.verify_now(str(three), Path(), None, None, 1, as_json=True)
    with pytest.raises(SystemExit):
        command.verify_now(str(three), Path(), None, None, 0, as_json=True)


def test_another_root_keeps_the_memory_where_it_is(store: Path, tmp_path: Path, verify: Verify) -> None:
    memory = tmp_path / "memory.json"
    assert verify(store, "--remember", memory).code == 0
    seen = memory.read_bytes()
    forging.resign(store / LAST, OTHER)
    forging.rederive(store)
    said = verify(store, "--remember", memory)
    assert said.code == 1 and memory.read_bytes() == seen
    assert said.of("failed")["metadata"].startswith(" store: the metadata are not valid: timestamp was signed by 0/1 keys")


def test_a_withdrawal_that_vanishes_is_told(store: Path, tmp_path: Path, own: Path, verify: Verify) -> None:
    memory = tmp_path / "memory.json"
    before = (store / "releases.json").read_bytes()
    reason = ("--reason", "The leaflet was a draft.", "--published", store, "--root", PROJECT)
    assert run("withdraw", "1.0.0", *reason, CBRN_DATA_SIGNING_KEY=str(own)).code == 0
    assert verify(store, "--remember", memory).code == 0
    (store / "releases.json").write_bytes(before)
    forging.complete(store, own)
    assert verify(store).code == 0
    said = verify(store, "--remember", memory)
    assert said.code == 1 and "1.0.0 was withdrawn when it was last seen" in said.of("failed")["memory"]


def test_people_see_a_table_and_no_control_characters(store: Path) -> None:
    (store / LAST / "\x1b[31m").write_bytes(b"")
    done = run("verify", store)
    assert done.code == 1 and "\x1b" not in done.out and "was added" in done.out
