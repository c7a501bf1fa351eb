"""The pages in a real browser: Chromium by Playwright, with axe-core; one browser for the module.

What follows an action is waited for, by ``expect``, ``becomes`` or a locator's own wait, and never read at once.

The browser is closed at the end of the module: while it is open an event loop runs in this thread, and other tests
start their own.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from cbrn_data.store.store import Store
from cbrn_data.verify.audit import Asked
from cbrn_data.verify.report import page as report
from cbrn_data.verify.results import Result
from tests.portal.conftest import Page, Portal, write
from tests.records import read_csv

playwright = pytest.importorskip("playwright.sync_api", reason="no Chromium can be driven without playwright")
axe = pytest.importorskip("axe_core_python.sync_playwright")

KINDS = [
    "index.html",
    "tables/projects.html",
    "tables/achievements.html",
    "tables/evidence.html",
    "countries/PAK.html",
    "projects/P87.html",
    "sources/central-asia-2025.html",
    "sources/projects.html",
    "history.html",
    "compare.html",
    "404.html",
    "history/1.1.0.html",
    "history/1.1.0/memberships.html",
    "regions/central-asia.html",
    "search.html",
]
"""One page of each kind."""

SOME = 3
"""How many more pages of a folder are opened: all of them are made of the same template."""

RULES = {
    "light": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "dark": {"type": "rule", "values": ["color-contrast"]},
}
"""What axe-core looks at; only colours are others on a dark page."""

PATIENCE = 60_000
"""Milliseconds until a wait is given up: nothing here is timed, this only ends a test that hangs."""

Open = Callable[..., Any]
expect = playwright.expect
expect.set_options(timeout=PATIENCE)


@contextmanager
def chromium(driver: Any) -> Iterator[Any]:
    """Start an installed Chromium, or skip. The shell without windows takes a third of the processor time."""
    found = map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"))
    path = os.environ.get("CHROMIUM") or next(filter(None, found), None)
    if path is None:
        pytest.skip("no Chromium: apt-get install chromium-headless-shell, or name one in the variable CHROMIUM")
    started = driver.chromium.launch(executable_path=path, args=["--no-sandbox"] if os.getuid() == 0 else [])
    yield started
    started.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver, chromium(driver) as started:
        yield started


def becomes(page: Any, condition: str, argument: object = None) -> None:
    """Wait until a condition on ``argument``, which says in an error what was looked at, holds in the page."""
    try:
        page.wait_for_function(condition, arg=argument, timeout=PATIENCE)
    except playwright.TimeoutError as error:
        raise AssertionError(f"{page.url}: never {condition} with {argument}") from error


def no_wider(page: Any, width: int) -> None:
    """Wait until the page is laid out for a width of the screen, and see that it is not wider."""
    becomes(page, "width => innerWidth === width && document.documentElement.clientWidth <= width", width)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (page.url, width)


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
        context.set_default_timeout(PATIENCE)
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
    """Those of ``KINDS`` are opened below."""
    page, folders = visit("projects/P94.html"), Counter[str]()
    for path in portal.pages():
        if path in KINDS or re.search(r"^tables/.*-[0-9]+\.html", path):
            continue  # with JavaScript, a further page of a table leads to the first
        folders[path.rpartition("/")[0]] += 1
        if folders[path.rpartition("/")[0]] <= SOME:
            page.goto(portal.address + path)
            assert page.locator("h1").count() == 1, path  # a page that was loaded is whole


_THIN = """() => {
  document.querySelectorAll("details").forEach(one => { one.open = true; });
  const shape = one => one.nodeType === 3 ? (one.data.trim() ? "text" : "") : one.nodeType !== 1 ? "" :
    `${one.localName}[${[...one.attributes].map(({ name, value }) =>
      /^(class|role|type|tabindex|scope|hidden|lang|dir)$|^aria-(?!label$)/.test(name) ? `${name}=${value}` :
        `${name}:${Boolean(value.trim())}`).join()}](${[...one.childNodes].map(shape).filter(one => one).join()})`;
  const seen = new Map(), again = [];
  for (const one of document.querySelectorAll("main tr, main li, main a, main mark")) {
    const key = `${one.parentElement.closest("table, ul, ol, dl, pre, p, section, main")?.className}${shape(one)}`;
    seen.set(key, (seen.get(key) || 0) + 1);
    if (seen.get(key) > 2) again.push(one);
  }
  again.forEach(one => one.remove());
}"""
"""Open all that a page folds, and leave two of the rows, entries, links and marks that differ in nothing but their words."""


_BROKEN = """async rules => {
  const { violations } = await axe.run({ runOnly: rules, resultTypes: ["violations"], selectors: false });
  return violations.map(({ id, nodes }) => [id, nodes.slice(0, 3).map(node => node.html.slice(0, 200))]);
}"""
"""The rules that a page breaks; not the elements that keep one, which are many."""


def broken_rules(page: Any, scheme: str) -> list[tuple[str, list[str]]]:
    """Return the rules of accessibility that a page breaks, with elements that do; what is alike leaves the page first."""
    page.evaluate(_THIN)
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe.Axe().axe_script)
    return [tuple(rule) for rule in page.evaluate(_BROKEN, RULES[scheme])]


def is_for_everybody(page: Any, address: str, paths: Sequence[str]) -> None:
    """Open pages; see that none is wider than a screen, nor breaks a rule of accessibility on a light or a dark screen."""
    for path in paths:
        page.emulate_media(color_scheme="light")
        page.goto(address + path)
        assert page.locator("h1").count() == 1, path
        for width in (320, 390, 768, 1920, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            no_wider(page, width)
        if path.startswith("tables/evidence"):
            continue  # of the same kind as the other tables, and long
        for scheme in RULES:
            page.emulate_media(color_scheme=scheme)
            assert broken_rules(page, scheme) == [], (path, scheme)


def test_no_page_breaks_a_rule_of_accessibility_or_is_wider_than_the_screen(visit: Open, portal: Portal) -> None:
    is_for_everybody(visit(KINDS[0]), portal.address, KINDS)


def test_nor_do_pages_of_many_regions(visit: Open, many_regions: Portal) -> None:
    pages = "sources/african-atlantic-facade-2026-pages.html"
    paths = ("index.html", "history/1.1.0.html", "countries/JOR.html", pages)
    is_for_everybody(visit(paths[0], base=many_regions.address), many_regions.address, paths)


@pytest.mark.parametrize(("path", "most"), [("index.html", 350_000), ("tables/memberships.html", 200_000)])
def test_what_a_page_loads_is_light(visit: Open, many_regions: Portal, path: str, most: int) -> None:
    """In Russian, which is what a page loads in English and the words of the page."""
    for width, scheme in ((1280, "light"), (390, "dark")):
        page = visit(path, width=width, base=many_regions.address, color_scheme=scheme, locale="ru-RU")
        page.wait_for_load_state("networkidle")
        loaded = page.evaluate("performance.getEntries().map(one => one.name).filter(name => name.startsWith('http'))")
        files = {unquote(address.removeprefix(many_regions.address)) or "index.html" for address in loaded}
        assert files > {path, "assets/site.css", "assets/site.js"}
        assert sum((many_regions.published / name).stat().st_size for name in files) < most, (width, scheme, files)


_WEIGHED = """() => ({
  blocking: [...document.head.querySelectorAll("script[src]:not([defer])")].map(one => one.src)
    .filter(src => performance.getEntriesByName(src)[0]?.renderBlockingStatus === "blocking" && !src.endsWith("first.js")),
  unsized: [...document.images].filter(one => !one.getAttribute("width") || !one.getAttribute("height")).map(one => one.src),
  stretched: [...document.images].filter(one => one.checkVisibility() && one.naturalWidth &&
    Math.abs(one.naturalWidth / one.naturalHeight - one.width / one.height) > 0.02).map(one => one.currentSrc),
  nameless: [...document.querySelectorAll("main a, main button")].filter(
    one => !(one.textContent.trim() || one.getAttribute("aria-label"))).length,
  small: [...document.querySelectorAll("header a, button, select, summary, th a, td a, .results a")].filter(
    one => one.checkVisibility()).map(one => [one.getBoundingClientRect(), one.textContent])
    .filter(([box]) => box.width < 24 || box.height < 24).map(([, text]) => text),
})"""


def test_pages_are_what_lighthouse_asks_for(visit: Open, many_regions: Portal) -> None:
    """On a phone: little blocks, pictures have sizes, a finger hits all, and search engines are told enough.

    There is one address for both languages, and English is what it gives without a script: so no hreflang.
    """
    page = visit("404.html", width=412, base=many_regions.address, has_touch=True, is_mobile=True)
    kinds = ["index.html", "tables/achievements.html", "countries/KAZ.html", "sources/central-asia-2026.html"]
    for path in (*kinds, "history/1.2.0.html", "search.html?q=kazakhstan"):
        page.goto(many_regions.address + path)
        page.wait_for_load_state("networkidle")
        assert {name: found for name, found in page.evaluate(_WEIGHED).items() if found} == {}, path
        told = page.locator("meta[name=description]").get_attribute("content")
        assert 50 <= len(told) <= 310 and 10 <= len(page.title()) <= 90, path


def shifted(page: Any) -> float:
    """Return the cumulative layout shift of a page: how much of it moved after it was first painted."""
    return float(
        page.evaluate("""() => new Promise(use => {
          let sum = 0;
          new PerformanceObserver(list => list.getEntries().forEach(one => { sum += one.hadRecentInput ? 0 : one.value; }))
            .observe({ type: "layout-shift", buffered: true });
          requestAnimationFrame(() => setTimeout(() => use(sum)));
        })""")
    )


def column(page: Any, number: int) -> Any:
    """Return the values of a column of the rows that are seen, as a locator."""
    return page.locator(f"table.rows tbody tr:visible td:nth-of-type({number + 1}) bdi:not(bdi ~ bdi, .to bdi)")


def test_rows_are_sorted_by_a_column_and_back(visit: Open) -> None:
    page = visit("tables/projects.html")
    numbers = sorted(column(page, 1).all_inner_texts(), key=int)
    starts = sorted(column(page, 4).all_inner_texts())
    assert numbers != sorted(numbers) and len(starts) < len(numbers)
    button = page.get_by_role("button", name="Number", exact=True)
    button.click()
    expect(page.locator("th[aria-sort]")).to_have_attribute("aria-sort", "ascending")
    expect(column(page, 1)).to_have_text(numbers)
    button.click()
    expect(column(page, 1)).to_have_text(numbers[::-1])
    expect(page.locator("th[aria-sort]")).to_have_count(1)
    page.get_by_role("button", name="Start", exact=True).click()
    expect(column(page, 4)).to_have_text(starts)
    expect(page.locator("table.rows tbody tr").last.locator("td").nth(4)).to_have_text("–")


def test_rows_are_filtered_by_words_in_any_order_and_by_choices(visit: Open, portal: Portal) -> None:
    page = visit("tables/project_countries.html")
    status, rows = page.locator("#tools [role=status]"), page.locator("table.rows tbody tr")
    everything = rows.count()
    expect(status).to_have_text(f"{everything} rows")
    words, country = page.get_by_label("Search these rows"), page.get_by_label("Country", exact=True)
    words.fill("kaz P101")
    expect(rows).to_have_count(1)
    expect(column(page, 0)).to_have_text(["P101"])
    expect(column(page, 1)).to_have_text(["KAZ"])
    expect(status).to_have_text(f"1 of {everything} rows")
    words.fill("KAZ")
    named = column(page, 1).all_inner_texts().count("KAZ")
    words.fill("")
    expect(rows).to_have_count(everything)
    expect(country.locator("option[value=KAZ]")).to_have_text(f"Kazakhstan ({named})", use_inner_text=True)
    country.select_option("KAZ")
    page.get_by_role("button", name="Project ID", exact=True).click()
    expect(column(page, 1)).to_have_text(["KAZ"] * named)
    page.get_by_role("button", name="Project ID", exact=True).click()
    expect(page).to_have_url(re.compile(r"\?country_id=KAZ&sort=-project_id$"))
    shown = column(page, 0).all_inner_texts()
    page.reload()
    expect(column(page, 0)).to_have_text(shown)
    expect(country).to_have_value("KAZ")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download these rows").click()
    released = (portal.published / "latest/project_countries.csv").read_text(encoding="utf-8").splitlines()
    lines = saved.value.path().read_text(encoding="utf-8").splitlines()
    assert lines[0] == released[0] and set(lines[1:]) == {line for line in released if ",KAZ" in line}
    words.fill("no row has this")
    expect(page.get_by_text("No row fits")).to_be_visible()
    page.get_by_role("button", name="Clear all filters").click()
    expect(rows).to_have_count(everything)
    expect(page).to_have_url(re.compile(r"project_countries\.html$"))


def test_numbers_and_dates_are_filtered_by_ranges(visit: Open) -> None:
    page = visit("tables/projects.html?date_start.from=2023-09-14&date_start.to=2024")
    expect(page.locator("#rows-clear")).to_be_visible()
    starts = column(page, 4).all_inner_texts()
    assert starts and all("2023-09-14" <= start < "2025" for start in starts)
    page.get_by_label("Start from").fill("")
    page.get_by_label("Start to").fill("")
    page.get_by_label("Number from").fill("100")
    expect(page.locator("table.rows tbody tr")).not_to_have_count(len(starts))
    assert all(int(number) >= 100 for number in column(page, 1).all_inner_texts())


ROWS = "rows => rows.map(row => row.outerHTML.replace(/>\\s+</g, '><'))"


def test_a_table_of_many_pages_is_one(visit: Open, portal: Portal, tmp_path: Path) -> None:
    """From a further page to a row far down, from disk; the script makes the same elements as the page has."""
    released = (portal.published / "latest/evidence.csv").read_bytes()
    pages = [Page(portal.files[name]) for name in sorted(portal.files) if name.startswith("tables/evidence-")]
    far = next(cell.attributes["id"] for cell in pages[-1].named("td"))
    shutil.copytree(portal.published, tmp_path / "disk")
    page = visit(f"tables/evidence-2.html#{far}", base=f"{(tmp_path / 'disk').as_uri()}/")
    expect(page).to_have_url(re.compile(r"/tables/evidence\.html#"))
    expect(page.locator("td:target")).to_be_in_viewport()
    total = len(read_csv(released)[1])
    expect(page.locator("#tools [role=status]")).to_have_text(f"{total:,} rows")
    page.get_by_role("button", name="Show rows before").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download these rows").click()
    lines = saved.value.path().read_bytes().splitlines(keepends=True)
    assert lines[0] == released.splitlines(keepends=True)[0] and sorted(lines) == sorted(released.splitlines(keepends=True))
    for path in ("evidence", "achievements", "projects", "sources"):
        page.goto(page.url.replace(page.url.partition("/tables/")[2], f"{path}.html"))
        rows = page.locator("table.rows tbody tr")
        static = rows.evaluate_all(ROWS)
        page.get_by_label("Search these rows").fill("e")
        expect(page.locator("#rows-clear")).to_be_visible()
        page.get_by_role("button", name="Clear all filters").click()
        expect(page.locator("#rows-clear")).not_to_be_visible()
        assert rows.evaluate_all(ROWS)[: len(static)] == static
    expect(page.locator("#rows-pages")).not_to_be_visible()


def test_on_a_phone_a_row_is_a_card_and_elsewhere_its_header_stays(visit: Open, many_regions: Portal) -> None:
    page = visit("tables/projects.html", width=390, base=many_regions.address)
    cell = page.locator("table.rows tbody td").nth(1)
    expect(cell).to_have_css("display", "block")
    assert cell.evaluate("cell => getComputedStyle(cell, '::before').content") == '"Number"'
    expect(page.get_by_role("button", name="Number", exact=True)).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.locator(".tall").evaluate("one => { one.scrollIntoView({ block: 'end' }); one.scrollTop = one.scrollHeight; }")
    expect(page.locator("table.rows tbody tr").first).not_to_be_in_viewport()
    expect(page.get_by_role("columnheader", name="Number")).to_be_in_viewport()


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


def test_a_value_of_a_table_is_cited_where_it_stands(visit: Open, portal: Portal) -> None:
    """With the keyboard, from rows of the page and of its script: name, place, words and the page that states it."""
    page = visit("tables/memberships.html", locale="ru-RU")
    page.get_by_role("button", name="Цитировать значение").press("Enter")
    expect(page.locator("#rows-citing")).to_have_text("Выберите значение, чтобы цитировать его.")
    released = read_csv((portal.published / "latest/memberships.csv").read_bytes())
    number = 1 + next(at for at, row in enumerate(released[1], 1) if "KAZ" in row.values())
    place = f"memberships.csv#cell={number},{1 + released[0].index('joined')}"
    for words in ("", "kazakhstan"):
        page.locator("#rows-words").fill(words)
        value = page.locator("td[id='row/central-asia/KAZ:joined'] a.words")
        value.press("Enter")
        text = page.locator("dialog pre").inner_text()
        assert "Memberships, Central Asia, Kazakhstan, Joined: 20" in text and place in text
        assert re.search(r"Stated in memberships, line 2: “.*”, from https://.*\.$", text)
        expect(page.locator("dialog .stated a")).to_have_attribute("href", re.compile(r"^\.\./sources/memberships\.html#w"))
        page.keyboard.press("Escape")
        expect(value).to_be_focused()
    page.evaluate("rows => { cbrnRows.files = [['first.csv', rows], ['second.csv', 99]]; }", number - 2)  # as in parts
    value.press("Enter")
    expect(page.locator("dialog pre")).to_contain_text("second.csv#cell=2,")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Цитировать значение").click()
    value.click()
    expect(page).to_have_url(re.compile("/sources/memberships.html#w"))


def test_a_value_leads_to_its_words_and_the_words_back_to_the_value(visit: Open, portal: Portal) -> None:
    page = visit("tables/achievements.html")
    cell = page.locator("td[id$=':date_start'] a.words", has_text="2024-05-21")
    cell.click()
    words = page.locator("mark:target")
    expect(words).to_have_text("On 21–22 May 2024", use_inner_text=True)
    expect(words).to_be_in_viewport()
    seen = page.locator("li.chosen")
    expect(seen).to_contain_text("On 21–22 May 2024")
    expect(seen).to_be_in_viewport()
    words.locator("a").first.click()
    entry = page.locator("li:target")
    expect(entry).to_contain_text("On 21–22 May 2024")
    entry.get_by_role("link", name="Start").first.click()
    expect(page.locator("td:target")).to_have_text(re.compile(r"^\s*2024-05-21"))
    expect(page).to_have_url(re.compile("/tables/achievements.html"))


def test_everything_can_be_done_with_the_keyboard(visit: Open, portal: Portal) -> None:
    page = visit("tables/projects.html")
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    expect(skip).to_have_text("Skip to the content")
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#main$"))
    page.get_by_role("button", name="Start", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("th[aria-sort]")).to_have_attribute("aria-sort", "ascending")
    page.locator("summary", has_text="DuckDB").focus()
    page.keyboard.press("Space")
    expect(page.get_by_label("Code for DuckDB", exact=True)).to_be_visible()
    search, found = page.get_by_label("Search this site"), page.locator("#search-found")
    search.fill("kazakhstan")
    found.locator("a").first.wait_for()
    page.keyboard.press("ArrowDown")
    chosen = found.locator("a[aria-selected='true']")
    expect(chosen).to_have_count(1)
    expect(search).to_have_attribute("aria-activedescendant", chosen.get_attribute("id"))
    page.keyboard.press("Escape")
    expect(found).not_to_be_visible()
    expect(search).to_have_attribute("aria-expanded", "false")
    search.fill("kazakhstan")
    found.locator("a").first.wait_for()
    page.keyboard.press("Tab")
    expect(found, "what was found lies on what has the focus now").not_to_be_visible()


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
        becomes(page, seen)


@pytest.mark.parametrize("width", [1199, 1200, 1240, 1920])
def test_what_a_link_leads_to_is_seen(visit: Open, width: int) -> None:
    page = visit("tables/projects.html#dictionary", width=width)
    expect(page.locator("#dictionary h2")).to_be_in_viewport()
    becomes(
        page,
        """() => {
          const [bar, title] = [".top", "#dictionary h2"].map(one => document.querySelector(one).getBoundingClientRect());
          return title.top >= Math.max(0, bar.bottom);
        }""",
    )


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
    expect(page.locator("mark:target")).to_have_text("2026-01-30", use_inner_text=True)
    expect(page).to_have_url(re.compile("/sources/projects"))


def test_pages_are_whole_without_javascript(visit: Open, portal: Portal) -> None:
    page = visit("tables/countries.html", java_script_enabled=False)
    assert page.locator("table.rows tbody tr").count() == 8
    assert not page.locator("#search, #tools").first.is_visible() and page.locator("table.rows button").count() == 0
    page.locator("td[id='row/KAZ:name'] a.words").click()
    expect(page.locator("mark:target")).to_have_text("Kazakhstan", use_inner_text=True)
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
    expect(page).to_have_url(re.compile("/regions/central-asia.html"))
    page.get_by_role("link", name="The row in its table").click()
    expect(page).to_have_url(re.compile("/tables/regions.html#"))
    expect(page.locator("td:target, tr:target").first).not_to_have_css("background-color", "rgba(0, 0, 0, 0)")


_CUT = "nodes => nodes.filter(node => node.scrollWidth > node.clientWidth + 1).map(node => node.getAttribute('aria-label'))"


@pytest.mark.parametrize("width", [800, 360])
def test_changes_and_the_report_of_an_audit_fit_the_screen(visit: Open, browser: Any, portal: Portal, width: int) -> None:
    page = visit("history/1.1.0.html", width=width)
    page.locator("details:has(ins)").evaluate_all("all => all.forEach(one => { one.open = true; })")
    assert page.locator("ins", has_text=re.compile("[0-9a-f]{64}")).count() > 0
    assert page.locator(".scroll:has(ins)").evaluate_all(_CUT) == []
    older = Result("store", "metadata", "failed", "of an older state than the one seen before")
    audit = browser.new_page(viewport={"width": width, "height": 900})
    audit.set_content(report("published", portal.published, [older], 1, [], Asked("2026-11-22 00:00")).decode())
    no_wider(audit, width)
    assert audit.locator(".results td:last-child").bounding_box()["width"] > 250
    audit.close()


@pytest.mark.parametrize("path", [path for path in KINDS if "evidence" not in path])
def test_nothing_is_cut_off_on_paper(visit: Open, path: str) -> None:
    """What has many columns is printed across, on A4: 273 mm between the margins, the rest on 182 mm, at 96 dpi."""
    page = visit(path, color_scheme="dark")
    page.emulate_media(media="print")
    across = "/" in path and not path.startswith(("sources/", "history/"))
    width = round((273 if across else 182) / 25.4 * 96)
    page.set_viewport_size({"width": width, "height": 900})
    no_wider(page, width)
    assert page.locator(".scroll").evaluate_all(_CUT) == []
    pictures = "[...document.querySelectorAll('figure img')].filter(one => one.checkVisibility())"
    becomes(page, f"() => !{pictures}.some(one => /dark|narrow/.test(one.currentSrc))")
    for link in page.locator(".downloads:not(.latest-version) a").all():
        expect(link).to_be_visible()


def test_a_page_prints_its_content_and_not_its_tools(visit: Open) -> None:
    page = visit("tables/projects.html", color_scheme="dark")
    page.emulate_media(media="print")
    for tools in (".top", ".tools"):
        expect(page.locator(tools)).to_have_count(1)
        expect(page.locator(tools)).not_to_be_visible()
    expect(page.locator("table.rows tbody tr").first).to_be_visible()
    expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
    assert page.pdf().startswith(b"%PDF")


def test_code_is_copied(visit: Open, portal: Portal) -> None:
    page = visit("tables/countries.html", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy: Code for Python").click()
    page.get_by_text("Copied").wait_for()
    version = Store(portal.published).releases()[-1].version
    assert f"{portal.address}releases/{version}/countries.csv" in page.evaluate("navigator.clipboard.readText()")


WORDS = """() => {
  const shown = [...document.querySelectorAll("text")]
    .filter(node => node.textContent.trim() && node.getAttribute("opacity") !== "0");
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
            assert (said["outside"], said["covered"]) == ([], []), name
            assert said["words"] > 1, name
    page.close()


def test_pictures_are_drawn_for_the_page_they_stand_on(visit: Open, portal: Portal) -> None:
    for width, scheme, file in ((1280, "light", "countries.svg"), (390, "dark", "countries-narrow-dark.svg")):
        page = visit("index.html", width=width, color_scheme=scheme)
        image = page.locator("#picture-countries picture img")
        expect(image).to_have_js_property("currentSrc", f"{portal.address}pictures/{file}")
        expect(image).to_have_attribute("alt", re.compile("Kazakhstan"))


@pytest.mark.parametrize(("width", "variant"), [(1280, "wide"), (390, "narrow")])
def test_the_map_leads_to_countries_and_regions(visit: Open, many_regions: Portal, width: int, variant: str) -> None:
    page = visit("index.html", width=width, base=many_regions.address)
    over = page.locator(f"#picture-countries svg.over.{variant}")
    expect(page.locator("#picture-countries svg.over:visible")).to_have_count(1)
    image, box = page.locator("#picture-countries picture img").bounding_box(), over.bounding_box()
    assert all(abs(image[side] - box[side]) < 1 for side in ("x", "y", "width", "height"))
    names = over.locator("a").evaluate_all("links => links.map(link => link.textContent)")
    stops = over.locator("a[tabindex='0']")
    expect(stops).to_have_count(1)
    stops.focus()
    for key, place in (("ArrowRight", 1), ("ArrowDown", 2), ("ArrowLeft", 1), ("End", len(names) - 1), ("ArrowRight", 0)):
        page.keyboard.press(key)
        expect(over.locator("a:focus")).to_have_text(names[place])
    kazakhstan = over.get_by_role("link", name="Kazakhstan: partner country, Central Asia")
    expect(kazakhstan).to_have_count(1)
    stops.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/countries/[A-Z]{3}.html$"))
    page.go_back()
    kazakhstan.click()
    page.wait_for_url("**/countries/KAZ.html")
    page.go_back()
    page.locator("#picture-countries .keys").get_by_role("link", name="Central Asia").click()
    page.wait_for_url("**/regions/central-asia.html")


def test_the_map_leads_to_countries_without_scripts(visit: Open) -> None:
    page = visit("index.html", java_script_enabled=False)
    links = page.locator("#picture-countries svg.over.wide a")
    expect(links).to_have_count(8)
    links.first.focus()
    page.keyboard.press("Tab")
    expect(links.nth(1)).to_be_focused()
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator("#picture-countries svg.over.wide")).not_to_be_visible()
    expect(page.locator("#picture-countries .by-day").first).to_be_visible()
    expect(page.locator("#picture-countries .by-night").first).not_to_be_visible()


