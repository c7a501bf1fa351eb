"""A source that was erased: its bytes are nowhere, its digest stays, and everything else is held as before."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cbrn_data.errors import PushError, ReleaseError
from cbrn_data.push.contents import Item
from cbrn_data.push.place import LocalPlace, Seen
from cbrn_data.push.push import push
from cbrn_data.release.erase import source_files
from cbrn_data.store.store import Store
from tests.cli.conftest import Done, run
from tests.conftest import PROJECT, Once
from tests.history import OWN
from tests.trees import copied
from tests.trust.test_metadata import served
from tests.verify import forging
from tests.verify.conftest import Verify
from tests.verify.test_keys import pin

SOURCE, REASON = "central-asia-2025", "A court in <b>Tashkent</b> ordered it."
FILE = f"sources/{SOURCE}.txt"
VERSIONS = ("1.0.0", "1.1.0", "1.1.1")


def erase_here(store: Path, own: Path, source: str = SOURCE) -> Done:
    where = ("--published", store, "--root", PROJECT)
    return run("erase", source, "--reason", REASON, *where, CBRN_DATA_SIGNING_KEY=str(own), SOURCE_DATE_EPOCH="1795564800")


@pytest.fixture(scope="session")
def erased(once: Once, three: Path, own: Path) -> Path:
    """The three releases without the bytes of a leaflet, with ``mirror``, which had them; to be read, never changed."""

    def make(folder: Path) -> None:
        store = Path(shutil.copytree(three, folder / "published"))
        push(store, f"file://{folder}/mirror")
        done = erase_here(store, own)
        assert done.code == 0
        (folder / "said.txt").write_text(" ".join(done.out.split()))

    return once("erased", make)


@pytest.fixture
def spoilt(erased: Path, tmp_path: Path) -> Path:
    return copied(erased / "published", tmp_path / "published")


def test_the_bytes_are_nowhere_and_the_digests_stay(erased: Path, three: Path) -> None:
    store = erased / "published"
    data = (three / "releases/1.0.0" / FILE).read_bytes()
    assert [path for path in store.rglob("*") if path.is_file() and data in path.read_bytes()] == []
    packed = list(store.glob("exports/*/*.zip"))
    for path in packed:
        with zipfile.ZipFile(path) as archive:
            assert FILE not in archive.namelist() and data not in [archive.read(name) for name in archive.namelist()]
    assert len(packed) == 4
    assert not (store / "latest" / FILE).exists()
    digest = forging.digest(three / "releases/1.0.0" / FILE)
    for version in VERSIONS:
        before, after = ({path.name for path in (one / "releases" / version).rglob("*")} for one in (three, store))
        assert before - after == {Path(FILE).name}
        assert f"{digest}  {FILE}\n" in (store / "releases" / version / "SHA256SUMS").read_text()
    page = (store / f"sources/{SOURCE}.html").read_text()
    assert "This source was erased on 2026-11-25: <bdi>A court in &lt;b&gt;Tashkent&lt;/b&gt; ordered it.</bdi>" in page
    assert digest in page and "National teams" not in page and f'href="../releases/1.1.1/{FILE}"' not in page
    listed = json.loads((store / "releases.json").read_bytes())["releases"]
    assert [entry["erased"] for entry in listed] == 3 * [{FILE: {"reason": REASON, "date": "2026-11-25"}}]
    said = (erased / "said.txt").read_text()
    assert said.startswith(f"Erased from 1.0.0, 1.1.0, 1.1.1: {FILE}. Reason: {REASON}")
    assert f"Take it out of raw/ too, because erased bytes are not published again: {PROJECT}/raw/{SOURCE}.txt" in said


def test_everything_else_is_verified_and_the_erasure_is_said(erased: Path, tmp_path: Path, verify: Verify) -> None:
    store = erased / "published"
    pins = str(pin(tmp_path, OWN))
    said = verify(store, CBRN_DATA_TRUSTED_KEYS=pins)
    assert said.code == 0 and [notice.partition(": ")[0] for notice in said.notices] == [", ".join(VERSIONS)]
    assert f"{FILE} (sha256 " in said.notices[0] and f"was erased on 2026-11-25: {REASON}" in said.notices[0]
    assert said.of("not checked").keys() == {"erased"}
    for one in ("releases/1.1.0", "latest"):
        alone = verify(store / one, CBRN_DATA_TRUSTED_KEYS=pins)
        assert alone.code == 0 and "was erased" in alone.of("not checked")["erased"]
    with served(store) as address:
        assert verify(address, CBRN_DATA_TRUSTED_KEYS=pins, no_proxy="*").notices == said.notices
    elsewhere = shutil.copytree(store / "releases/1.1.0", tmp_path / "1.1.0")
    assert verify(elsewhere).of("failed") == {"files": f" 1.1.0: '{FILE}' is missing"}


def test_what_shows_the_same_document_goes_too(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    of = {"a.pdf": "id: a-document", "a.txt": "id: a\ntext_of: a-document", "a.json": "id: a-lines", "a.png": "id: a-pages"}
    for name, said in {**of, "b.txt": "id: b"}.items():
        (tmp_path / "sources" / f"{name}.yaml").write_text(f"{said}\n")
    for source in ("a", "a-document", "a-pages"):
        assert sorted(source_files(tmp_path, source)) == [
            "sources/a.json",
            "sources/a.pdf",
            "sources/a.png",
            "sources/a.txt",
        ]
    assert source_files(tmp_path, "b") == ["sources/b.txt"] and source_files(tmp_path, "c") == []


def claim(store: Path) -> None:
    """Say in the index that another source was erased, and take it away."""

    def change(index: dict[str, list[dict[str, dict[str, object]]]]) -> None:
        index["releases"][0]["erased"]["sources/projects.csv"] = {"reason": "x", "date": "2026-11-25"}

    forging.edit_json(store / "releases.json", change)
    (store / "releases/1.1.1/sources/projects.csv").unlink()


def forget(store: Path) -> None:
    """The same in a store of the older form, whose index nobody signs."""
    claim(store)
    shutil.rmtree(store / "metadata")


@pytest.mark.parametrize(
    ("attack", "check"),
    [
        (lambda store: (store / "releases/1.0.0/sources/projects.csv").unlink(), "files"),
        (lambda store: forging.flip(store / "releases/1.0.0" / f"{FILE}.yaml"), "files"),
        (lambda store: (store / "releases/1.0.0" / FILE).write_text("another text"), "files"),
        (claim, "metadata"),
        (forget, "files"),
    ],
    ids=["another source", "its sidecar", "other bytes", "claimed", "claimed without metadata"],
)
def test_nothing_else_may_go(attack: Callable[[Path], object], check: str, spoilt: Path, verify: Verify) -> None:
    attack(spoilt)
    said = verify(spoilt)
    assert said.code == 1 and check in said.of("failed")


def test_an_erasure_that_was_cut_short_is_finished(spoilt: Path, three: Path, own: Path, verify: Verify) -> None:
    path = spoilt / "releases/1.0.0" / FILE
    shutil.copy(three / "releases/1.0.0" / FILE, path)
    said = verify(spoilt)
    assert said.code == 3 and said.of("cut short")["erased"].endswith("is still there; the next publication removes it")
    before = (spoilt / "releases.json").read_bytes()
    assert erase_here(spoilt, own).code == 0
    assert not path.exists() and (spoilt / "releases.json").read_bytes() == before
    assert erase_here(spoilt, own, "nothing").code == 2


def test_a_rebuild_says_why_it_cannot(erased: Path, verify: Verify) -> None:
    said = verify(erased / "published/releases/1.0.0", "--rebuild")
    assert said.code == 1
    assert said.of("not checked")["rebuild"].startswith(f" 1.0.0: cannot be made again: {FILE} (sha256 ")


def test_erased_bytes_are_not_published_again(erased: Path, three: Path, spoilt: Path) -> None:
    data = (three / "releases/1.0.0" / FILE).read_bytes()
    with Store(spoilt).writing(0) as writer, pytest.raises(ReleaseError, match="these bytes were erased on 2026-11-25"):
        writer.stage({"sources/again.txt": data})


def test_a_mirror_loses_the_bytes_too_and_never_gets_them_back(erased: Path, three: Path, tmp_path: Path) -> None:
    mirror = Path(shutil.copytree(erased / "mirror", tmp_path / "mirror"))
    address = f"file://{mirror}"
    assert (mirror / "releases/1.0.0" / FILE).exists()
    gone = {*(f"releases/{version}/{FILE}" for version in VERSIONS), f"latest/{FILE}"}
    assert gone <= set(push(erased / "published", address, dry_run=True).removed)
    put = LocalPlace.put

    def cut_short(place: LocalPlace, item: Item, seen: Seen | None) -> None:
        put(place, item, seen)
        raise PushError("the net is gone")

    with pytest.MonkeyPatch.context() as patch, pytest.raises(PushError, match="the net is gone"):
        patch.setattr(LocalPlace, "put", cut_short)
        push(erased / "published", address)
    assert gone <= set(push(erased / "published", address).removed)
    assert not [name for name in gone if (mirror / name).exists()]
    assert not push(erased / "published", address).is_new
    with pytest.raises(PushError, match=rf"has {FILE} of 1\.\d\.\d erased; erase it here too"):
        push(three, address)


def test_a_value_is_traced_to_what_is_left_of_its_source(erased: Path) -> None:
    done = run("trace", "regions", "central-asia", "secretariat_city", "--published", erased / "published")
    said = " ".join(done.out.split())
    assert done.code == 0 and "Tashkent" in said and f"the source was erased: {REASON}" in said
