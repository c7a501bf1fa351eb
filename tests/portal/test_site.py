"""The site as files: whole links, evidence both ways, one description, small pages, the same bytes again."""

from __future__ import annotations

import json
import os
import posixpath
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import pytest

from cbrn_data.catalogue.model import catalogue
from cbrn_data.catalogue.schema_org import data_catalogue, schema_org
from cbrn_data.kept import keeping
from cbrn_data.portal import evidence, history, view
from cbrn_data.portal.history import history_pages
from cbrn_data.portal.languages import message_scripts
from cbrn_data.portal.render import POLICY, missing_page
from cbrn_data.portal.view import read_release
from cbrn_data.schema.model import read_package
from cbrn_data.schema.table import released_tables
from cbrn_data.schema.vocabulary import THEMES
from cbrn_data.store import disk
from cbrn_data.store.folder import Release
from cbrn_data.store.store import Store
from tests.portal.conftest import Page, Portal, in_memory, site_of
from tests.records import rows_of

BASE = "https://data.example/portal/"
SAID = {"publisher", "themes", "spatial", "temporal", "keywords"}
"""The places of the home page that say what the catalogue says."""


def targets(page: Page) -> list[tuple[str, str]]:
    """Return what a page refers to, each with the element's name."""
    return [
        (element.name, value)
        for element in page.elements
        for name in ("href", "src", "srcset")
        if (value := element.attributes.get(name)) is not None
    ]


def test_the_files_are_exactly_those_that_the_data_calls_for(portal: Portal) -> None:
    release = Store(portal.published).releases()[-1]
    rows = rows_of(released_tables(release.folder, read_package(release.folder / "schemas")))
    plain = {
        re.sub(r"-p?\d+(?=\.html$)", "", name) if name.startswith(("tables/", "sources/")) else name for name in portal.files
    }
    sources = {row["source_id"] for row in rows["sources"]}
    expected = {
        "index.html",
        "history.html",
        "404.html",
        "compare.html",
        "search.html",
        *(f"history/{version}.html" for version in ("1.0.0", "1.1.0", "1.1.1")),
    }
    expected |= {f"countries/{row['country_id']}.html" for row in rows["countries"]}
    expected |= {f"regions/{row['region_id']}.html" for row in rows["regions"]}
    expected |= {f"projects/{row['project_id']}.html" for row in rows["projects"]}
    expected |= {re.sub(r"-p?\d+(?=\.html$)", "", f"sources/{name}.html") for name in sources}
    tables = {name for name in rows if name not in ("quarantine", "changes") or rows[name]}
    tables |= {name for name in ("changes",) if (release.folder / f"{name}.csv").exists()}
    expected |= {f"tables/{name}.{form}" for name in tables for form in ("html", "js")}
    older = tables - {"changes", "evidence"}
    expected |= {f"history/{v}/{name}.{form}" for v in ("1.0.0", "1.1.0") for name in older for form in ("html", "js")}
    expected.add("pictures/preview.png")
    variants = ("", "-dark", "-narrow", "-narrow-dark")
    expected |= {f"pictures/{name}{variant}.svg" for name in ("countries", "timeline", "claims") for variant in variants}
    expected |= {f"pictures/{name}{variant}-ru.svg" for name in ("timeline", "claims") for variant in variants}
    assets = "site.css first.js site.js table.js compare.js cite.js cite-cell.js language.js map.js icon.svg"
    expected |= {f"assets/{name}" for name in assets.split()}
    expected |= {"assets/search-index.js", "assets/citation.js", *message_scripts()}
    expected |= {
        f"api/{name}".replace(".html", ".json")
        for name in expected
        if name.startswith(("countries/", "regions/", "projects/"))
    }
    expected |= {
        f"cite/{version}/{name}"
        for version in ("1.0.0", "1.1.0", "1.1.1")
        for name in ("citation.txt", "citation.bib", "citation.ris", "citation.json", "CITATION.cff")
    }
    expected |= {f"assets/changes-{version}.js" for version in ("1.0.0", "1.1.0", "1.1.1")}
    assert plain == expected


