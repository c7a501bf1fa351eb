"""Make the pictures of the README: `python docs/screenshots.py` (needs Chromium) shows published/ and looks at its pages."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import ViewportSize, sync_playwright

from cbrn_data.cli.serve import Preview

Scheme = Literal["dark", "light"]
PICTURES = Path(__file__).parent / "pictures"
SIZE = ViewportSize(width=1120, height=700)


def show_home(page: Any, address: str) -> None:
    """The first screen of the site."""
    page.goto(address)


def show_table(page: Any, address: str) -> None:
    """The rows of a table, sorted and searched."""
    page.goto(f"{address}tables/projects.html")
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_label("Search these rows").fill("central asia")
    page.locator("#rows").evaluate("rows => rows.scrollIntoView()")


def show_evidence(page: Any, address: str) -> None:
    """The words behind a value, reached by following it."""
    page.goto(f"{address}tables/achievements.html")
    page.locator("td[id$=':date_start'] a.words", has_text="2024-05-21").click()
    page.locator("mark:target").wait_for()


def show_map(page: Any, address: str) -> None:
    """The map of partner countries, on a dark page."""
    page.goto(address)
    page.locator("#picture-countries").evaluate("figure => figure.scrollIntoView()")


def main(published: Path) -> None:
    """Write a picture for each of the views."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("no Chromium: apt-get install chromium, or name one in the variable CHROMIUM")
    PICTURES.mkdir(exist_ok=True)
    with Preview(published) as server, sync_playwright() as driver:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"] if os.getuid() == 0 else [])
        for show in (show_home, show_table, show_evidence, show_map):
            scheme: Scheme = "dark" if show is show_map else "light"
            page = browser.new_context(viewport=SIZE, color_scheme=scheme, reduced_motion="reduce").new_page()
            show(page, server.address)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=PICTURES / f"{show.__name__.removeprefix('show_')}.png")
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "published")
