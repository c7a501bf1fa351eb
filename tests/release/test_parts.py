"""A bulk table in parts: cut where its keys say, published, verified, compared, loaded and pushed part by part."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cbrn_data as cbrn
from cbrn_data import pipeline
from cbrn_data.agents import opened as agents
from cbrn_data.agents.answers import queried
from cbrn_data.agents.opened import OpenedStore
from cbrn_data.catalogue.derive import described
from cbrn_data.errors import CbrnDataError, GateError
from cbrn_data.pipeline import pages
from cbrn_data.push.push import push
from cbrn_data.release.guard import BOUNDS, read_guard
from cbrn_data.release.trace import trace
from cbrn_data.schema import parts as schema_parts
from cbrn_data.schema.model import read_package
from cbrn_data.schema.table import released_tables
from cbrn_data.settings import Settings, read_settings
from cbrn_data.store import disk
from cbrn_data.store.folder import Release, checksums
from cbrn_data.store.store import Store
from cbrn_data.strict_json import dumped
from cbrn_data.tabular.compare import compare_packages
from cbrn_data.tabular.resource import read_package as read_data_package
from cbrn_data.verify.rebuild import rebuild_release
from cbrn_data.verify.release import ReleaseAudit
from cbrn_data.verify.results import FAILED
from tests import records
from tests.cli.conftest import edit
from tests.store.test_store_crash import Disk, check_readers
from tests.trees import tree

pytestmark = pytest.mark.usefixtures("without_pages")

ROWS = range(1, 400)
BASE = "https://data.example/cbrn/"


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema_parts, "LEAST", 1000)


@pytest.fixture
def root(project: Path) -> Path:
    """A project whose table has parts of some rows."""
    records.define(project)
    return project


def publish(root: Path, date: str = "2026-11-24", parts_above: int = 0) -> Release:
    settings = Settings(root, root / "published", parts_above=parts_above)
    built = pipeline.build(pipeline.gather(settings))
    guard = read_guard(settings, built.content.package.tables, list(BOUNDS), "a test")
    return pipeline.publish(built, pipeline.open_store(settings), date, guard=guard).release


def faults(release: Release, previous: Path | None = None) -> list[str]:
    results = [*ReleaseAudit(release.folder, [], previous).run(), *rebuild_release(release.folder, previous)]
    return [f"{result.check}: {result.detail}" for result in results if result.result == FAILED]


def resource_of(release: Release) -> dict[str, Any]:
    described = json.loads((release.folder / "datapackage.json").read_bytes())["resources"]
    (resource,) = [one for one in described if one["name"].startswith("trainings")]
    found: dict[str, Any] = resource
    return found


def digests(release: Release) -> dict[str, str]:
    resource = resource_of(release)
    return {path: part["hash"] for path, part in zip(resource["path"], resource["parts"], strict=True)}


Rows = dict[int, str]
EDITS: dict[str, Callable[[Rows], object]] = {
    "a cell": lambda rows: rows.update({150: records.row(150, people="77")}),
    "a longer row": lambda rows: rows.update({20: records.row(20, title="long " * 100)}),
    "two rows apart": lambda rows: rows.update({n: records.row(n, start="2024-05-22") for n in (30, 320)}),
    "a row less": lambda rows: rows.pop(150),
    "the first row less": lambda rows: rows.pop(1),
    "the last row less": lambda rows: rows.pop(399),
    "a row before all": lambda rows: rows.update({0: records.row(0)}),
    "rows after all": lambda rows: rows.update({n: records.row(n) for n in range(400, 440)}),
    "a row between, of two lines": lambda rows: rows.update(
        {150: f"{rows[150]}\n{records.row(150, id='t-0150-b', title=LINES)}"}
    ),
    "many rows less": lambda rows: [rows.pop(n) for n in range(100, 200)],
    "other rows in many parts": lambda rows: rows.update({n: records.row(n, people="77") for n in range(100, 300)}),
}
LINES = "two\nlines"


@pytest.mark.parametrize("edit", EDITS)
def test_parts_of_the_release_before_give_the_same_bytes_as_all_rows(edit: str, root: Path) -> None:
    rows: Rows = {number: records.row(number) for number in ROWS}
    records.put(root, list(rows.values()))
    first = publish(root)
    EDITS[edit](rows)
    records.put(root, [rows[number] for number in sorted(rows)])
    second = publish(root, "2026-11-25")
    there = {(first.folder / name).stat().st_ino: digest for name, digest in digests(first).items()}
    kept = [name for name in digests(second) if (second.folder / name).stat().st_ino in there]
    assert len(kept) == len(set(digests(first).values()) & set(digests(second).values())) > 1
    assert all((root / "published/latest" / name).samefile(second.folder / name) for name in digests(second))
    assert faults(second, first.folder) == []


def test_parts_are_kept_while_all_to_which_they_refer_is_there(root: Path) -> None:
    records.put(root, [records.row(number) for number in range(1, 120)])
    first = publish(root)
    edit(root, "projects.csv", lambda text: text.replace("Enhance CBRN Critical", "Enhance Critical", 1))
    second = publish(root, "2026-11-25")
    assert digests(second) == digests(first)
    assert all((second.folder / name).samefile(first.folder / name) for name in digests(first))
    edit(root, "projects.csv", lambda text: re.sub("(?m)^P101,.*\n", "", text))
    with pytest.raises(GateError) as refused:
        publish(root, "2026-11-26")
    assert {finding.code for finding in refused.value.findings if finding.is_error} == {"reference-missing"}


def test_a_unique_value_is_compared_with_those_of_parts_that_are_kept(root: Path) -> None:
    (root / "schemas/trainings.yaml").write_text(records.UNIQUE, encoding="utf-8")
    rows: Rows = {number: records.row(number) for number in ROWS}
    records.put(root, list(rows.values()))
    first = publish(root)
    records.put(root, list({**rows, 300: records.row(300, title='Class "20", part')}.values()))
    with pytest.raises(GateError) as refused:
        publish(root, "2026-11-25")
    wrong = [(found.code, found.place) for found in refused.value.findings if found.is_error]
    assert wrong == [("cell-unique", "raw/trainings.csv:301")]
    records.put(root, list({**rows, 300: records.row(300, title="Class of its own")}.values()))
    second = publish(root, "2026-11-25")
    assert len(set(digests(first).values()) & set(digests(second).values())) > 1
    assert faults(second, first.folder) == []


def forged(release: Release, folder: Path, name: str, value: int) -> str:
    """Return what verify says of a release whose first part is described otherwise, with digests to match."""
    copy = Path(shutil.copytree(release.folder, folder / name / release.version))
    described = json.loads((copy / "datapackage.json").read_bytes())
    next(one for one in described["resources"] if one["name"] == "trainings")["parts"][0][name] = value
    (copy / "datapackage.json").write_bytes(dumped(described))
    names = [path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file()]
    (copy / "SHA256SUMS").write_bytes(checksums({name: disk.digest(copy / name) for name in names}))
    said = [result.detail for result in ReleaseAudit(copy, []).run() if result.result == FAILED]
    return next((detail for words in said for detail in words.split(": ") if "trainings" in detail), "").partition(";")[0]


def test_a_table_in_parts_is_published_compared_loaded_and_pushed(root: Path, tmp_path: Path) -> None:
    records.put(root, [records.row(number) for number in ROWS])
    first = publish(root)
    resource = resource_of(first)
    assert len(resource["path"]) > 5
    assert resource["path"][0] == "trainings/from-t-0001.csv"
    assert sum(part["rows"] for part in resource["parts"]) == len(ROWS)
    assert not (first.folder / "trainings.csv").exists()
    assert faults(first) == []
    made = {
        name: b"".join(disk.pieces(data)).decode()
        for name, data in pages([first], BASE).items()
        if name.endswith(("html", "trainings.js"))
    }
    rows = json.loads(made["tables/trainings.js"].partition("= ")[2].rstrip(";\n"))
    assert 'id="rows-cite"' in made["tables/trainings.html"] and rows["numbers"][-1] == 1 + len(ROWS)
    assert rows["files"] == [[path, part["rows"]] for path, part in zip(resource["path"], resource["parts"], strict=True)]
    files = described([first], BASE)
    croissant = json.loads(files["croissant.json"])
    there = {entry["@id"]: entry.get("sha256") for entry in croissant["distribution"]}
    for path, digest in digests(first).items():
        assert f'href="../releases/1.0.0/{path}"' in made["tables/trainings.html"]
        assert there[path] == digest.removeprefix("sha256:")
    for page in ("index.html", "tables/trainings.html", "history/1.0.0.html"):
        assert "A table in parts has CSV files only, and its release no ZIP file" in made[page]
    assert f"CSV in {len(resource['path'])} parts" in made["index.html"] and "trainings.json" not in made["index.html"]
    assert b"releases/1.0.0/datapackage.json" in files["catalog.ttl"]
    assert forged(first, tmp_path, "line", 3) == "the parts of trainings are not those that are described"
    assert forged(first, tmp_path, "rows", 3) == "the parts of trainings are not those that are described"
    assert forged(first, tmp_path, "bytes", 3) == "the digest or size of trainings/from-t-0001.csv is not that of the file"
    # A row less moves the lines of all rows after it, and changes the part that had it.
    records.put(root, [records.row(number) for number in ROWS if number != 150])
    second = publish(root, "2026-11-25")
    assert len(digests(second).items() - digests(first).items()) <= 2
    assert faults(second, first.folder) == []
    rows = [row for row in (second.folder / "changes.csv").read_text().splitlines() if row.startswith("trainings")]
    assert len(rows) == 1 and rows[0].startswith("trainings,t-0150,*,removed")
    # The lines are those of the source everywhere.
    tables = released_tables(second.folder, read_package(second.folder / "schemas"))
    assert [row["source_line"] for row in tables["trainings"].rows] == [str(line) for line in range(2, len(ROWS) + 1)]
    (traced,) = trace(second, "trainings", "t-0300", "title")
    assert traced.passages[0].lines == (300, 300)
    push(root / "published", f"file://{tmp_path / 'mirror'}")
    for store in (root / "published", tmp_path / "mirror"):
        frame = cbrn.load("trainings", source=store)
        assert frame.source_line.tolist() == list(range(2, len(ROWS) + 1))
        some = cbrn.load("trainings", source=store, first="t-0148", last="t-0152")
        assert some.training_id.tolist() == ["t-0148", "t-0149", "t-0151", "t-0152"]
        assert some.source_line.tolist() == [149, 150, 151, 152]
    check_told(root / "published", second, tmp_path)


def rename(part: Path) -> None:
    part.rename(part.with_name("from-t-0000.csv"))


def swap(part: Path) -> None:
    other = max(part.parent.iterdir())
    part.rename(part.with_name("aside"))
    other.rename(part)
    part.with_name("aside").rename(other)


FAULTS: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "another part twice": lambda part: shutil.copyfile(max(part.parent.iterdir()), part),
    "swapped with another": swap,
    "renamed": rename,
    "changed": lambda part: part.write_bytes(part.read_bytes().replace(b",P101,", b",P102,", 1)),
}


def check_told(published: Path, release: Release, folder: Path) -> None:
    """Whoever reads a part with a fault names its file: a client, an agent, an audit, a publisher, who compares packages."""
    name = sorted(digests(release))[2]
    for fault, do in FAULTS.items():
        store = Path(shutil.copytree(published, folder / fault.replace(" ", "-")))
        there = store / "releases" / release.version
        do(there / name)
        with pytest.raises(CbrnDataError, match=re.escape(str(there / name))):
            cbrn.load("trainings", source=store)
        with pytest.raises(CbrnDataError, match=re.escape(str(there / name))):
            OpenedStore(str(store), read_settings()).open(None)
        with pytest.raises(CbrnDataError, match=re.escape(f"{name}' ")), Store(store).writing():
            pass
        said = [result.detail for result in ReleaseAudit(there, []).run() if result.result == FAILED]
        assert f"'{name}' " in "; ".join(said)
        if not (there / name).exists():
            old, new = (read_data_package(one / "datapackage.json").resources for one in (release.folder, there))
            assert str(there / name) in next(one.problem for one in compare_packages(old, new) if one.name == "trainings")
    assert cbrn.load("trainings", source=published).shape[0] == len(ROWS) - 1
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(agents, "FILE_LIMIT", max(one["bytes"] for one in resource_of(release)["parts"]))
        assert "trainings" in OpenedStore(str(published), read_settings()).open(None).left_out
    opened = OpenedStore(str(published), read_settings()).open(None)
    assert not opened.left_out
    (row,) = queried(opened, "trainings", {"training_id": "t-0300"}, "", ["title"], 0, 10).rows
    assert row.values[0].value == 'Class "300", part'


def test_a_kill_at_any_step_of_a_publication_leaves_the_old_or_the_new(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state that readers can see is checked in its place; some are kept, and the next run repairs them."""
    rows: Rows = {number: records.row(number) for number in range(1, 120)}
    records.put(root, list(rows.values()))
    first, published = publish(root), root / "published"
    rows = {number: row for number, row in rows.items() if number not in range(30, 75)} | {10: records.row(10, people="77")}
    records.put(root, list(rows.values()))
    old, kept, steps = tree(published), list[tuple[Path, bool]](), list[str]()

    def stop(machine: Disk, name: str) -> None:
        """See what is there before a step, if the step before changed names."""
        assert all(".staging-" in str(path) for path in machine.unsynced), "a name is visible before its bytes are on disk"
        steps.append(name)
        if steps[-2:-1] and steps[-2] in {"rename", "unlink", "rmdir", "mkdir"}:
            machine.stop = None
            check_readers(published)
            if len(steps) > 100 * len(kept) or machine.committed > any(committed for _, committed in kept):
                copy = Path(shutil.copytree(published, root / "kept" / f"{len(steps)}"))
                kept.append((copy, machine.committed))
            machine.stop = stop

    with monkeypatch.context() as patch:
        patch.setattr(disk, "os", Disk(0, stop))
        patch.setattr(disk, "LARGE", 1000)
        second = publish(root, "2026-11-25")
    assert {"link", "copy_file_range", "unlink"} <= set(steps)
    assert digests(first).items() & digests(second).items() and len(digests(first)) > len(digests(second))
    new = tree(published)
    assert {committed for _, committed in kept} == {True, False} and len(kept) > 4
    for copy, committed in kept:
        with pipeline.open_store(Settings(root, copy, parts_above=0)).writing():
            pass
        assert tree(copy) == (new if committed else old), copy.name