def test_rows_are_filtered_and_sorted_by_the_names_that_are_shown(visit: Open) -> None:
    page = visit("tables/project_countries.html")
    for words, place, shown in (("kazakhstan", 1, "KAZ"), ("Mass", 0, "P87")):
        wanted = column(page, place).all_inner_texts().count(shown)
        assert wanted > 1
        page.get_by_label("Search these rows").fill(words)
        expect(column(page, place)).to_have_text([shown] * wanted)
        page.get_by_role("button", name="Clear all filters").click()
        expect(page.locator("#rows-clear")).not_to_be_visible()
    page.goto(page.url.replace("project_countries", "memberships"))
    names = page.locator("table.rows tbody tr td:nth-of-type(2) .to")
    sorted_names = sorted(names.all_inner_texts())
    assert len(sorted_names) > 5
    page.get_by_role("button", name="Country ID", exact=True).click()
    expect(names).to_have_text(sorted_names, use_inner_text=True)


@pytest.mark.parametrize(
    ("words", "address"),
    [
        ("P106", "projects/P106.html"),
        ("kazahstan", "countries/KAZ.html"),
        ("kazah", "countries/KAZ.html"),
        ("kyrgyz republic", "countries/KGZ.html"),
        ("UZB", "countries/UZB.html"),
        ("central asia", "regions/central-asia.html"),
    ],
)
def test_what_has_the_name_or_the_code_is_found_first(visit: Open, words: str, address: str) -> None:
    page = visit("index.html")
    page.keyboard.press("/")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type(words)
    expect(page.locator("#search-found a").first).to_have_attribute("href", address)


