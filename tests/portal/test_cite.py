"""A release, a page and each value can be cited in every form: sentence, words, version, digest and permanent address."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
import yaml

from cbrn_data.catalogue.model import Catalogue, catalogue
from cbrn_data.portal.cite import Part, bibtex, citation, citation_cff, citation_script, csl_json, ris
from cbrn_data.store.store import Store
from tests.portal.conftest import Page, Portal
from tests.portal.test_browser import Open, broken_rules, browser, expect, no_wider, visit  # noqa: F401 - fixtures
from tests.records import read_csv

BASE = "https://data.example/"
FORMS = ("Text", "BibTeX", "RIS", "CSL-JSON")


@pytest.fixture(scope="module")
def of(portal: Portal) -> Catalogue:
    return catalogue(Store(portal.published).releases(), BASE)


def test_each_form_says_what_where_and_which_bytes(of: Catalogue) -> None:
    part = Part("Memberships, 50% of {all}", f"{BASE}releases/1.1.1/memberships.csv#cell=2,3", "Stated in “a”, line 1: “b”.")
    for text in (citation(of, part), bibtex(of, part), ris(of, part), csl_json(of, part)):
        assert all(
            said in text for said in (part.address, of.version, of.digest, part.words, of.publisher["name"].split("_")[0])
        )
    assert r"Memberships, 50\% of \{all\}" in bibtex(of, part)
    assert json.loads(csl_json(of, part))[0]["container-title"] == of.title
    said = [line.partition("  - ")[::2] for line in ris(of, part).splitlines()]
    assert [tag for tag, _ in said] == ["TY", "AU", "TI", "T2", "PY", "DA", "ET", "PB", "UR", "N1", "ER"]
    assert dict(said)["DA"] == of.released.replace("-", "/")


def test_a_release_has_a_citation_file(of: Catalogue) -> None:
    said = yaml.safe_load(citation_cff(of))
    assert {key: said[key] for key in ("cff-version", "type", "version", "date-released", "license")} == {
        "cff-version": "1.2.0",
        "type": "dataset",
        "version": of.version,
        "date-released": of.released,
        "license": of.licence["name"],
    }
    assert said["identifiers"][0]["value"] == f"sha256:{of.digest}" and said["authors"] == [{"name": of.publisher["name"]}]


def test_the_browser_gets_each_form_with_a_mark_for_each_text(of: Catalogue) -> None:
    hostile = replace(of, title="</script>")
    text = citation_script(hostile).decode()
    assert "</script>" not in text
    said = json.loads(text.removeprefix("window.cbrnCitation = ").removesuffix(";\n"))
    assert tuple(said["forms"]) == FORMS
    assert all(form.count(mark) == 1 for form in said["forms"].values() for mark in said["marks"])


def test_every_page_and_every_release_says_how_to_cite_it(portal: Portal, pages: dict[str, Page], of: Catalogue) -> None:
    newest = Store(portal.published).releases()[-1]
    for release in Store(portal.published).releases():
        shown = portal.files[f"history/{release.version}.html"].decode()
        assert f"{portal.address}history/{release.version}.html (sha256 {release.digest})" in shown
        assert f"cite/{release.version}/CITATION.cff" in shown
    for name, page in pages.items():
        if name.startswith("history/") or name == "index.html":
            continue
        (place,) = [one for one in page.named("details") if one.attributes.get("id") == "cite-page"]
        assert place.attributes["data-address"] == portal.address + name
        assert newest.digest in portal.files[name].decode(), name
        assert place.attributes["data-name"] and not place.attributes["data-name"].endswith(of.title), name


def test_on_a_phone_a_value_is_cited_within_three_clicks_from_home(visit: Open, portal: Portal) -> None:  # noqa: F811
    release = Store(portal.published).releases()[-1]
    page = visit("index.html", width=390)
    page.locator("#countries a", has_text="Kazakhstan").click()
    page.locator("a.words", has_text="2020-11").first.click()
    bar = page.locator(".words-bar")
    expect(bar).to_be_in_viewport()
    bar.get_by_role("button", name="Cite").click()
    dialog, text = page.get_by_role("dialog"), page.locator("dialog pre")
    expect(text).to_contain_text("Kazakhstan, Joined: 2020-11. In: ")
    shown = text.inner_text()
    assert release.digest in shown and f"(version {release.version})" in shown and "line" in shown and "“2020-11”" in shown
    assert re.search(r"line \d+: “2020-11”, from https://\S+\.$", shown)
    address, row, column = re.findall(r"(releases/\S+)#cell=(\d+),(\d+)", shown)[0]
    names, rows = read_csv((portal.published / address).read_bytes())
    assert rows[int(row) - 2][names[int(column) - 1]] == "2020-11" and rows[int(row) - 2]["country_id"] == "KAZ"
    for form in FORMS:
        dialog.get_by_role("button", name=form, exact=True).click()
        expect(text).to_have_attribute("aria-label", f"Citation as {form}")
        expect(text).to_contain_text(f"{address}#cell={row},{column}")
    assert json.loads(text.inner_text())[0]["title"].endswith("Kazakhstan, Joined: 2020-11")
    assert broken_rules(page, "light") == []
    no_wider(page, 390)
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)


def test_of_words_with_several_values_one_is_chosen(visit: Open) -> None:  # noqa: F811
    page = visit("sources/central-asia-2025.html")
    several = "li:has([data-at] ~ [data-at])"
    page.locator(several).first.get_by_role("button", name="Cite").click()
    values, text = page.get_by_label("Value", exact=True), page.locator("dialog pre")
    for name in values.locator("option").all_inner_texts()[:3]:
        values.select_option(label=name)
        expect(text).to_contain_text(name)


def test_a_page_is_cited_in_every_form_and_without_javascript_as_text(visit: Open, portal: Portal) -> None:  # noqa: F811
    page = visit("tables/projects.html")
    page.locator("#cite-page summary").click()
    page.locator("#cite-page").get_by_role("button", name="RIS").click()
    expect(page.locator("#cite-page pre")).to_contain_text(f"UR  - {portal.address}tables/projects.html")
    plain = visit("tables/projects.html", java_script_enabled=False)
    plain.locator("#cite-page summary").click()
    expect(plain.locator("#cite-page .citation")).to_contain_text(". Projects. In: ")


def test_a_switch_shows_this_version_or_the_newest(visit: Open) -> None:  # noqa: F811
    page = visit("tables/projects.html", java_script_enabled=False)
    for place, this, newest in (
        ("#downloads", "a[href*='releases/1.1.1/projects.csv']", "a[href*='/latest/projects.parquet']"),
        ("#use", "pre:has-text('releases/1.1.1')", "pre:has-text('/latest/')"),
    ):
        expect(page.locator(f"{place} {this}").first).to_be_visible()
        expect(page.locator(f"{place} {newest}").first).not_to_be_visible()
        page.locator(place).get_by_label("Always the newest").check()
        expect(page.locator(f"{place} {this}").first).not_to_be_visible()
        expect(page.locator(f"{place} {newest}").first).to_be_visible()
