"""Reading definitions: what is misshapen is told in words with file and line, all of it at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from cbrn_data.errors import SchemaError
from cbrn_data.schema.descriptor import package_properties
from cbrn_data.schema.model import Metadata, check_descriptions, read_package
from cbrn_data.schema.vocabulary import FREQUENCIES, LICENCES, THEMES
from tests.conftest import PROJECT


@pytest.fixture
def schemas(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PROJECT / "schemas", tmp_path / "schemas"))


def refusals(folder: Path) -> list[tuple[str, str, str]]:
    with pytest.raises(SchemaError) as refused:
        read_package(folder)
    assert refused.value.exit_code == 1
    return [(finding.code, finding.place, finding.message) for finding in refused.value.findings]


def changed(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_real_definitions_are_read_in_the_order_of_the_package() -> None:
    package = read_package(PROJECT / "schemas")
    assert list(package.tables) == package.metadata["tables"]
    assert set(package.files) == {path.name for path in (PROJECT / "schemas").iterdir()}
    assert [table.name for table in package.with_role("provenance")] == ["sources", "evidence"]
    assert [table.name for table in package.with_role("log")] == ["quarantine", "changes"]
    assert package.tables["projects"].field("budget_eur").unit == "euros"


CASES: dict[str, tuple[str, str, str, list[tuple[str, str]]]] = {
    "no example": (
        "countries.yaml",
        "    example: KZ\n",
        "",
        [("schemas/countries.yaml:15", "iso2: example is missing")],
    ),
    "empty title": (
        "countries.yaml",
        "    title: Name\n",
        "    title: ''\n",
        [("schemas/countries.yaml:27", "name: title is '' and must not be blank")],
    ),
    "unknown key": (
        "countries.yaml",
        "    title: Name\n",
        "    title: Name\n    titel: Name\n",
        [("schemas/countries.yaml:27", "name: titel is not known")],
    ),
    "field twice": (
        "countries.yaml",
        "  - name: m49",
        "  - name: iso2",
        [("schemas/countries.yaml:15", "the field 'iso2' is repeated")],
    ),
    "another name": (
        "countries.yaml",
        "name: countries\n",
        "name: lands\n",
        [("schemas/countries.yaml:1", "name is 'lands', which is not the name of the file")],
    ),
    "another role": (
        "countries.yaml",
        "role: data",
        "role: decoration",
        [("schemas/countries.yaml:1", "role is 'decoration' and must be 'data', 'provenance' or 'log'")],
    ),
    "key of no field": (
        "countries.yaml",
        "primaryKey: [country_id]",
        "primaryKey: [code]",
        [("schemas/countries.yaml:1", "primaryKey names the field 'code', which does not exist")],
    ),
    "key that is no list": (
        "countries.yaml",
        "primaryKey: [country_id]",
        "primaryKey: country_id",
        [("schemas/countries.yaml:1", "primaryKey is 'country_id' and must be a list")],
    ),
    "foreign key to nothing": (
        "regions.yaml",
        "resource: countries",
        "resource: lands",
        [("schemas/regions.yaml:1", "foreignKeys refers to lands.country_id, which does not exist")],
    ),
    "foreign key without fields": (
        "regions.yaml",
        "fields: [secretariat_country_id], ",
        "",
        [("schemas/regions.yaml:1", "entry 1 of foreignKeys: fields is missing")],
    ),
    "check of no field": (
        "memberships.yaml",
        "fields: [joined, first_stated, last_stated]",
        "fields: [left]",
        [("schemas/memberships.yaml:1", "checks names the field 'left', which does not exist")],
    ),
    "fields that are no list": (
        "countries.yaml",
        "fields:\n",
        "fields: many\nrest:\n",
        [
            ("schemas/countries.yaml:1", "fields is 'many' and must be a list"),
            ("schemas/countries.yaml:1", "rest is not known"),
        ],
    ),
    "a key twice": (
        "countries.yaml",
        "role: data\n",
        "role: data\nrole: data\n",
        [("schemas/countries.yaml:7", "is not strict YAML: the key 'role' is repeated")],
    ),
    "an alias": (
        "countries.yaml",
        "title: Countries",
        "title: &a Countries",
        [("schemas/countries.yaml:2", "is not strict YAML: anchors and aliases are not allowed")],
    ),
    "no publisher": (
        "package.yaml",
        "publisher:\n  name: cbrn_data maintainers\n",
        "publisher:\n",
        [("schemas/package.yaml:1", "publisher.name is missing")],
    ),
    "a licence that no portal knows": (
        "package.yaml",
        "  name: CC-BY-4.0\n",
        "  name: CC-BY-9.0\n",
        [
            (
                "schemas/package.yaml:1",
                f"licence.name is 'CC-BY-9.0' and must be one of {', '.join(LICENCES)}",
            )
        ],
    ),
    "a licence whose text is nowhere": (
        "package.yaml",
        "  path: https://creativecommons.org/licenses/by/4.0/\n",
        "  path: javascript:alert(1)\n",
        [
            (
                "schemas/package.yaml:1",
                "licence.path is 'javascript:alert(1)' and must be the address of its text",
            )
        ],
    ),
    "a theme that no portal knows": (
        "package.yaml",
        "themes: [JUST, INTR]",
        "themes: [JUST, WEAPONS]",
        [
            (
                "schemas/package.yaml:1",
                f"entry 2 of themes is 'WEAPONS' and must be one of {', '.join(THEMES)}",
            )
        ],
    ),
    "a theme twice": (
        "package.yaml",
        "themes: [JUST, INTR]",
        "themes: [JUST, JUST]",
        [
            (
                "schemas/package.yaml:1",
                "themes must not name anything twice",
            )
        ],
    ),
    "a frequency in words": (
        "package.yaml",
        "frequency: IRREG",
        "frequency: now and then",
        [
            (
                "schemas/package.yaml:1",
                f"frequency is 'now and then' and must be one of {', '.join(FREQUENCIES)}",
            )
        ],
    ),
    "a language in words": (
        "package.yaml",
        "language: ENG",
        "language: English",
        [("schemas/package.yaml:1", "language is 'English' and must be one of ENG")],
    ),
    "a contact without an address for letters": (
        "package.yaml",
        "contact:\n  name: cbrn_data maintainers\n  email: data@cbrn-data.example\n",
        "contact:\n  name: cbrn_data maintainers\n  email: somebody here\n",
        [("schemas/package.yaml:1", "contact.email is 'somebody here' and must be an email address")],
    ),
    "a coverage without a period": (
        "package.yaml",
        "  temporal: [regions, memberships, projects, achievements]\n",
        "",
        [
            (
                "schemas/package.yaml:1",
                "coverage.temporal is missing",
            )
        ],
    ),
    "a coverage of tables that are not there or have no countries": (
        "package.yaml",
        "  spatial: countries\n  temporal: [regions, ",
        "  spatial: projects\n  temporal: [region, ",
        [
            ("schemas/package.yaml:1", "coverage names the table 'region', which does not exist"),
            (
                "schemas/package.yaml:1",
                "coverage names the table projects for countries, which must have country_id and name",
            ),
        ],
    ),
    "a table outside": (
        "package.yaml",
        "  - regions\n",
        "  - ../regions\n",
        [("schemas/package.yaml:1", "entry 1 of tables is '../regions' and must be a name in small letters")],
    ),
    "a table twice": (
        "package.yaml",
        "  - regions\n",
        "  - regions\n  - regions\n",
        [("schemas/package.yaml:1", "tables must not name anything twice")],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_with_a_definition_is_told_with_its_place(case: str, schemas: Path) -> None:
    name, old, new, expected = CASES[case]
    changed(schemas, name, old, new)
    assert refusals(schemas) == [("schema-invalid", place, message) for place, message in expected]


def test_every_fault_of_every_file_is_told_at_once(schemas: Path) -> None:
    changed(schemas, "countries.yaml", "    example: KZ\n", "")
    changed(schemas, "regions.yaml", "role: data", "role: 7")
    (schemas / "figures.yaml").unlink()
    assert refusals(schemas) == [
        ("schema-invalid", "schemas/countries.yaml:15", "iso2: example is missing"),
        ("schema-invalid", "schemas/figures.yaml", "the file is missing"),
        ("schema-invalid", "schemas/regions.yaml:1", "role is 7 and must be 'data', 'provenance' or 'log'"),
    ]


def to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


UNREADABLE: dict[str, tuple[Callable[[Path], object], list[tuple[str, str, str]]]] = {
    "missing": (
        lambda path: path.unlink(),
        [("schema-invalid", "schemas/countries.yaml", "the file is missing")],
    ),
    "a folder": (
        to_folder,
        [("schema-invalid", "schemas/countries.yaml", "is a folder, not a file")],
    ),
    "no YAML": (
        lambda path: path.write_text("name: [countries\n"),
        [("schema-invalid", "schemas/countries.yaml:2", "is not strict YAML: did not find expected ',' or ']'")],
    ),
    "not UTF-8": (
        lambda path: path.write_bytes(b"name: c\xff\n"),
        [
            (
                "schema-invalid",
                "schemas/countries.yaml:1",
                "is not strict YAML: 'utf-8' codec can't decode byte 0xff in position 7: invalid start byte",
            )
        ],
    ),
    "a list": (
        lambda path: path.write_text("- a\n"),
        [("schema-invalid", "schemas/countries.yaml:1", "is a list and must be keys and values")],
    ),
    "empty": (
        lambda path: path.write_text(""),
        [("schema-invalid", "schemas/countries.yaml:1", "is null and must be keys and values")],
    ),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_definition_that_cannot_be_read_is_told(case: str, schemas: Path) -> None:
    spoil, expected = UNREADABLE[case]
    spoil(schemas / "countries.yaml")
    assert refusals(schemas) == expected


def test_a_folder_without_a_package_is_told(tmp_path: Path) -> None:
    assert refusals(tmp_path) == [("schema-invalid", "schemas/package.yaml", "the file is missing")]


def test_rows_are_named_and_ordered_by_their_key() -> None:
    table = read_package(PROJECT / "schemas").tables["evidence"]
    row: dict[str, str | None] = {"table_name": "t", "row_id": "r", "field": "f", "source_id": "s", "char_start": "9"}
    assert table.row_id(row) == "t/r/f/s/9"
    assert table.order(row) < table.order(row | {"char_start": "10"})


@pytest.mark.parametrize("escape", ["\\x01", "\\uFFFF", "\\u202E"])
def test_a_text_that_no_catalogue_can_hold_is_refused_at_its_line(escape: str, schemas: Path) -> None:
    """XML has no way to write a control character: the feed and the catalogue could not be read."""
    text = (schemas / "package.yaml").read_text(encoding="utf-8")
    changed(schemas, "package.yaml", "- CBRN\n", f'- "CBRN{escape}"\n')
    ((_, place, message),) = refusals(schemas)
    line = text[: text.index("- CBRN\n")].count("\n") + 1
    assert place == f"schemas/package.yaml:{line}" and f"the character U+{int(escape[2:], 16):04X}" in message


def test_a_description_that_no_search_for_datasets_takes_is_refused() -> None:
    package = read_package(PROJECT / "schemas")
    check_descriptions(package)
    long = replace(package.tables["projects"], description="x" * (5000 - len(package.metadata["description"].strip())))
    with pytest.raises(SchemaError) as raised:
        check_descriptions(replace(package, tables={**package.tables, "projects": long}))
    (finding,) = raised.value.findings
    assert (finding.source, finding.code) == ("schemas/projects.yaml", "schema-invalid")
    assert "the description and that of package.yaml have 5,001 characters" in finding.message
    check_descriptions(
        replace(package, tables={**package.tables, "projects": replace(long, description=long.description[1:])})
    )


def test_a_homepage_is_an_address_and_stands_in_the_descriptor() -> None:
    about = read_package(PROJECT / "schemas").metadata
    assert "homepage" not in package_properties({key: about[key] for key in about if key != "homepage"})
    assert package_properties({**about, "homepage": "https://data.example/"})["homepage"] == "https://data.example/"
    with pytest.raises(ValidationError, match="the address of a page"):
        Metadata.model_validate({**about, "homepage": "data.example"})
