"""Russian labels: one for every table, column and allowed word of the definitions, none left over, and no other writing."""

from __future__ import annotations

import re
from pathlib import Path

from cbrn_data.portal.names import labels
from cbrn_data.schema.model import read_package
from tests.conftest import PROJECT
from tests.portal.conftest import Page, Portal


def words(folder: Path) -> set[str]:
    """Return every title and every allowed word of the definitions."""
    tables = read_package(folder).tables.values()
    fields = [field for table in tables for field in table.fields]
    allowed = {str(word) for field in fields for word in field.constraints.get("enum", ())}
    return {table.title for table in tables} | {field.title for field in fields} | allowed


def test_every_word_of_the_definitions_has_a_label_and_every_label_a_word() -> None:
    assert labels().keys() == words(PROJECT / "schemas")


def test_labels_are_russian() -> None:
    odd = {text for text in labels().values() if not re.fullmatch(r"[А-Яа-яё «»—-]+( IATI| M49| SHA-256)?", text)}
    assert odd == set()


def russian(page: Page) -> set[str]:
    said = (one for one in page.elements if one.attributes.get("lang") == "ru" and one.attributes.get("id") != "language")
    return {"".join(one.text) for one in said}


def test_pages_say_them_beside_the_english_ones(pages: dict[str, Page], portal: Portal) -> None:
    table, entity, home = (russian(pages[name]) for name in ("tables/projects.html", "countries/KAZ.html", "index.html"))
    assert {"Проекты", "Начало", "Бюджет", "exact – точно, about – около"} <= table
    assert {"Казахстан", "Код страны", "Участие стран", "Проекты", "Достижения"} <= entity
    assert {"Проекты", "Источники", "Узбекистан"} <= home
    assert "Достижения" in portal.files["assets/search-index.js"].decode()


def test_no_word_of_a_source_is_said_in_russian(pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        if re.match(r"sources/|history/[^/]*$", name):
            assert russian(page) == set(), name
