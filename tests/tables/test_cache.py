"""Finished tables of records are kept by what they are made of: reused whole and unchanged, or made again."""

from __future__ import annotations

from pathlib import Path

import pytest

from cbrn_data import pipeline
from cbrn_data.errors import GateError
from cbrn_data.schema.model import Package
from cbrn_data.schema.table import Tables
from cbrn_data.settings import Settings
from cbrn_data.sources.source import Source
from cbrn_data.store import disk
from cbrn_data.tables.bulk import BulkTable, write_bulk
from tests import records

pytestmark = pytest.mark.usefixtures("without_pages")

NAME = "trainings"


@pytest.fixture
def root(project: Path) -> Path:
    """A project with a table of records."""
    records.define(project)
    records.put(project, [records.row(number) for number in range(1, 40)])
    return project


class Run:
    """Builds a project, and tells whether its table of records was made or had been kept."""

    def __init__(self, root: Path, cache: Path) -> None:
        self.where = Settings(root, root / "published", cache=cache)
        self.made: list[str] = []

    @property
    def folder(self) -> Path:
        return pipeline.table_cache(self.where).folder

    def build(self) -> pipeline.Built:
        self.made.clear()
        return pipeline.build(pipeline.gather(self.where), self.write)

    def write(self, source: Source, package: Package, tables: Tables, folder: Path) -> BulkTable:
        kept = pipeline.table_cache(self.where)
        return kept.write(source, package, tables, folder, self._make)[0]

    def _make(self, source: Source, package: Package, tables: Tables, folder: Path) -> BulkTable:
        self.made.append(source.name)
        return write_bulk(source, package, tables, folder)


@pytest.fixture
def run(root: Path, tmp_path: Path) -> Run:
    return Run(root, tmp_path / "cache")


def test_a_kept_table_gives_the_release_that_a_new_one_gives(run: Run, root: Path, tmp_path: Path) -> None:
    first = run.build()
    assert run.made == ["trainings.csv"]
    again = run.build()
    assert run.made == []
    plain = pipeline.build(pipeline.gather(run.where))
    trees = []
    for number, built in enumerate((first, again, plain)):
        store = pipeline.open_store(Settings(root, tmp_path / str(number)))
        folder = pipeline.publish(built, store, "2026-11-24").release.folder
        trees.append({str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()})
    assert trees[0] == trees[1] == trees[2] and f"{NAME}.csv" in trees[0]


def test_what_another_run_forgets_stays_with_the_run_that_took_it(run: Run, root: Path) -> None:
    run.build()
    taken = run.build()
    records.put(root, [records.row(number) for number in range(1, 50)])
    run.build()
    (kept,) = (run.folder / NAME).iterdir()
    assert len((kept / f"{NAME}.csv").read_text().splitlines()) == 50
    assert len(taken.content.tables[NAME].files["csv"].path.read_text().splitlines()) == 40


@pytest.mark.parametrize("change", ["source", "sidecar", "definition", "reference", "code"])
def test_whatever_it_is_made_of_decides(run: Run, root: Path, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run.build()
    if change == "source":
        records.put(root, [records.row(number) for number in range(2, 40)])
    elif change == "sidecar":
        records.put(root, [records.row(number) for number in range(1, 40)], on_error="quarantine")
    elif change == "definition":
        changed = records.DEFINITION.replace("Title of the training", "What the training is called")
        (root / "schemas" / f"{NAME}.yaml").write_text(changed, encoding="utf-8")
    elif change == "reference":
        projects, sidecar = root / "raw/projects.csv", root / "raw/projects.csv.yaml"
        header = projects.read_text(encoding="utf-8").splitlines()[0].split(",")
        cells = {"project_id": "P999", "number": "999", "url": "https://www.un.org/en/", "certainty": "high"}
        more = projects.read_bytes() + (",".join(cells.get(name, "") for name in header) + "\n").encode()
        old = disk.sha256_of(projects.read_bytes())
        text = sidecar.read_text(encoding="utf-8").replace(f"bytes: {projects.stat().st_size}", f"bytes: {len(more)}")
        sidecar.write_text(text.replace(old, disk.sha256_of(more)), encoding="utf-8")
        projects.write_bytes(more)
    else:
        monkeypatch.setattr(pipeline, "code_version", lambda: {"digest": "other"})
    run.build()
    assert run.made == ["trainings.csv"]


@pytest.mark.parametrize("name", [f"{NAME}.csv", f"{NAME}.json", "record.json"])
@pytest.mark.parametrize("how", ["changed", "gone"])
def test_what_was_changed_is_made_again(run: Run, name: str, how: str) -> None:
    digest = run.build().content.digest
    (kept,) = (run.folder / NAME).iterdir()
    file = kept / name
    if how == "gone":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-3] + b"xx\n")
    assert run.build().content.digest == digest
    assert run.made == ["trainings.csv"]
    run.build()
    assert run.made == []


def test_what_was_left_half_kept_is_not_used_and_goes(run: Run) -> None:
    left = run.folder / NAME / ".0123456789abcdef"
    left.mkdir(parents=True)
    (left / f"{NAME}.csv").write_bytes(b"half")
    run.build()
    assert run.made == ["trainings.csv"]
    assert not left.exists()


def test_a_fault_is_kept_with_its_table(run: Run, root: Path) -> None:
    records.put(root, [records.row(1, people="0")])
    told = []
    for _ in range(2):
        with pytest.raises(GateError) as error:
            run.build()
        told.append([finding for finding in error.value.findings if finding.code != "pages-disagree"])
    assert told[0] == told[1] and [finding.line for finding in told[0]] == [2]
    assert run.made == []


def test_a_run_goes_on_where_nothing_can_be_kept(run: Run) -> None:
    run.where.cache.write_text("a file where a folder belongs")
    assert run.build().content.digest
    assert run.made == ["trainings.csv"]


def test_a_source_that_changes_while_it_is_read_is_not_kept(run: Run, root: Path) -> None:
    gathered = pipeline.gather(run.where)
    records.put(root, [records.row(number) for number in range(1, 30)])
    pipeline.build(gathered, run.write)
    assert not (run.folder / NAME).exists()
