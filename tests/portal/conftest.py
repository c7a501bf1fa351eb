"""A store of three releases, its portal in a folder, and the preview server that shows it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from cbrn_data.cli.serve import Preview
from cbrn_data.exports import exports, workbook
from cbrn_data.portal import site
from cbrn_data.store import disk
from cbrn_data.store.folder import Release
from cbrn_data.store.store import Store
from tests.cli.conftest import run
from tests.conftest import Once
from tests.history import make_history

NEEDED = {
    "no Chromium": ("the pages were not tested in a browser", "chromium-headless-shell"),
    "no R:": ("the code for R was not run", "r-base-core"),
    "no Nu Html Checker:": (
        "the pages were not given to the Nu Html Checker: VNU_JAR must name its vnu.jar",
        "default-jre-headless",
    ),
    "no LibreOffice:": ("the command for LibreOffice was not run", "libreoffice-calc-nogui"),
}
"""How a test that is skipped begins its reason; what is said then, and what is missing."""

VOID = {"meta", "link", "br", "img", "input", "source"}


@dataclass(frozen=True)
class Element:
    """One element of a page: its name, attributes, and the text directly within it."""

    name: str
    attributes: dict[str, str]
    text: list[str]


FLOW = {"details", "div", "dl", "figure", "h1", "h2", "h3", "ol", "p", "pre", "section", "table", "ul"}
PHRASES = {"bdi", "button", "code", "h1", "h2", "h3", "label", "p", "q", "span", "strong", "summary"}
"""Elements of the first kind cannot be in those of the second."""


class Page(HTMLParser):
    """A page as its elements; what is not closed, closed twice or at a wrong place is an error."""

    def __init__(self, data: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(data.decode())
        self.close()
        assert not self._open, self._open[-1]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, [])
        self.elements.append(element)
        assert tag not in FLOW or not PHRASES.intersection(one.name for one in self._open), (tag, attrs)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().name == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1].text.append(data)

    def named(self, name: str) -> list[Element]:
        """Return the elements of a name."""
        return [element for element in self.elements if element.name == name]


def write(folder: Path, files: dict[str, bytes]) -> None:
    """Put files into a folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def site_of(releases: Sequence[Release], base: str, made: Mapping[str, disk.Data] | None = None) -> dict[str, bytes]:
    """Return the files of the portal of releases, in memory."""
    return in_memory(site(releases, base, made))


def in_memory(files: Mapping[str, disk.Data]) -> dict[str, bytes]:
    """Return files by path, wherever they are, in memory."""
    return {name: b"".join(disk.pieces(data)) for name, data in files.items()}


def publish(root: Path, day: int = 0) -> None:
    """Publish what stands in ``root``, so many days after 22 November 2026."""
    done = run("publish", "--root", root, SOURCE_DATE_EPOCH=str(1795305600 + day * 86400))
    assert done.code == 0, done.err


@dataclass(frozen=True)
class Portal:
    """``published`` with its pages, and where they are served; the portal made ``files`` beside the ``exports``."""

    published: Path
    address: str
    files: dict[str, bytes]
    exports: dict[str, disk.Data]

    def pages(self) -> list[str]:
        """Return the paths of the pages."""
        return [name for name in self.files if name.endswith(".html")]


def exports_without_workbooks(releases: Sequence[Release]) -> dict[str, disk.Data]:
    """Return the exports of releases; workbooks, which take longer than all else, are empty."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workbook, "write_workbook", lambda release, package, tables, path: path.touch())
        return exports(releases)


def serve(published: Path, export: Callable[[list[Release]], dict[str, disk.Data]] = exports) -> Iterator[Portal]:
    """Make the pages for the address of a preview server, and run it."""
    write(published, {"index.html": b""})
    with Preview(published) as server:
        releases = Store(published).releases()
        made = export(releases)
        files = site_of(releases, server.address, made)
        write(published, {**in_memory(made), **files})
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Portal(published, server.address, files, made)
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def three_releases(once: Once, state: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ``published/`` with 1.0.0, 1.1.0 (a new leaflet) and 1.1.1 (a corrected cell)."""
    three = once("history", make_history) / "three"
    return Path(shutil.copytree(three, tmp_path_factory.mktemp("portal") / "published"))


@pytest.fixture(scope="session")
def portal(three_releases: Path) -> Iterator[Portal]:
    yield from serve(three_releases)


@pytest.fixture(scope="session")
def many_regions(regions: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The portal of several regions, with a withdrawn release."""
    published = Path(shutil.copytree(regions, tmp_path_factory.mktemp("many") / "published"))
    yield from serve(published, exports_without_workbooks)


@pytest.fixture(scope="session")
def pages(portal: Portal) -> dict[str, Page]:
    """Every page, parsed."""
    return {name: Page(portal.files[name]) for name in portal.pages()}


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say aloud what was not tested, because what runs it is not installed."""
    skipped = [str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])]
    for reason, (what, package) in NEEDED.items():
        if any(reason in said for said in skipped):
            terminalreporter.section(what, sep="!", red=True, bold=True)
            terminalreporter.line(f"Install it and run the tests again: apt-get install {package} (Debian).")
