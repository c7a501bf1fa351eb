"""The catalogue and the pages: held against their digests in the index, and, with ``--rebuild``, made again."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cbrn_data import pipeline
from cbrn_data.pipeline import pages
from cbrn_data.store import disk
from cbrn_data.store.folder import checksums
from cbrn_data.verify import rebuild
from cbrn_data.verify.rebuild import rebuild_all, rebuild_derived
from cbrn_data.verify.results import DERIVED, DOCUMENTS, FAILED, NOT_CHECKED, PASSED, REBUILD, Result, exit_code
from tests.verify import forging
from tests.verify.conftest import Verify
from tests.verify.test_tamper import behind

PAGE = "tables/projects.html"


def again(store: Path, make: Callable[..., object] | None = None) -> tuple[str, str]:
    """Return the word and the details of deriving again; ``make`` makes the pages, by default those remembered."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rebuild, "pages", make or pipeline.pages)
        results = list(rebuild_derived("store", store))
    assert {result.check for result in results} == {DERIVED}
    (word,) = {result.result for result in results}
    return word, " ".join(result.detail for result in results)


def test_what_was_derived_is_derived_again(three: Path) -> None:
    assert again(three, pages) == (PASSED, "every file has the same bytes")


@pytest.mark.parametrize("name", ["catalog.ttl", "catalog.rdf", "catalog.jsonld", "sitemap.xml", "index.html", PAGE])
def test_a_changed_one_is_not_what_the_index_lists(name: str, store: Path, verify: Verify) -> None:
    forging.flip(store / name)
    found = verify(store)
    assert found.code == 1
    assert f"{name} was changed" in found.of(FAILED)["derived files"]


def changed(store: Path) -> str:
    forging.replace(store / PAGE, "Projects", "Weapons")
    return PAGE


def added(store: Path) -> str:
    (store / "tables" / "more.html").write_bytes(b"more")
    return "tables/more.html"


def claimed(store: Path) -> str:
    forging.replace(store / "catalog.ttl", "CC_BY_4_0", "CC0")
    return "catalog.ttl"


@pytest.mark.usefixtures("older_form")
@pytest.mark.parametrize(
    ("spoil", "said"),
    [(changed, "differs from the rebuild"), (added, "is not derived"), (claimed, "differs from the rebuild")],
)
def test_one_that_is_changed_with_the_index_is_found_by_deriving_again(
    spoil: Callable[[Path], str], said: str, store: Path, verify: Verify, pins: Path
) -> None:
    """Where no pinned key vouches, or the store has the older form, only ``--rebuild`` can tell, and this is said."""
    name = spoil(store)
    forging.relist(store, name)
    assert verify(store).of(FAILED).keys() == {"metadata"}
    forging.sign_anew(store)
    assert verify(store, CBRN_DATA_TRUSTED_KEYS=str(pins)).of(FAILED).keys() == {"metadata"}
    assert "no pinned key vouches for it; --rebuild derives them again" in verify(store).of(NOT_CHECKED)[DERIVED]
    shutil.rmtree(store / "metadata")
    found = verify(store)
    assert (found.code, "--rebuild" in found.of(NOT_CHECKED)[DERIVED]) == (0, True)
    assert again(store) == (FAILED, f"{name} {said}")


@pytest.mark.parametrize("check", [REBUILD, DOCUMENTS, DERIVED])
def test_a_rebuild_that_was_asked_for_and_not_done_is_not_good(check: str) -> None:
    results = [Result("1.0.0", "files", PASSED, ""), Result("1.0.0", check, NOT_CHECKED, "needs other code")]
    assert (exit_code(results, rebuild=True), exit_code(results)) == (1, 0)


@pytest.mark.parametrize("word", [FAILED, NOT_CHECKED])
@pytest.mark.parametrize("check", ["chain", "files", "metadata", "signature"])
def test_nothing_is_rebuilt_of_what_was_not_found_intact(check: str, word: str, tmp_path: Path) -> None:
    (result,) = rebuild_all(tmp_path, False, [Result("store", check, word, "")])
    assert (result.check, result.result) == (REBUILD, NOT_CHECKED)


@pytest.mark.usefixtures("older_form")
def test_an_export_is_held_against_its_release(store: Path, verify: Verify) -> None:
    """Whoever changes an export lists it in the digests beside it and in the index; the older form has no metadata."""
    shutil.rmtree(store / "metadata")
    with zipfile.ZipFile(store / "exports/1.0.0/cbrn-data.zip", "a") as archive:
        archive.writestr("more.csv", "more")
    for folder, name in (("1.0.0", "cbrn-data.zip"), ("latest", "projects.parquet"), ("1.1.0", "cbrn-data.xlsx")):
        place = store / "exports" / folder
        if name != "cbrn-data.zip":
            forging.flip(place / name)
        files = {path.name: disk.digest(path) for path in place.iterdir()}
        (place / "SHA256SUMS").write_bytes(checksums(files))
        forging.relist(store, f"exports/{folder}/{name}")
        if folder != "1.1.0":
            forging.relist(store, f"exports/{folder}/SHA256SUMS")
    stranger = {"exports/9.0.0/SHA256SUMS": "0" * 64}
    forging.edit_json(
        store / "releases.json", lambda index: index.update(derived=dict(sorted({**index["derived"], **stranger}.items())))
    )
    said = verify(store).of(FAILED)["index"]
    assert "exports/1.0.0/cbrn-data.zip does not have the files of release 1.0.0" in said
    assert "exports/latest/ differs from the exports of the newest release" in said
    assert "exports/1.1.0/SHA256SUMS does not list the files beside it" in said
    assert "exports/9.0.0/ is listed, but 9.0.0 is not a release" in said
    assert "exports/1.1.1" not in said


def test_one_that_is_taken_away_with_the_index_is_missed(store: Path) -> None:
    (store / "catalog.rdf").unlink()
    forging.edit_json(store / "releases.json", lambda index: index["derived"].pop("catalog.rdf"))
    assert again(store) == (FAILED, "catalog.rdf is missing")


def test_an_address_that_is_none_in_the_feed_is_refused(store: Path) -> None:
    forging.replace(store / "feed.xml", "https://cbrn-data.example/", "https://../cbrn-data/")
    word, said = again(store)
    assert word == FAILED
    assert "base address" in said


def test_a_catalogue_of_the_release_to_come_is_a_publication_cut_short(store: Path, three: Path, verify: Verify) -> None:
    behind(store)
    for name in ("catalog.ttl", "index.html", "history/1.1.1.html"):
        (store / name).write_bytes((three / name).read_bytes())
    found = verify(store)
    assert found.code == 3
    said = found.of("cut short")["derived files"]
    assert "catalog.ttl, history/1.1.1.html, index.html: of the state before or to come" in said
    assert again(store)[0] == PASSED
    forging.flip(store / "catalog.ttl")
    assert again(store) == (FAILED, "catalog.ttl differs from the rebuild")


def test_what_another_code_derived_is_not_judged(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forging.edit_json(store / "releases.json", lambda index: index.update(derived_by="0" * 64))
    forging.flip(store / PAGE)
    word, said = again(store)
    assert word == NOT_CHECKED
    assert "other code derived them" in said