def test_the_address_of_a_search_shows_all_its_results_by_kind(visit: Open) -> None:
    page = visit("index.html")
    page.get_by_role("combobox").fill("kazakhstan")
    page.get_by_role("option", name="All ").click()
    expect(page).to_have_url(re.compile(r"search\.html\?q=kazakhstan$"))
    expect(page.locator("#results a").first).to_have_attribute("href", "countries/KAZ.html")
    expect(page.locator("#results h2", has_text="Achievements")).to_have_count(1)
    expect(page.locator("#results small", has_text="Central Asia, edition 202").first).to_be_visible()
    page.get_by_label("Words, names or codes").fill("nothing has this name")
    expect(page.get_by_text("Nothing found for")).to_be_visible()
    expect(page.locator("#results a")).to_have_count(0)


_LABELS = """() => [...document.querySelectorAll('td[data-label]')].filter(cell => {
  if (!cell.checkVisibility()) return false;
  const label = getComputedStyle(cell, '::before'), room = cell.getBoundingClientRect();
  return label.float === 'left' && parseFloat(label.height) > room.height + 1;
}).map(cell => cell.dataset.label)"""
"""The labels of cards that are higher than their cell, so that they lie on the next."""

_OVERLAPS = """() => [...document.querySelectorAll('table.rows td')].filter(cell => {
  cell.querySelectorAll('details').forEach(one => { one.open = true; });
  const room = cell.getBoundingClientRect();
  return cell.checkVisibility() && [...cell.querySelectorAll('a, bdi')].some(one => [...one.getClientRects()].some(
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
        assert shifted(page) < 0.1, path
        assert page.evaluate(_OVERLAPS) == [], path
        if width < 500:
            assert page.evaluate(_SMALL) == [], path
            assert page.evaluate(_LABELS) == [], path


def test_a_table_of_an_older_release_is_searched_and_leads_to_the_newest(visit: Open, portal: Portal) -> None:
    page = visit("history/1.1.0.html")
    page.locator("#tables").get_by_role("link", name="Countries of projects", exact=True).click()
    expect(page).to_have_url(re.compile("/history/1.1.0/project_countries.html"))
    rows = page.locator("table.rows tbody tr")
    page.get_by_label("Search these rows").fill("kazakhstan P101")
    expect(rows).to_have_count(1)
    rows.first.get_by_role("link", name="Kazakhstan").click()
    expect(page.locator("tr:target td").first).to_have_text("KAZ")
    expect(page).to_have_url(re.compile("/history/1.1.0/countries.html"))
    page.get_by_role("link", name="this table in it").click()
    expect(page).to_have_url(f"{portal.address}tables/countries.html")
    plain = visit("history/1.0.0/memberships.html", java_script_enabled=False)
    expect(plain.locator("table.rows tbody tr").first).to_be_visible()
    expect(plain.locator("footer .citation")).to_be_hidden()
    plain.get_by_text("Cite this page").click()
    expect(plain.locator("footer .citation")).to_contain_text("(version 1.0.0)")


def test_any_two_releases_are_compared_and_a_row_is_followed_also_from_disk(
    visit: Open, portal: Portal, tmp_path: Path
) -> None:
    page = visit("compare.html?from=1.1.0&to=1.1.1&table=projects")
    becomes(page, "() => /^1 row differs/.test(document.getElementById('compare-count')?.textContent)")
    (changed,) = page.locator("#compare-found tbody tr").all()
    assert [changed.locator(name).inner_text() for name in ("del", "ins")] == ["2026-01-31", "2026-01-30"]
    row = changed.locator("th").inner_text()
    changed.locator("th a").click()
    becomes(page, "() => /^Releases that changed/.test(document.getElementById('compare-count')?.textContent)")
    assert page.input_value("#compare-row") == row
    assert page.locator("#compare-found tbody th").all_inner_texts()[0].startswith("1.1.1 of ")
    write(tmp_path, portal.files)
    from_disk = visit("compare.html?from=1.1.1&to=1.0.0", base=f"{tmp_path.as_uri()}/")
    becomes(from_disk, "() => /between 1.0.0 and 1.1.1/.test(document.getElementById('compare-count')?.textContent)")
    shown = from_disk.locator("#compare-found").inner_text()
    assert "2026-01-30" in shown


def test_russian_is_for_those_who_switch_it_on_or_whose_browser_speaks_it(visit: Open) -> None:
    page = visit("countries/KAZ.html")
    sentence, tables = page.locator(".lead"), page.locator("nav a").first
    expect(tables).to_have_text("Tables")
    english = page.locator("body").inner_text()
    assert not re.search("[а-я]{9}", page.locator("main section").first.inner_text())
    page.click("#language")
    expect(tables).to_have_text("Таблицы")
    expect(sentence).to_contain_text(re.compile("^Страна-партнёр региона Central Asia"), use_inner_text=True)
    expect(page.locator("dt").first).to_have_text("Код страны")
    assert broken_rules(page, "light") == []
    page.reload()
    expect(tables).to_have_text("Таблицы")
    expect(page.locator("#language")).to_have_attribute("aria-pressed", "true")
    page.click("#language")
    expect(tables).to_have_text("Tables")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = false; })")
    assert page.locator("body").inner_text() == english and page.locator("[data-said]").count() == 0
    no_wider(visit("index.html", width=320, locale="ru-RU"), 320)


_SAID = """() => {
  const theirs = "bdi:not(.ours), code, pre, mark, q, script, style, noscript, select:not(.ours) option + option, .text, " +
    ".quote, .citation, .also, [lang]:not(html, [data-said])";
  const names = ["aria-label", "placeholder", "title", "alt", "data-label"], found = document.title.split(" – ").slice(-1);
  const kinds = NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT;
  const walker = document.createTreeWalker(document.body, kinds, one =>
    one.nodeType === 1 && one.matches(theirs) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
  for (let one = walker.nextNode(); one; one = walker.nextNode())
    found.push(...(one.nodeType === 3 ? [one.data.trim()] : names.map(name => one.getAttribute(name) || "")));
  return found;
}"""
"""All that a page says, in text, in drawings over pictures and in attributes, but for quotations and data."""

_NAMES = re.compile(
    r"cbrn_data maintainers|\S+@\S+|[\w./-]+\.\w{2,7}\b|\w+_\w+|\b(?:[A-Z]{3}|P[0-9]+)\b|BibTeX|RIS|CSL-JSON|Turtle|RDF/XML|"
    r"JSON|-LD|Croissant|DuckDB|JavaScript|CSV|SHA256SUMS|sha256|CC-BY-4\.0|Python \(pandas\)|pandera|jsonschema|"
    r"frictionless|Creative Commons Attribution 4\.0 International|(?:pandera|jsonschema|frictionless|cbrn_data) [\d.]+|"
    r"Eastern and Central Africa|North Africa and Sahel|South East and Eastern Europe|Bosnia and Herzegovina|"
    r"Jammu and Kashmir|“[^”]*”"
)
"""Names, which are the same in every language: of programs, formats, files, columns and places; and quotations."""


_ENGLISH = r"\band\b|\d,\d{3}|(?<![\d.])\d+\.\d+(?![\d.])"
"""An English enumeration or number; a version or a date is the same in every language."""


def test_all_that_is_ours_is_russian_for_those_who_switch_it_on(visit: Open, portal: Portal, many_regions: Portal) -> None:
    """A text of ours without a row in messages.csv stays English; a name or a quotation may stay."""
    others = ["index.html", "history.html", "history/1.2.0.html", "sources/african-atlantic-facade-2026-pages.html"]
    left = {}
    for shown, paths in ((portal, KINDS), (many_regions, others)):
        page = visit(paths[0], base=shown.address, locale="ru-RU")
        for path in paths:
            page.goto(shown.address + path)
            becomes(page, "() => document.documentElement.className === 'scripted russian'")
            assert shifted(page) < 0.1, path
            said = [_NAMES.sub("", text) for text in page.evaluate(_SAID)]
            english = "[A-Za-z]{2}|" + _ENGLISH
            left[shown.address + path] = [
                text for text in said if re.search(_ENGLISH if re.search("[А-Яа-яё]", text) else english, text)
            ]
    assert {path: texts for path, texts in left.items() if texts} == {}


def test_pictures_are_russian_too(visit: Open, many_regions: Portal) -> None:
    page = visit("index.html", base=many_regions.address, locale="ru-RU")
    image = page.locator("#picture-claims picture img")
    image.scroll_into_view_if_needed()
    expect(image).to_have_js_property("currentSrc", f"{many_regions.address}pictures/claims-ru.svg")
    page.click("#language")
    expect(image).to_have_js_property("currentSrc", f"{many_regions.address}pictures/claims.svg")


def test_russian_is_also_what_scripts_say_and_quotations_stay(visit: Open) -> None:
    page = visit("tables/memberships.html", locale="ru-RU")
    count = page.locator("#tools [role=status]")
    expect(count).to_have_text(re.compile("^Строк: [0-9]+$"))
    expect(page.locator("td .ours").first).to_have_text("партнёр")
    page.locator("#rows-words").fill("kazakhstan")
    expect(count).to_have_text(re.compile("^Строк: 1 из [0-9]+$"))
    expect(page.locator("td .ours").first).to_have_text("партнёр")
    page.locator("#rows-words").fill("nothing")
    expect(page.locator(".note:visible")).to_have_text(re.compile("^Ни одна строка не подходит"))
    page.locator("#search-words").fill("kazakhstan")
    expect(page.locator("#search-count")).to_have_text(re.compile("^Найдено: [0-9]+$"))
    page.goto(page.url.partition("memberships")[0] + "sources.html")
    page.locator("#filter-kind").select_option("curated")
    chosen = page.locator("#filter-kind option:checked")
    expect(chosen).to_have_text(re.compile(r"^составлено вручную \([0-9]+\)$"))
    source = visit("sources/central-asia-2025.html", locale="ru-RU")
    expect(source.locator("nav a").first).to_have_text("Таблицы")
    quoted = source.locator(".text, .made bdi, .made q").all_inner_texts()
    assert not re.search("[а-я]", "".join(quoted).lower())
    source.get_by_role("button", name="Цитировать", exact=True).first.click()
    assert not re.search("[а-я]", source.locator("dialog pre").inner_text().lower())
