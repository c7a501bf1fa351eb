"""The pages in a real browser: Chromium by Playwright, with axe-core; one browser for the module.

The browser is closed at the end of the module: while it is open an event loop runs in this thread, and other tests
start their own.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from cbrn_data.store.store import Store
from tests.portal.conftest import Portal

playwright = pytest.importorskip("playwright.sync_api", reason="no Chromium can be driven without playwright")
axe = pytest.importorskip("axe_core_python.sync_playwright")

KINDS = [
    "index.html",
    "tables/projects.html",
    "tables/achievements.html",
    "tables/evidence-2.html",
    "countries/PAK.html",
    "projects/P87.html",
    "sources/central-asia-2025.html",
    "sources/projects.html",
    "history.html",
    "history/1.1.0.html",
]
"""One page of each kind."""

SOME = 6
"""How many pages of a folder are opened: all of them are made of the same template."""

RULES = {
    "light": {
        "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    },
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast"]}},
}
"""What axe-core looks at; only colours are others on a dark page."""

Open = Callable[..., Any]


@contextmanager
def chromium(driver: Any) -> Iterator[Any]:
    """Start an installed Chromium, or skip."""
    found = map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
    path = os.environ.get("CHROMIUM") or next(filter(None, found), None)
    if path is None:
        pytest.skip("no Chromium: apt-get install chromium, or name one in the variable CHROMIUM")
    started = driver.chromium.launch(executable_path=path, args=["--no-sandbox"] if os.getuid() == 0 else [])
    yield started
    started.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver, chromium(driver) as started:
        yield started


def failed(request: Any) -> bool:
    """Tell whether a request failed; one that was given up because the test went to another page did not."""
    return bool(request.failure != "net::ERR_ABORTED")


@pytest.fixture
def visit(browser: Any, portal: Portal) -> Iterator[Open]:
    """Open a page; whatever goes wrong in it, and every request to elsewhere, fails the test at its end."""
    wrong: list[str] = []
    contexts = []

    def opened(path: str, width: int = 1280, base: str = portal.address, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        context.set_default_timeout(5000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(f"{path}: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(f"{path}: {error}"))
        page.on("dialog", lambda dialog: wrong.append(f"{path}: a dialog {dialog.message}"))
        page.on(
            "requestfailed", lambda request: wrong.append(f"{request.url}: {request.failure}") if failed(request) else None
        )
        page.on("response", lambda answer: wrong.append(f"{answer.url}: {answer.status}") if answer.status >= 400 else None)
        page.on("request", lambda request: None if request.url.startswith(base) else wrong.append(f"asked {request.url}"))
        page.goto(base + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


def test_every_page_opens_without_an_error_or_a_request_to_elsewhere(visit: Open, portal: Portal) -> None:
    page, folders = visit("index.html"), Counter[str]()
    for path in portal.pages():
        folders[path.rpartition("/")[0]] += 1
        if folders[path.rpartition("/")[0]] > SOME:
            continue
        page.goto(portal.address + path)
        assert page.locator("h1").count() == 1, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_a_rule_of_accessibility(visit: Open, portal: Portal, scheme: str) -> None:
    page = visit("index.html", color_scheme=scheme)
    for path in KINDS:
        if path.startswith("tables/evidence"):
            continue  # of the same kind as the other tables, and long
        page.goto(portal.address + path)
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        found = axe.Axe().run(page, options=RULES[scheme])["violations"]
        assert [(rule["id"], [node["html"][:200] for node in rule["nodes"][:3]]) for rule in found] == [], path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nor_do_pages_of_many_regions_nor_are_they_too_wide(visit: Open, many_regions: Portal, scheme: str) -> None:
    pages = "sources/african-atlantic-facade-2026-pages.html"
    for path in ("index.html", "history/1.1.0.html", "countries/JOR.html", pages):
        page = visit(path, base=many_regions.address, color_scheme=scheme)
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        found = axe.Axe().run(page, options=RULES[scheme])["violations"]
        assert [(rule["id"], [node["html"][:200] for node in rule["nodes"][:3]]) for rule in found] == [], path
        for width in (320, 1920):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)


@pytest.mark.parametrize("width", [320, 390, 768, 1920])
def test_no_page_is_wider_than_the_screen(visit: Open, portal: Portal, width: int) -> None:
    page = visit("index.html", width=width)
    for path in KINDS:
        page.goto(portal.address + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def column(page: Any, number: int) -> list[str]:
    """Return the values of a column of the rows that are seen."""
    cells = [row.locator("td").nth(number) for row in page.locator("table.rows tbody tr:visible").all()]
    return [text for cell in cells for text in cell.locator("bdi").all_inner_texts()[:1]]


def test_rows_are_sorted_by_a_column_and_back(visit: Open) -> None:
    page = visit("tables/projects.html")
    button = page.get_by_role("button", name="Number", exact=True)
    button.click()
    numbers = column(page, 1)
    assert numbers == sorted(numbers, key=int) != sorted(numbers)
    button.click()
    assert column(page, 1) == numbers[::-1]
    assert page.locator("th[aria-sort]").count() == 1
    page.get_by_role("button", name="Start", exact=True).click()
    starts = column(page, 4)
    assert starts == sorted(starts) and len(starts) < len(numbers)
    assert page.locator("table.rows tbody tr").last.locator("td").nth(4).inner_text() == "–"


def test_rows_are_filtered_by_words_and_by_column(visit: Open) -> None:
    page = visit("tables/project_countries.html")
    status = page.locator(".tools [role=status]")
    everything = int(re.sub(r"\D", "", status.inner_text()))
    page.get_by_label("Search these rows").fill("kaz")
    few = page.locator("table.rows tbody tr:visible").count()
    assert 0 < few < everything and status.inner_text() == f"{few} of {everything} rows"
    page.get_by_label("Search Project ID").fill("P101")
    assert column(page, 0) == ["P101"] and column(page, 1) == ["KAZ"]
    page.get_by_label("Search these rows").fill("")
    page.get_by_label("Search Project ID").fill("")
    assert page.locator("table.rows tbody tr:visible").count() == everything


@pytest.mark.parametrize(
    ("words", "address"),
    [
        ("mass gatherings", "projects/P87.html"),
        ("Казахстан", "countries/KAZ.html"),
        ("achievements", "tables/achievements.html"),
        ("leaflet 2026", "sources/central-asia-2026.html"),
        ("1.1.0", "history/1.1.0.html"),
    ],
)
def test_everything_is_found_from_any_page(visit: Open, portal: Portal, words: str, address: str) -> None:
    page = visit("projects/P94.html")
    page.get_by_role("combobox").fill(words)
    page.locator("#search-found a").first.wait_for()
    found = [link.get_attribute("href") for link in page.locator("#search-found a").all()]
    assert f"../{address}" in found
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: unquote(url) == portal.address + found[0].removeprefix("../"))


def test_a_value_leads_to_its_words_and_the_words_back_to_the_value(visit: Open, portal: Portal) -> None:
    page = visit("tables/achievements.html")
    cell = page.locator("td[id$=':date_start'] a.words", has_text="2024-05-21")
    cell.click()
    words = page.locator("mark:target")
    assert words.inner_text() == "On 21–22 May 2024" and words.evaluate(
        "node => node.getBoundingClientRect().top < innerHeight"
    )
    seen = page.locator("li.chosen")
    assert "On 21–22 May 2024" in seen.inner_text() and seen.evaluate(
        "node => node.getBoundingClientRect().top < innerHeight"
    )
    words.locator("a").first.click()
    entry = page.locator("li:target")
    assert "On 21–22 May 2024" in entry.inner_text()
    entry.get_by_role("link", name="Start").first.click()
    back = page.locator("td:target")
    assert back.inner_text().startswith("2024-05-21") and "/tables/achievements.html" in page.url


def test_everything_can_be_done_with_the_keyboard(visit: Open, portal: Portal) -> None:
    page = visit("tables/projects.html")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the content" and page.locator(":focus").is_visible()
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    page.get_by_role("button", name="Start", exact=True).focus()
    page.keyboard.press("Enter")
    assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "ascending"
    page.locator("summary", has_text="DuckDB").focus()
    page.keyboard.press("Space")
    assert page.get_by_label("Code for DuckDB", exact=True).is_visible()
    search = page.get_by_role("combobox")
    search.fill("kazakhstan")
    page.locator("#search-found a").first.wait_for()
    page.keyboard.press("ArrowDown")
    chosen = page.locator("#search-found a[aria-selected='true']")
    assert search.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    page.keyboard.press("Escape")
    assert not page.locator("#search-found").is_visible() and search.get_attribute("aria-expanded") == "false"
    search.fill("kazakhstan")
    page.locator("#search-found a").first.wait_for()
    page.keyboard.press("Tab")
    assert not page.locator("#search-found").is_visible(), "what was found lies on what has the focus now"


def test_what_is_focused_is_seen_below_the_bar_that_stays(visit: Open) -> None:
    """WCAG 2.2, 2.4.11: nothing that has the focus is hidden by what stays at the top."""
    page = visit("tables/countries.html", width=1280)
    seen = """() => {
      const bar = document.querySelector(".top").getBoundingClientRect(), it = document.activeElement;
      return it.closest(".top, .skip") !== null || it.getBoundingClientRect().bottom > bar.bottom + 4;
    }"""
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.locator("footer a").last.focus()
    for _ in range(60):
        page.keyboard.press("Shift+Tab")
        assert page.evaluate(seen), page.evaluate("document.activeElement.outerHTML")


@pytest.mark.parametrize("width", [1199, 1200, 1240, 1920])
def test_what_a_link_leads_to_is_seen(visit: Open, width: int) -> None:
    page = visit("tables/projects.html#dictionary", width=width)
    bar, title = page.locator(".top").bounding_box(), page.locator("#dictionary h2").bounding_box()
    assert title["y"] >= max(0, bar["y"] + bar["height"])


def test_nothing_moves_by_itself(portal: Portal) -> None:
    """There is no motion to be reduced."""
    for name in ("assets/site.css", "assets/site.js"):
        assert not re.search(rb"transition|animation|smooth|@keyframes|requestAnimation", portal.files[name]), name


def test_a_curated_value_leads_to_its_row_and_its_public_page(visit: Open) -> None:
    page = visit("projects/P94.html")
    value = page.locator("dd", has=page.get_by_text("2026-01-30", exact=True))
    outward = value.locator("a.out")
    assert outward.get_attribute("rel") == "noopener noreferrer nofollow"
    assert (outward.get_attribute("href") or "").startswith("https://")
    value.locator("a.words").first.click()
    assert page.locator("mark:target").inner_text() == "2026-01-30" and "/sources/projects" in page.url


def test_pages_are_whole_without_javascript(visit: Open, portal: Portal) -> None:
    page = visit("tables/countries.html", java_script_enabled=False)
    assert page.locator("table.rows tbody tr").count() == 8
    assert not page.locator("#search").is_visible() and page.locator("table.rows button").count() == 0
    page.locator("td[id='row/KAZ:name'] a.words").click()
    assert page.locator("mark:target").inner_text() == "Kazakhstan"
    page.goto(portal.address)
    assert page.locator("figure img").first.evaluate("image => image.naturalWidth") > 300


def test_pages_work_from_disk_and_from_a_sub_folder(visit: Open, portal: Portal, tmp_path: Path) -> None:
    folder = tmp_path / "my daten é"
    shutil.copytree(portal.published, folder)
    base = f"{folder.as_uri()}/"
    page = visit("countries/KAZ.html", base=base)
    assert page.locator(".top").evaluate("top => getComputedStyle(top).borderBottomStyle") == "solid"
    page.get_by_role("combobox").fill("tashkent")
    page.locator("#search-found a", has_text="Central Asia").first.click()
    assert "/tables/regions.html" in page.url
    found = page.locator("td:target, tr:target").first
    assert found.evaluate("one => getComputedStyle(one).backgroundColor") != "rgba(0, 0, 0, 0)"


@pytest.mark.parametrize("path", [path for path in KINDS if "evidence" not in path])
def test_nothing_is_cut_off_on_paper(visit: Open, path: str) -> None:
    """What has many columns is printed across, on A4: 273 mm between the margins, the rest on 182 mm, at 96 dpi."""
    page = visit(path, color_scheme="dark")
    page.emulate_media(media="print")
    page.set_viewport_size(
        {
            "width": round((273 if "/" in path and not path.startswith(("sources/", "history/")) else 182) / 25.4 * 96),
            "height": 900,
        }
    )
    cut = (
        "nodes => nodes.filter(node => node.scrollWidth > node.clientWidth + 1).map(node => node.getAttribute('aria-label'))"
    )
    assert page.locator(".scroll").evaluate_all(cut) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    printed = page.locator("figure img:visible").evaluate_all("nodes => nodes.map(node => node.currentSrc)")
    assert not any("dark" in source or "narrow" in source for source in printed)
    links = page.locator(".downloads a")
    assert all(link.is_visible() for link in links.all())


def test_a_page_prints_its_content_and_not_its_tools(visit: Open) -> None:
    page = visit("tables/projects.html", color_scheme="dark")
    page.emulate_media(media="print")
    assert not page.locator(".top").is_visible() and not page.locator(".tools").is_visible()
    assert page.locator("table.rows tbody tr").first.is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf().startswith(b"%PDF")


def test_code_is_copied(visit: Open, portal: Portal) -> None:
    page = visit("tables/countries.html", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy: Code for Python").click()
    page.get_by_text("Copied").wait_for()
    version = Store(portal.published).releases()[-1].version
    assert f"{portal.address}releases/{version}/countries.csv" in page.evaluate("navigator.clipboard.readText()")


WORDS = """() => {
  const shown = [...document.querySelectorAll("text")]
    .filter(node => node.textContent.trim() && !node.hasAttribute("stroke") && node.getAttribute("opacity") !== "0");
  const words = shown.map(node => [node.textContent, node.getBoundingClientRect()]);
  const all = document.documentElement.getBoundingClientRect();
  const within = ([, one]) => one.left >= all.left && one.right <= all.right &&
    one.top >= all.top && one.bottom <= all.bottom;
  const apart = ([, one], [, other]) => one.right <= other.left || other.right <= one.left ||
    one.bottom <= other.top + 3 || other.bottom <= one.top + 3;
  const covers = (one, place) => words.some((other, at) => at < place && !apart(one, other));
  return {
    outside: words.filter(one => !within(one)).map(([text]) => text),
    covered: words.filter(covers).map(([text]) => text),
    words: words.length,
  };
}"""
"""The words of a drawing that leave it, and those that lie on others, in whatever font this machine has for them."""


def test_no_words_of_a_picture_leave_it_or_lie_on_others(browser: Any, portal: Portal, many_regions: Portal) -> None:
    page = browser.new_page()
    for shown in (portal, many_regions):
        for name in sorted(name for name in shown.files if name.endswith(".svg") and name.startswith("pictures/")):
            page.goto(shown.address + name)
            said = page.evaluate(WORDS)
            if name.startswith("pictures/countries"):
                said["covered"] = []  # small countries lie close to each other
            assert (said["outside"], said["covered"]) == ([], []), name
            assert said["words"] > 1, name
    page.close()


def test_pictures_are_drawn_for_the_page_they_stand_on(visit: Open) -> None:
    for width, scheme, file in ((1280, "light", "countries.svg"), (390, "dark", "countries-narrow-dark.svg")):
        page = visit("index.html", width=width, color_scheme=scheme)
        image = page.locator("#picture-countries picture img")
        assert image.evaluate("image => image.currentSrc").endswith(f"/pictures/{file}")
        assert "Kazakhstan" in image.get_attribute("alt")


def test_rows_are_filtered_and_sorted_by_the_names_that_are_shown(visit: Open) -> None:
    page = visit("tables/project_countries.html")
    page.get_by_label("Search Country ID").fill("kazakhstan")
    assert page.locator("table.rows tbody tr:visible").count() > 1 and set(column(page, 1)) == {"KAZ"}
    page.get_by_label("Search Country ID").fill("")
    page.get_by_label("Search these rows").fill("Mass Gatherings Uzbekistan".split()[0])
    assert set(column(page, 0)) == {"P87"}
    page.get_by_label("Search these rows").fill("")
    page.goto(page.url.replace("project_countries", "memberships"))
    page.get_by_role("button", name="Country ID", exact=True).click()
    shown = [row.locator("td").nth(1).locator(".to").inner_text() for row in page.locator("table.rows tbody tr").all()]
    assert len(shown) > 5 and shown == sorted(shown)


def test_a_number_finds_the_project_that_has_it_first(visit: Open) -> None:
    page = visit("index.html")
    page.get_by_role("combobox").fill("P106")
    page.locator("#search-found a").first.wait_for()
    assert page.locator("#search-found a").first.get_attribute("href") == "projects/P106.html"


_OVERLAPS = """() => [...document.querySelectorAll('table.rows td')].filter(cell => {
  const room = cell.getBoundingClientRect();
  return [...cell.querySelectorAll('a, bdi')].some(one => [...one.getClientRects()].some(
    box => box.right > room.right + 1 || box.left < room.left - 1));
}).map(cell => cell.id)"""
_SMALL = """() => [...document.querySelectorAll('main td a, main .pages a, main .crumbs a, main .names a, header nav a')]
  .filter(one => one.checkVisibility()).map(one => [one.getBoundingClientRect(), one.textContent])
  .filter(([box]) => box.width < 24 || box.height < 24).map(([box, text]) => `${text}: ${box.width} x ${box.height}`)"""


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_in_a_row_leaves_its_column_and_a_finger_can_hit_it(visit: Open, many_regions: Portal, width: int) -> None:
    page = visit("tables/projects.html", width=width, base=many_regions.address)
    for path in ("tables/projects.html", "tables/achievements.html", "projects/P106.html", "index.html"):
        page.goto(many_regions.address + path)
        assert page.evaluate(_OVERLAPS) == [], path
        if width < 500:
            assert page.evaluate(_SMALL) == [], path
