"""A withdrawal that was undone: both reasons stay, readers and auditors see it, and nothing of it can vanish."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest

import cbrn_data as cbrn
from cbrn_data import pipeline
from cbrn_data.errors import PushError, ReleaseError
from cbrn_data.push.push import check_behind
from cbrn_data.settings import Settings
from cbrn_data.store.index import read_index
from cbrn_data.store.store import Store
from tests.cli.conftest import Done, run
from tests.conftest import PROJECT
from tests.trees import copied
from tests.verify.conftest import Verify
from tests.verify.test_cut_short import killed, steps

DAYS = {"SOURCE_DATE_EPOCH": "1795737600"}
"""27 November 2026, after the releases."""
PAST = {
    "reason": "A column was shifted.",
    "date": "2026-11-27",
    "undone_reason": "It was another release.",
    "undone_on": "2026-11-27",
}
pytestmark = pytest.mark.usefixtures("without_pages")


def withdraw(store: Path, version: str, reason: str, *options: str) -> Done:
    return run("withdraw", version, "--reason", reason, *options, "--published", store, "--root", PROJECT, **DAYS)


@pytest.fixture
def undone(store: Path) -> Path:
    """The store after 1.1.1 was withdrawn and this was undone on the same day."""
    assert withdraw(store, "1.1.1", PAST["reason"]).code == 0
    done = withdraw(store, "1.1.1", PAST["undone_reason"], "--undo")
    assert done.code == 0 and "Both reasons stay" in " ".join(done.out.split())
    return store


def entries(store: Path) -> dict[str, dict[str, object]]:
    return {entry["version"]: entry for entry in json.loads((store / "releases.json").read_bytes())["releases"]}


def test_index_feed_latest_and_readers(undone: Path, verify: Verify) -> None:
    entry = entries(undone)["1.1.1"]
    assert (entry["withdrawn"], entry["past_withdrawals"]) == (None, [PAST])
    assert "past_withdrawals" not in entries(undone)["1.1.0"]
    atom = "{http://www.w3.org/2005/Atom}"
    first = fromstring((undone / "feed.xml").read_bytes()).find(f"{atom}entry")
    assert first is not None
    said = [first.findtext(f"{atom}{name}") for name in ("title", "summary", "updated")]
    assert said == ["1.1.1 (withdrawal undone)", "It was another release.", "2026-11-27T00:00:04Z"]
    assert json.loads((undone / "latest/release.json").read_bytes())["version"] == "1.1.1"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(cbrn.load("regions", "latest", undone))
    assert verify(undone).code == 0
    listed = run("releases", "--published", undone, "--json").json
    assert listed[0]["past_withdrawals"] == [PAST]
    assert "was undone: It was another release." in " ".join(run("releases", "--published", undone, COLUMNS="").out.split())


def test_it_survives_a_repair_and_can_be_repeated_and_withdrawn_again(undone: Path, verify: Verify) -> None:
    (undone / "feed.xml").unlink()
    assert withdraw(undone, "1.1.1", PAST["undone_reason"], "--undo").code == 0
    assert entries(undone)["1.1.1"]["past_withdrawals"] == [PAST]
    other = withdraw(undone, "1.1.1", "Another reason.", "--undo")
    assert other.code == 2 and "is not withdrawn, so there is nothing to undo" in " ".join(other.err.split())
    assert withdraw(undone, "1.1.1", "It was this one.").code == 0
    entry = entries(undone)["1.1.1"]
    assert entry["withdrawn"] == {"reason": "It was this one.", "date": "2026-11-27"}
    assert entry["past_withdrawals"] == [PAST]
    assert verify(undone).code == 0


def test_an_undoing_before_its_withdrawal_is_refused(undone: Path) -> None:
    store = Store(undone)
    store.withdraw("1.0.0", "wrong", "2026-12-01")
    with pytest.raises(ReleaseError, match="but it was undone on 2026-11-30; correct the clock"):
        store.undo_withdrawal("1.0.0", "right", "2026-11-30")
    with pytest.raises(ReleaseError, match=r"'3\.0\.0' is not a release"):
        store.undo_withdrawal("3.0.0", "right", "2026-12-01")


def test_a_memory_sees_it_and_misses_it_when_it_vanishes(store: Path, tmp_path: Path, verify: Verify) -> None:
    memory = tmp_path / "memory.json"
    withdraw(store, "1.0.0", PAST["reason"])
    assert verify(store, "--remember", memory, **DAYS).code == 0
    withdraw(store, "1.0.0", PAST["undone_reason"], "--undo")
    said = verify(store, "--remember", memory, **DAYS)
    assert said.code == 0, said.of("failed")
    assert said.notices == ["1.0.0: its withdrawal was undone on 2026-11-27: It was another release."]
    assert verify(store, "--remember", memory, **DAYS).notices == []
    text = (store / "releases.json").read_text(encoding="utf-8")
    content = json.loads(text)
    content["releases"][-1].pop("past_withdrawals")
    (store / "releases.json").write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    with Store(store).writing():
        pass
    said = verify(store, "--remember", memory, **DAYS)
    assert said.code == 1 and "1.0.0 was withdrawn when it was last seen" in said.of("failed")["memory"]


def test_a_place_that_is_behind_may_be_pushed_to_and_one_that_is_ahead_may_not(store: Path, tmp_path: Path) -> None:
    states: list[Path] = []
    for name, options in (("withdrawn", ()), ("undone", ("--undo",))):
        withdraw(store, "1.0.0", PAST["reason"], *options)
        states.append(copied(store, tmp_path / name))
    withdrawn, undone = states
    for old, new, said in ((withdrawn, undone, ""), (undone, withdrawn, "the withdrawal of 1.0.0 undone; undo it here too")):
        there, here = read_index(old, Store(old).releases()), Store(new).releases()
        if said:
            with pytest.raises(PushError, match=said):
                check_behind("place", there, here)
        else:
            check_behind("place", there, here)


def test_one_that_was_killed_is_no_tampering(store: Path, verify: Verify) -> None:
    withdraw(store, "1.1.0", PAST["reason"])
    good = copied(store, store.parent / "good")
    last = steps(lambda: undo(store))
    wanted = entries(store)
    for at in (4, last // 2, last - 2):
        shutil.rmtree(store)
        copied(good, store)
        killed(lambda: undo(store), at)
        said = verify(store)
        assert (said.code, said.of("failed")) == (3, {}), (at, said.of("failed"))
        undo(store)
        assert (verify(store).code, entries(store) == wanted) == (0, True), at


def undo(store: Path) -> None:
    pipeline.open_store(Settings(PROJECT, store)).undo_withdrawal("1.1.0", PAST["undone_reason"], "2026-11-27")


def test_latest_is_a_version_where_it_cannot_be_misunderstood(store: Path) -> None:
    refused = withdraw(store, "latest", "wrong")
    assert refused.code == 2 and "name the version, which is 1.1.1 now" in " ".join(refused.err.split())
    assert withdraw(store, "1.1.1", "wrong").code == 0
    where = ("--published", store, "--root", PROJECT)
    assert run("diff", "1.1.0", "latest", *where).out == "No changes.\n"
    assert run("diff", "1.0.0", "latest", "--json", *where).json == run("diff", "1.0.0", "1.1.0", "--json", *where).json
    assert run("trace", "regions", "central-asia", "name", "--release", "latest", *where).code == 0
    results = run("verify", "latest", "--json", *where).json["results"]
    assert {result["subject"] for result in results} == {"1.1.0"}