def test_every_link_leads_to_a_file_and_every_fragment_to_an_element(portal: Portal, pages: dict[str, Page]) -> None:
    ids = {
        name: [element.attributes["id"] for element in page.elements if "id" in element.attributes]
        for name, page in pages.items()
    }
    made_elsewhere = {"catalog.ttl", "croissant.json", "feed.xml", "releases.json"}
    for name, page in pages.items():
        assert [one for one, times in Counter(ids[name]).items() if times > 1] == [], name
        for element, target in targets(page):
            parts = urlsplit(target)
            if (element, target) == ("link", portal.address + name.removesuffix("index.html")):
                continue  # the canonical address
            if parts.scheme:
                assert parts.scheme in {"https", "http", "mailto"} and element == "a", (name, target)
                continue
            if name == "404.html":  # its links begin with the path of the base address
                target, parts = target.removeprefix("/"), parts._replace(path=parts.path.removeprefix("/"))
            path = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(parts.path))) if parts.path else name
            assert not target.startswith("/") and not path.startswith(".."), (name, target)
            assert path in made_elsewhere or (portal.published / path).is_file(), (name, target)
            if parts.fragment.startswith("row/") and path.startswith("history/"):
                continue  # a script has the rows beyond the first screens of an older release
            if parts.fragment:
                assert unquote(parts.fragment) in ids[path], (name, target)


def test_links_to_other_sites_say_that_nothing_is_vouched_for(pages: dict[str, Page]) -> None:
    seen = 0
    for name, page in pages.items():
        for link in page.named("a"):
            if link.attributes.get("href", "").startswith("http"):
                assert {"noopener", "noreferrer", "nofollow"} <= set(link.attributes["rel"].split()), (name, link)
                seen += 1
    assert seen > 100


def test_every_value_leads_to_words_that_give_it_and_they_lead_back_to_its_cell(
    portal: Portal, pages: dict[str, Page]
) -> None:
    release = Store(portal.published).releases()[-1]
    package = read_package(release.folder / "schemas")
    rows = rows_of(released_tables(release.folder, package))
    links = {
        name: {link.attributes["href"] for link in page.named("a") if "href" in link.attributes}
        for name, page in pages.items()
    }
    cells = 0
    on_page: dict[str, tuple[str, set[str]]] = {}
    for name, page in pages.items():
        if name.startswith("tables/"):
            cell = None
            for element in page.elements:
                if element.name == "td" and element.attributes.get("id", "").startswith("row/"):
                    cell = element.attributes["id"].removeprefix("row/")
                    on_page[f"{re.sub(r'(-[0-9]+)?.html$', '', name).removeprefix('tables/')} {cell}"] = (name, set())
                elif element.name == "td":
                    cell = None
                elif cell and element.name == "a" and element.attributes.get("class") in {"words", "more"}:
                    on_page[f"{re.sub(r'(-[0-9]+)?.html$', '', name).removeprefix('tables/')} {cell}"][1].add(
                        element.attributes["href"]
                    )
    for row in rows["evidence"]:
        where, words = on_page[f"{row['table_name']} {row['row_id']}:{row['field']}"]
        span = f"{row['char_start']}-{row['char_end']}"
        target = next(
            word for word in words if word.startswith(f"../sources/{row['source_id']}") and word.endswith(f"#w{span}")
        )
        source = target.removeprefix("../").partition("#")[0]
        assert f"#v{span}" in links[source] or "\n" in (row["quote"] or ""), row
        assert f"../{where}#row/{row['row_id']}:{row['field']}" in {unquote(link) for link in links[source]}, row
        cells += 1
    assert cells == len(rows["evidence"]) > 600
    for table in package.with_role("data"):
        for row in rows[table.name]:
            for field, value in row.items():
                shown = on_page.get(f"{table.name} {table.row_id(row)}:{field}", ("", set()))  # no empty column is
                assert (value is None) == (not shown[1])


def test_a_source_is_shown_whole_with_the_words_at_their_places(portal: Portal, pages: dict[str, Page]) -> None:
    found = view.read_release(Store(portal.published).releases()[-1])
    for source_id, marks in found.marks.items():
        assert marks.document is not None
        for part in marks.parts:
            tokens = list(evidence.tokens(marks, part))
            assert (
                "".join(token.text for token in tokens if token.kind == "text") == marks.document.text[part.start : part.end]
            )
            lines = [int(token.text) for token in tokens if token.kind == "line"]
            assert lines == list(range(part.first, part.last + (part.end > marks.document.line_starts[part.last - 1])))
            depth = 0
            for token in tokens:
                depth += (token.kind == "open") - (token.kind == "close")
                assert depth >= 0 and (token.kind != "text" or (token.span is None) == (depth == 0))
            assert depth == 0
            for span in marks.spans(part):
                assert any(token.kind == "open" and token.first and token.span == span for token in tokens), (
                    source_id,
                    span,
                )


