"""The version that follows: every case that the rule names, and those that the recipe names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cbrn_data.release.changes import TableChanges
from cbrn_data.release.version import Reason, next_version, reasons
from cbrn_data.schema.model import Field, NamedCheck, Package, TableDefinition, read_package
from cbrn_data.tabular.schema import ForeignKey
from tests.records import changed

PACKAGE = read_package(Path(__file__).parent.parent.parent / "schemas")
Change = Callable[[Package], Package]


def with_about(**values: Any) -> Change:
    return lambda package: replace(package, metadata=package.metadata | values)


def with_table(name: str, change: Callable[[TableDefinition], TableDefinition]) -> Change:
    return lambda package: replace(package, tables=package.tables | {name: change(package.tables[name])})


def without_table(name: str) -> Change:
    return lambda package: replace(package, tables={key: one for key, one in package.tables.items() if key != name})


def with_field(name: str, column: str, change: Callable[[Field], Field]) -> Change:
    def changed(table: TableDefinition) -> TableDefinition:
        return replace(table, fields=tuple(change(field) if field.name == column else field for field in table.fields))

    return with_table(name, changed)


def constraints(name: str, column: str, *without: str, **values: Any) -> Change:
    def changed(field: Field) -> Field:
        kept = {key: value for key, value in field.constraints.items() if key not in without}
        return replace(field, constraints=kept | values)

    return with_field(name, column, changed)


NEW_FIELD = Field("colour", "string", "Colour", "Colour.", "red", "default", None, {})
NO_MORE = without_table("project_countries")

DEFINITIONS: list[tuple[str, str, Change, str]] = [
    # the recipe: incompatible
    ("name", "major", with_about(name="another"), "another name of the package"),
    ("licence", "major", with_about(licence={"name": "CC0-1.0"}), "another licence of the package"),
    (
        "field-added",
        "major",
        with_table("projects", lambda t: replace(t, fields=(*t.fields, NEW_FIELD))),
        "fields of projects: added colour",
    ),
    (
        "field-removed",
        "major",
        with_table("projects", lambda t: replace(t, fields=t.fields[:-1])),
        "fields of projects: removed page_url",
    ),
    (
        "field-renamed",
        "major",
        with_table("projects", lambda t: replace(t, fields=(*t.fields[:-1], NEW_FIELD))),
        "fields of projects: added colour; removed page_url",
    ),
    (
        "fields-reordered",
        "major",
        with_table("projects", lambda t: replace(t, fields=(*t.fields[:-2], t.fields[-1], t.fields[-2]))),
        "fields of projects: in another order",
    ),
    ("type", "major", with_field("projects", "number", lambda f: replace(f, type="string")), "type of projects.number"),
    (
        "format",
        "major",
        with_field("projects", "page_url", lambda f: replace(f, format="default")),
        "type of projects.page_url",
    ),
    ("tighter-maximum", "major", constraints("projects", "number", maximum=999), "constraints of projects.number"),
    ("tighter-minimum", "major", constraints("projects", "number", minimum=2), "constraints of projects.number"),
    (
        "tighter-enum",
        "major",
        constraints("project_listings", "status", enum=["ongoing"]),
        "constraints of project_listings.status",
    ),
    ("new-constraint", "major", constraints("projects", "implementer", minLength=2), "constraints of projects.implementer"),
    ("now-required", "major", constraints("projects", "title", required=True), "constraints of projects.title"),
    ("other-pattern", "major", constraints("projects", "project_id", pattern="P.+"), "constraints of projects.project_id"),
    (
        "both-ways",
        "major",
        constraints("projects", "number", minimum=2, maximum=99_999),
        "constraints of projects.number",
    ),
    # what the rule decides
    (
        "primary-key",
        "major",
        with_table("projects", lambda t: replace(t, primary_key=("number",))),
        "keys of projects",
    ),
    (
        "foreign-key",
        "major",
        with_table("projects", lambda t: replace(t, foreign_keys=(ForeignKey(("project_id",), "figures", ("figure_id",)),))),
        "keys of projects",
    ),
    ("table-removed", "major", NO_MORE, "table project_countries removed"),
    (
        "check-added",
        "major",
        with_table("priorities", lambda t: replace(t, checks=(*t.checks, NamedCheck("together", ("title", "position"))))),
        "checks of priorities",
    ),
    ("check-dropped", "minor", with_table("projects", lambda t: replace(t, checks=t.checks[1:])), "checks of projects"),
    ("looser-maximum", "minor", constraints("projects", "number", maximum=99_999), "constraints of projects.number"),
    ("looser-minimum", "minor", constraints("projects", "number", minimum=0), "constraints of projects.number"),
    ("dropped-maximum", "minor", constraints("projects", "number", "maximum"), "constraints of projects.number"),
    ("no-longer-required", "minor", constraints("projects", "number", "required"), "constraints of projects.number"),
    ("no-longer-unique", "minor", constraints("projects", "number", unique=False), "constraints of projects.number"),
    (
        "wider-enum",
        "minor",
        constraints("project_listings", "status", enum=["planned", "ongoing", "not_listed_as_ongoing"]),
        "constraints of project_listings.status",
    ),
    # descriptive
    ("title", "patch", with_about(title="Another title"), "description of the whole package: title"),
    (
        "keywords",
        "patch",
        with_about(keywords=["CBRN"], frequency="ANNUAL"),
        "description of the whole package: frequency, keywords",
    ),
    ("table-title", "patch", with_table("projects", lambda t: replace(t, title="All projects")), "definition of projects"),
    (
        "field-description",
        "patch",
        with_field("projects", "title", lambda f: replace(f, description="Title.", unit="words", example="Title")),
        "description of projects.title",
    ),
]


@pytest.mark.parametrize(
    ("step", "change", "why"), [case[1:] for case in DEFINITIONS], ids=[case[0] for case in DEFINITIONS]
)
def test_a_changed_definition_moves_the_version(step: str, change: Change, why: str) -> None:
    assert reasons([], PACKAGE, change(PACKAGE)) == [Reason(step, why)]


def test_a_table_that_is_new_is_minor() -> None:
    assert reasons([], NO_MORE(PACKAGE), PACKAGE) == [Reason("minor", "table project_countries added")]


@pytest.mark.parametrize("change", [lambda package: package, with_about(base_url="https://other.example/")])
def test_another_spelling_of_the_same_is_a_patch_and_says_so(change: Change) -> None:
    assert reasons([], PACKAGE, change(PACKAGE)) == [
        Reason("patch", "files of sources or definitions, but not their content")
    ]


def rows(table: str, kind: str, *ids: str) -> list[TableChanges]:
    return [changed(PACKAGE.tables[table], kind, *ids)]


ROWS = [
    ("projects", "added", "minor", "2 rows added to projects"),
    ("projects", "changed", "patch", "2 rows changed in projects"),
    ("projects", "removed", "major", "2 rows removed from projects"),
    ("sources", "added", "minor", "2 rows added to sources"),
    ("sources", "changed", "patch", "2 rows changed in sources"),
    ("sources", "removed", "patch", "2 rows removed from sources"),
    ("evidence", "added", "patch", "2 rows added to evidence"),
    ("evidence", "removed", "patch", "2 rows removed from evidence"),
    ("quarantine", "added", "patch", "2 rows added to quarantine"),
    ("quarantine", "removed", "patch", "2 rows removed from quarantine"),
]


@pytest.mark.parametrize(("table", "kind", "step", "why"), ROWS, ids=[f"{case[0]}-{case[1]}" for case in ROWS])
def test_rows_move_the_version(table: str, kind: str, step: str, why: str) -> None:
    assert reasons(rows(table, kind, "a", "b"), PACKAGE, PACKAGE) == [Reason(step, why)]


@pytest.mark.parametrize("table", PACKAGE.with_role("data"), ids=lambda table: table.name)
def test_every_data_table_has_the_same_rule(table: TableDefinition) -> None:
    steps = {
        kind: reasons(rows(table.name, kind, "a"), PACKAGE, PACKAGE)[0].step for kind in ("added", "changed", "removed")
    }
    assert steps == {"added": "minor", "changed": "patch", "removed": "major"}


def test_the_strongest_reason_stands_first_and_decides() -> None:
    changes = rows("evidence", "added", "e") + rows("projects", "added", "P1") + rows("countries", "removed", "XXX")
    found = reasons(changes, PACKAGE, PACKAGE)
    assert [(reason.step, reason.why) for reason in found] == [
        ("major", "1 row removed from countries"),
        ("minor", "1 row added to projects"),
        ("patch", "1 row added to evidence"),
    ]
    assert next_version("1.2.3", found) == "2.0.0"


@pytest.mark.parametrize(
    ("previous", "step", "at_least", "version"),
    [
        (None, [], "patch", "1.0.0"),
        (None, [], "major", "1.0.0"),
        ("1.2.3", ["patch"], "patch", "1.2.4"),
        ("1.2.3", ["patch"], "minor", "1.3.0"),
        ("1.2.3", ["patch"], "major", "2.0.0"),
        ("1.2.3", ["minor", "patch"], "patch", "1.3.0"),
        ("1.2.3", ["major"], "minor", "2.0.0"),
        ("1.9.9", ["patch"], "patch", "1.9.10"),
        ("9.10.11", ["minor"], "patch", "9.11.0"),
    ],
)
def test_the_next_version_is_never_less_than_a_reason_asks(
    previous: str | None, step: list[str], at_least: str, version: str
) -> None:
    assert next_version(previous, [Reason(name, "because") for name in step], at_least) == version
