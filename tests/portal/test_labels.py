"""Russian: one message for all that the portal says, none left over, and no word of a source."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cbrn_data.portal.languages import messages, scripts_of, uses
from cbrn_data.portal.sentences import openings
from cbrn_data.portal.view import read_release
from cbrn_data.schema.model import read_package
from cbrn_data.store.store import Store
from tests.conftest import PROJECT
from tests.portal.conftest import Page, Portal

PORTAL = PROJECT / "src/cbrn_data/portal"


def words(folder: Path) -> set[str]:
    """Return every title, every allowed word and every sentence of the definitions, and the keywords."""
    package = read_package(folder)
    tables, about = package.tables.values(), package.metadata
    fields = [field for table in tables for field in table.fields]
    allowed = {str(word) for field in fields for word in field.constraints.get("enum", ())}
    described = [about["description"], *(one.description for one in tables), *(one.description for one in fields)]
    titles = {about["title"], about["short_title"], *(one.title for one in tables), *(one.title for one in fields)}
    return titles | allowed | sentences(" ".join(described)) | set(about["keywords"])


def sentences(text: str) -> set[str]:
    """Return the sentences of a text."""
    return set(re.split(r"(?<=\.) (?=[A-Z*])", " ".join(text.split())))


def messages_of(script: bytes) -> dict[str, str]:
    """Return the messages of a script."""
    return dict(json.loads(script.decode().partition("messages, ")[2].rstrip(");\n")))


def test_every_word_of_the_definitions_has_a_message() -> None:
    assert words(PROJECT / "schemas") <= messages().keys()


def test_messages_are_russian_and_have_the_values_of_the_english_ones() -> None:
    for english, russian in messages().items():
        assert re.search("[А-Яа-яё]", russian), english
        assert sorted(re.findall(r"\{#?\}", english)) == sorted(re.findall(r"\{#?\}", russian)), english


def test_a_pattern_has_words_that_tell_it_from_text() -> None:
    for english in messages():
        if "{}" in english:
            assert len(re.sub(r"\{#?\}|\W", "", english)) >= 2, english


def test_the_script_has_the_messages_as_pages_show_them(portal: Portal) -> None:
    said = {path: messages_of(data) for path, data in portal.files.items() if path.startswith("assets/russian")}
    common = said["assets/russian.js"]
    assert common["Projects"] == "Проекты" and common["projects total"] == "всего проектов"
    assert "{} since {}" in messages() and all("{} since {}" not in script for script in said.values())


def test_the_page_of_a_table_loads_the_messages_of_its_definition(portal: Portal) -> None:
    """What another page says is not loaded; the scripts of a page are small."""
    package = read_package(PROJECT / "schemas")
    for table in package.tables.values():
        paths = scripts_of(["table", table.name])
        said = {english: russian for path in paths for english, russian in messages_of(portal.files[path]).items()}
        described = " ".join([table.description, *(field.description for field in table.fields)])
        assert sentences(described) <= said.keys(), table.name
        assert sum(len(portal.files[path]) for path in paths) < 28_000, table.name
    templates = {path.name.partition(".")[0] for path in (PORTAL / "templates").iterdir()}
    assert uses() <= {"", "sentence", *templates, *package.tables}


def test_the_search_finds_tables_by_their_russian_titles(portal: Portal) -> None:
    assert "Достижения" in portal.files["assets/search-index.js"].decode()


@pytest.mark.parametrize(
    ("table", "row_id", "expected"),
    [
        ("countries", "KAZ", "Страна-партнёр региона Central Asia"),
        ("countries", "AFG", "Ни один источник здесь не называет страну партнёром (Афганистан)"),
        ("regions", "central-asia", "Региональный секретариат: Tashkent, Узбекистан; стран-партнёров перечислено здесь: 7"),
        ("projects", "P101", "Проект 101, регион: Central Asia"),
    ],
)
def test_the_first_sentence_of_a_page_is_in_both_languages(portal: Portal, table: str, row_id: str, expected: str) -> None:
    view = read_release(Store(portal.published).releases()[-1])
    english, russian = openings(view, table, view.by_id[table][row_id])
    assert russian.startswith(expected) and english != russian
    page = portal.files[f"{table}/{row_id}.html"].decode()
    assert f'<bdi class="english">{english}</bdi><bdi class="also" lang="ru">{russian}</bdi>' in page


def test_pages_are_english_but_for_sentences_and_names_of_countries(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        said = [
            one for one in page.elements if one.attributes.get("lang") == "ru" and one.attributes.get("id") != "language"
        ]
        if not name.startswith(("countries/", "regions/", "projects/", "index")):
            assert said == [], name