def test_of_a_large_source_the_beginning_is_shown_and_all_used_words(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence, "TEXT_AT_MOST", 100)
    found = view.read_release(Store(portal.published).releases()[-1])
    countries = found.marks["countries"]
    assert countries.document is not None and countries.cut and countries.document.text.endswith("\n")
    last = max(mention.span.end for mention in countries.mentions)
    assert last < len(countries.document.text) < last + 200


def test_what_was_not_used_is_said_line_by_line(pages: dict[str, Page], portal: Portal) -> None:
    page = pages["sources/central-asia-2025.html"]
    lines = (portal.published / "latest/sources/central-asia-2025.txt").read_text(encoding="utf-8").splitlines()
    links = [one.attributes["href"] for one in page.named("a") if one.attributes.get("href", "").startswith("#L")]
    assert [lines[int(link.removeprefix("#L")) - 1] for link in links] == [
        "Partner Countries",
        "Structure",
        "Projects",
        "Regional Priorities",
        "Methodology",
        "Recent Achievements",
    ]


def test_each_file_of_the_release_is_read_once(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    read: Counter[str] = Counter()
    real = disk.read

    def counted(path: Path) -> bytes:
        read[str(path.relative_to(portal.published)) if path.is_relative_to(portal.published) else "elsewhere"] += 1
        return real(path)

    releases = Store(portal.published).releases()
    monkeypatch.setattr(disk, "read", counted)
    view.read_release(releases[-1])
    counted_first = f"releases/{releases[-1].version}/changes.csv"  # its number of rows is said nowhere else
    assert {name for name, times in read.items() if times > 1} <= {counted_first}
    assert sum("sources/" in name for name in read) == 7


def test_a_page_is_small_and_may_do_little(portal: Portal, pages: dict[str, Page]) -> None:
    for name, page in pages.items():
        assert len(portal.files[name]) < 200_000, name
        policy = next(one for one in page.named("meta") if one.attributes.get("http-equiv") == "Content-Security-Policy")
        assert policy.attributes["content"] == POLICY
        for element in page.elements:
            assert "style" not in element.attributes and element.name not in {"style", "iframe", "object", "form", "base"}
            assert not any(attribute.startswith("on") for attribute in element.attributes)
            if element.name == "script":
                assert "src" in element.attributes or element.attributes["type"] == "application/ld+json"


def test_the_base_address_stands_in_no_link(portal: Portal) -> None:
    here, there = portal.files, site_of(Store(portal.published).releases(), BASE, portal.exports)
    assert here.keys() == there.keys()
    for name in here:
        if name == "404.html":
            continue
        assert here[name].replace(portal.address.encode(), b"BASE") == there[name].replace(BASE.encode(), b"BASE")
        for element, target in targets(Page(here[name])) if name.endswith(".html") else []:
            assert portal.address not in target or element == "link", (name, element)


def test_search_engines_and_messengers_get_one_address_and_a_short_title(pages: dict[str, Page], portal: Portal) -> None:
    for name, page in pages.items():
        ((title,), *_) = (one.text for one in page.named("title"))  # those of a map come later
        assert len(title) <= 80, (name, title)
        said = {
            one.attributes["property"]: one.attributes["content"]
            for one in page.named("meta")
            if "property" in one.attributes
        }
        address = [one.attributes["href"] for one in page.named("link") if one.attributes["rel"] == "canonical"]
        if name == "404.html":
            assert (said, address) == ({}, [])
            continue
        assert address == [said["og:url"]] == [portal.address + name.removesuffix("index.html")]
        assert (said["og:title"], len(said["og:description"]) > 20) == (title, True), name
    of = catalogue(Store(portal.published).releases(), portal.address)
    (block,) = [one for one in pages["index.html"].named("script") if one.attributes.get("type") == "application/ld+json"]
    described = json.loads("".join(block.text))
    assert described == data_catalogue(of)
    assert [one["@id"] for one in described["dataset"]] == [schema_org(of, one)["@id"] for one in of.datasets]


def test_a_page_that_is_missing_leads_on_from_any_folder(portal: Portal) -> None:
    found = targets(Page(missing_page(catalogue(Store(portal.published).releases(), "https://data.example/a/b/"))))
    assert all(
        target.startswith("/a/b/") for element, target in found if not target.startswith(("https://", "mailto:", "#"))
    )
    assert ("link", "/a/b/assets/site.css") in found


def test_the_pages_say_what_the_catalogue_says(portal: Portal, pages: dict[str, Page]) -> None:
    of = catalogue(Store(portal.published).releases(), portal.address)
    home = pages["index.html"]
    assert home.named("h1")[0].text == [of.title]
    assert json.loads(portal.files[f"cite/{of.version}/citation.json"])[0]["title"] == of.title
    package = json.loads((Store(portal.published).releases()[-1].folder / "datapackage.json").read_text())
    said = {one.attributes["id"]: "".join(one.text) for one in home.elements if one.attributes.get("id") in SAID}
    assert said == {
        "publisher": package["contributors"][0]["title"],
        "themes": "; ".join(THEMES[code] for code in package["themes"]),
        "spatial": ", ".join(sorted(place["name"] for place in package["spatial"])),
        "temporal": "{start} to {end}".format(**package["temporal"]),
        "keywords": "; ".join(package["keywords"]),
    }
    (licence,) = package["licenses"]
    shown = {link.attributes["href"]: "".join(link.text) for link in home.named("a")}
    assert shown[licence["path"]] in {licence["title"], licence["name"]}
    for dataset in of.datasets:
        page = pages[f"tables/{dataset.name}.html"]
        (block,) = [one for one in page.named("script") if one.attributes.get("type") == "application/ld+json"]
        described = json.loads("".join(block.text))
        assert (described["name"], described["version"], described["license"]) == (
            dataset.title,
            of.version,
            of.licence["path"],
        )
        digests = {"".join(one.text) for one in page.named("code") if one.attributes.get("class") == "digest"}
        assert {distribution.sha256 for distribution in dataset.distributions} <= digests


def test_numbers_of_people_are_never_added_up(portal: Portal) -> None:
    release = Store(portal.published).releases()[-1]
    rows = rows_of(released_tables(release.folder, read_package(release.folder / "schemas")))
    total = sum(int(row["people_count"] or 0) for row in rows["achievements"])
    assert total > 1000
    assert not re.search(rf"\b(?:{total}|{total:,})\b", portal.files["index.html"].decode())


def test_countries_have_their_names_in_their_languages(pages: dict[str, Page]) -> None:
    shown = {(one.attributes.get("lang"), "".join(one.text)) for one in pages["countries/KAZ.html"].named("span")}
    assert {("ru", "Казахстан"), ("kk", "Қазақстан")} <= shown
    urdu = next(one for one in pages["countries/PAK.html"].named("span") if one.attributes.get("lang") == "ur")
    assert (urdu.attributes["dir"], "".join(urdu.text)) == ("rtl", "پاکستان")


def test_a_release_page_lists_its_changes_cell_by_cell(portal: Portal, pages: dict[str, Page]) -> None:
    page = pages["history/1.1.1.html"]
    assert ["2026-01-31"] in [one.text for one in page.named("bdi")] and ["2026-01-30"] in [
        one.text for one in page.named("bdi")
    ]
    assert pages["history/1.0.0.html"].named("del") == []
    release = Store(portal.published).releases()[-1]
    shown = {"".join(one.text) for one in page.named("code")}
    assert {release.digest, release.content_digest} <= shown


def test_a_later_release_leaves_the_pages_of_an_older_one_but_for_the_banner(portal: Portal) -> None:
    releases = Store(portal.published).releases()
    two, three = site_of(releases[:2], portal.address, portal.exports), portal.files
    of_older = ("history/1.0.0.html", "history/1.0.0/", "assets/changes-1.0.0.js", "assets/changes-1.1.0.js")
    older = [name for name in two if name.startswith(of_older)]
    assert len(older) > 20 and [name for name in older if two[name] != three[name]] == []
    newer = b"A newer release exists."
    assert newer not in two["history/1.1.0.html"] and newer in three["history/1.1.0.html"]
    assert b'releases/1.1.0/projects.csv" download' in three["history/1.1.0.html"]


def test_a_kept_page_of_a_release_is_the_one_that_would_be_made(
    portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A publication makes the pages of one older release: the last one, which has become older."""
    seen: list[str] = []

    def recorded(release: Release) -> view.ReleaseView:
        seen.append(release.version)
        return view.read_older(release)

    first, second, third = Store(portal.published).releases()
    gone = replace(first, withdrawn={"reason": "x", "date": "2026-12-01"})
    made_again = (["1.0.0"], ["1.1.0"], ["1.0.0", "1.1.0"])  # the page of 1.1.0 says that the release before is withdrawn
    for releases, expected in zip(([first, second], [first, second, third], [gone, second, third]), made_again, strict=True):
        newest, of = read_release(releases[-1]), catalogue(releases, portal.address)
        made = in_memory(dict(history_pages(releases, newest, of, portal.exports)))
        monkeypatch.setattr(history, "read_older", recorded)
        seen.clear()
        for _ in range(2):
            with keeping(tmp_path, "code"):
                again = dict(history_pages(releases, newest, of, portal.exports))
                assert in_memory(again) == made
        assert seen == expected
        monkeypatch.undo()
    assert b"(withdrawn)" in made["history/1.1.0.html"]  # of the release before


def test_a_withdrawn_release_is_said_to_be_so_and_is_not_the_one_shown(portal: Portal, tmp_path: Path) -> None:
    *older, newest = Store(portal.published).releases()
    gone = replace(newest, withdrawn={"reason": "A <b>wrong</b> date", "date": "2026-12-01"})
    files = site_of([*older, gone], BASE, portal.exports)
    assert b"Withdrawn on 2026-12-01" in files["history.html"] and b"<b>wrong" not in files["history.html"]
    assert b"Newest release: 1.1.0" in files["index.html"]
    for name in ("history/1.1.1.html", "history/1.1.1/projects.html"):
        assert b"Withdrawn on 2026-12-01" in files[name] and b"A newer release" not in files[name], name
        assert b"(version 1.1.1, withdrawn)" in files[name] and b"every release is withdrawn" not in files[name], name
    assert [name for name in files if b", withdrawn" in files[name] and name.startswith("cite/1.1.0")] == []
    assert b'"1.1.1 of 2026-11-24 (withdrawn)"' in files["assets/search-index.js"]


def test_another_date_zone_hash_seed_and_language_give_the_same_bytes(portal: Portal, tmp_path: Path) -> None:
    """A process for which it is another day makes what stands in the store."""
    script = (
        "import sys; from pathlib import Path; from cbrn_data.pipeline import pages\n"
        "from cbrn_data.store.disk import sha256_of; from cbrn_data.store.store import Store\n"
        "files = pages(Store(Path(sys.argv[1])).releases(), sys.argv[2])\n"
        "print('\\n'.join(f'{sha256_of(files[name])} {name}' for name in files))"
    )
    zones = ("Pacific/Kiritimati", "Etc/GMT+12")
    zone = next(zone for zone in zones if datetime.now(ZoneInfo(zone)).date() != datetime.now().date())
    environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": "1", "LC_ALL": "C"}
    command = [sys.executable, "-c", script, str(portal.published), portal.address]
    said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, cwd=tmp_path).stdout
    there = [f"{disk.sha256_of(disk.read(portal.published / name))} {name}" for name in (*portal.exports, *portal.files)]
    assert sorted(said.splitlines()) == sorted(there)


def test_the_markup_is_as_html_and_aria_allow(pages: dict[str, Page]) -> None:
    for path, page in pages.items():
        ids = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
        assert len(ids) == len(set(ids)), path
        for element in page.elements:
            for name in ("aria-controls", "aria-labelledby", "for"):
                assert set(element.attributes.get(name, "").split()) <= set(ids), (path, element)
            if element.attributes.get("role") == "combobox":  # ARIA in HTML allows no role on type=search
                assert element.attributes["type"] == "text", path


def test_the_nu_html_checker_finds_nothing(portal: Portal) -> None:
    jar = os.environ.get("VNU_JAR")
    if not jar or not shutil.which("java"):
        pytest.skip("no Nu Html Checker: VNU_JAR names no vnu.jar, or there is no Java")
    kinds = {path.rpartition("/")[0] or path: path for path in portal.pages()}
    assert len(kinds) > 10
    files = [portal.published / path for path in kinds.values()]
    done = subprocess.run(["java", "-jar", jar, "--errors-only", *files], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_where_the_search_does_not_look_is_said(pages: dict[str, Page], portal: Portal) -> None:
    (said,) = re.findall(r"It finds the rows of .*", portal.files["search.html"].decode())
    index = portal.files["assets/search-index.js"].decode()
    kinds = set(re.findall(r'\["(\w+)",', index)) - {"table", "source", "release"}
    assert [kind for kind in sorted(kinds) if f"tables/{kind}.html" not in said] == []
    assert "and the titles of all tables, sources and releases" in said and "project_countries" not in kinds


def test_a_larger_table_says_what_its_page_cannot_do(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "ROWS_AT_MOST", 9)
    monkeypatch.setattr(view, "ROWS_OF_LARGER", 3)
    release = Store(portal.published).releases()[-1]
    files = site_of([release], BASE, portal.exports)
    said = f"This page holds the first 3 of {release.info['counts']['projects']} rows. Search, filters, order"
    assert said in files["tables/projects.html"].decode()
    script = files["tables/projects.js"].decode()
    assert len(json.loads(script.removeprefix("window.cbrnRows = ").removesuffix(";\n"))["rows"]) == 3
