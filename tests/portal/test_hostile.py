"""Text of sources is text on every page: the same elements whether it is harmless or hostile, and nothing runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cbrn_data.portal.links import outward
from cbrn_data.store.store import Store
from tests.cli.conftest import edit
from tests.conftest import copy_sources, pages_left_out
from tests.portal.conftest import Page, publish, site_of, write

HOSTILE = {
    "script": "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "title": "\"'><svg onload=alert(3)> {{ 7 * 7 }} </script></title>",
    "long": "W" * 400,
    "right": "CBRN مخاطر كيميائية وبيولوجية",
    "link": "[guide](javascript:alert(4))",
    "note": "<b>Dates</b> & <!-- -->",
}
NETWORK = "Network of universities and institutes for raising awareness on dual-use concerns of chemical materials"
MITIGATION = "Mitigation of Risks of Zoonotic Diseases Arising as a Result of Climate Change in Central Asia"
HARMLESS = {name: text.translate(dict.fromkeys(map(ord, "<>&\"'{}"), "!")) for name, text in HOSTILE.items()} | {
    "link": "[guide](#)"
}
"""The same words, of the same lengths, without a mark that HTML knows."""


def published(folder: Path, words: dict[str, str]) -> tuple[Path, dict[str, bytes]]:
    """Publish sources with some words replaced, those that no leaflet may hold in a curated table; return its pages too."""
    root = copy_sources(folder)
    changes: list[tuple[str, str, str]] = [
        ("central-asia-2025.txt", "Zoonotic Diseases Risk\nMitigation", words["right"]),
        ("central-asia-2025.txt", "[regional guidance documents](#)", words["link"]),
        ("projects.csv", NETWORK, quoted(words["script"])),
        ("projects.csv", MITIGATION, quoted(words["title"])),
        ("projects.csv", "GOPA PACE", quoted(words["long"])),
    ]
    for name, old, new in changes:
        edit(root, name, replaced(old, new))
    sidecar = root / "raw" / "memberships.csv.yaml"
    text = sidecar.read_text(encoding="utf-8")
    sidecar.write_text(
        text.replace("title: Dates on which partner countries joined", f"title: '{words['note']}'"), encoding="utf-8"
    )
    with pages_left_out():
        publish(root)
    files = site_of(Store(root / "published").releases(), "https://data.example/")
    write(root / "published", files)
    return root / "published", files


def elements(path: Path) -> Counter[str]:
    """Return how often an XML file has each element."""
    return Counter(one.tag for one in ElementTree.parse(path).iter())


def quoted(text: str) -> str:
    """Return a text as a cell of CSV."""
    return '"' + text.replace('"', '""') + '"'


def replaced(old: str, new: str) -> Callable[[str], str]:
    """Return a change of a text."""
    return lambda text: text.replace(old, new)


@pytest.fixture(scope="module")
def hostile_store(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    return published(tmp_path_factory.mktemp("hostile"), HOSTILE)


def test_a_page_has_the_same_elements_whatever_its_text(
    hostile_store: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    (store, hostile), (other_store, harmless) = hostile_store, published(tmp_path, HARMLESS)
    assert hostile.keys() == harmless.keys()
    for name in ("feed.xml", "sitemap.xml", "catalog.rdf"):
        assert elements(store / name) == elements(other_store / name), name
    shown = 0
    for name in hostile:
        if name.endswith(".html"):
            page, other = Page(hostile[name]), Page(harmless[name])
            shape, same = ([(one.name, sorted(one.attributes)) for one in of.elements] for of in (page, other))
            assert shape == same, name
            shown += sum(HOSTILE["script"] in text for one in page.elements for text in one.text)
            assert not any(one.attributes.get("href", "").startswith("javascript") for one in page.elements)
        if name.endswith(".js"):
            assert b"</script" not in hostile[name] and b"<img" not in hostile[name]
        if name.endswith(".svg"):
            assert hostile[name].count(b"<script") == 0 and b"onload=" not in hostile[name].replace(b"&lt;svg onload=", b"")
    assert shown >= 4


def test_hostile_text_runs_nothing_and_widens_nothing(hostile_store: tuple[Path, dict[str, bytes]]) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    from tests.portal.test_browser import PATIENCE, chromium, expect

    with playwright.sync_playwright() as driver, chromium(driver) as browser:
        page = browser.new_context(viewport={"width": 390, "height": 800}).new_page()
        page.set_default_timeout(PATIENCE)
        wrong: list[str] = []
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.on("console", lambda message: wrong.append(message.text))
        projects = [f"projects/{number}.html" for number in ("P31", "P106", "P109")]
        for path in (
            "index.html",
            "tables/projects.html",
            "tables/priorities.html",
            *projects,
            "sources/central-asia-2025.html",
        ):
            page.goto(f"{(hostile_store[0] / path).as_uri()}")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        page.get_by_role("combobox").fill("alert")
        expect(page.locator("#search-found")).to_contain_text("<script>alert(1)</script>", use_inner_text=True)
        assert wrong == []


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "https://user@example.org/",
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[::1]/",
        "http://169.254.169.254/",
        "http://localhost/",
        "http://printer.local/",
        "https://example.org/a b",
        "https://example.org:99999/",
        "https://\u202eexample.org/",
        "//example.org/",
        "",
        None,
    ],
)
def test_what_is_no_public_address_becomes_no_link(address: str | None) -> None:
    assert outward(address) is None
