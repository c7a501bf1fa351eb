"""Pages asked for real, on loopback: what a server's behaviour means, how politely it is asked, and what is told."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from cbrn_data import __version__
from cbrn_data.errors import MachineError
from cbrn_data.links.ask import Answer, ask_pages
from cbrn_data.links.check import COLUMNS, Checked, check_links
from cbrn_data.schema.model import Package, read_package
from cbrn_data.sources.source import Source, digest
from tests.conftest import PROJECT
from tests.links.site import Site

SECONDS = {"hangs": 0.3, "drips": 0.3}
"""How long a page may take that never comes; any other may take ``PATIENCE``, as a busy machine needs it."""
PATIENCE = 60.0


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.stop()


def ask(site: Site, *paths: str) -> list[Answer]:
    """Ask pages of a site, and return their answers in the order of ``paths``."""
    seconds = SECONDS.get(paths[0].partition("/")[0], PATIENCE)
    answers = ask_pages([f"{site.address}/{path}" for path in paths], pause=0, timeout=seconds)
    return [answers[f"{site.address}/{path}"] for path in paths]


ANSWERS = {
    "there": ("there", "is there", ["HEAD"]),
    "moved": ("moved", "leads to SITE/there", ["HEAD"]),
    "404": ("gone", "is gone: it answers 404 Not Found", ["HEAD", "GET"]),
    "410": ("gone", "is gone: it answers 410 Gone", ["HEAD", "GET"]),
    "moved-away": ("gone", "is gone: it leads to SITE/404, which answers 404 Not Found", ["HEAD", "GET"]),
    "403": ("refused", "is refused: it answers 403 Forbidden", ["HEAD", "GET"]),
    "429": ("refused", "is refused: it answers 429 Too Many Requests", ["HEAD"]),
    "no-head": ("there", "is there", ["HEAD", "GET"]),
    "wrong-head": ("there", "is there", ["HEAD", "GET"]),
    "drops-head": ("there", "is there", ["HEAD", "GET"]),
    "endless": ("there", "is there", ["HEAD", "GET"]),
    "blinks": ("there", "is there", ["HEAD", "GET", "HEAD"]),
    "500": ("unreachable", "has a server error: it answers 500 Internal Server Error", ["HEAD", "GET"] * 2),
    "reset": ("unreachable", "does not answer (Remote end closed connection without response)", ["HEAD", "GET"] * 2),
    "hangs": ("unreachable", "does not answer (", ["HEAD"] * 2),
    "drips": ("unreachable", "does not answer (comes too slowly)", ["HEAD"] * 2),
    "inside": ("unreachable", "which is not a public page)", ["HEAD"] * 2),
    "file": ("unreachable", "is redirected to file:///etc/passwd without end", ["HEAD", "GET"] * 2),
}


@pytest.mark.parametrize("path", ANSWERS)
def test_what_a_server_does_says_what_became_of_a_page(path: str, site: Site) -> None:
    (answer,) = ask(site, path)
    result, detail, methods = ANSWERS[path]
    assert answer.result == result
    assert detail.replace("SITE", site.address) in answer.detail
    assert site.methods(path) == methods
    assert site.methods("secret") == []


def test_a_redirect_says_where_it_leads(site: Site) -> None:
    moved, away, there = ask(site, "moved", "moved-away", "there")
    leads_to = [moved.leads_to, away.leads_to, there.leads_to]
    assert leads_to == [f"{site.address}/there", f"{site.address}/404", None]


def test_a_circle_of_redirects_ends(site: Site) -> None:
    (answer,) = ask(site, "circle")
    assert (answer.result, answer.leads_to) == ("unreachable", None)
    assert answer.detail == "is redirected without end, or not to a web page"


def test_hosts_that_nobody_has_and_addresses_that_are_none_do_not_end_the_others(site: Site) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        wrong = ["http://host.invalid/", "http://[1/", "http://a.example:port/", "https://a.example/é", nobody]
        answers = ask_pages([*wrong, f"{site.address}/there"], pause=0, timeout=PATIENCE)
    assert {address for address, answer in answers.items() if answer.result == "unreachable"} == set(wrong)
    assert answers[f"{site.address}/there"].result == "there"


def test_a_page_is_asked_once_by_name_and_at_a_walking_pace(site: Site) -> None:
    pages = [f"{site.address}/{name}" for name in ("a", "b", "a")]
    ask_pages(pages, pause=0.1, timeout=PATIENCE)
    assert [(path, agent) for _, path, agent, _ in site.asked] == [(f"/{name}", f"cbrn-data/{__version__}") for name in "ab"]
    assert site.asked[1][3] - site.asked[0][3] >= 0.1


def test_a_host_that_is_silent_is_not_asked_for_every_page(site: Site) -> None:
    answers = ask(site, *(f"hangs/{number}" for number in range(5)))
    assert [answer.result for answer in answers] == ["unreachable"] * 5
    assert len(site.asked) == 3
    assert answers[4].detail == "was not checked: its host did not answer for earlier pages"


# --- the rows that name the pages


@pytest.fixture(scope="module")
def package() -> Package:
    return read_package(PROJECT / "schemas")


def curated(table: str, *lines: str, kind: str = "curated") -> Source:
    data = ("\n".join(lines) + "\n").encode()
    about = {"id": table, "kind": kind, "table": table, "sha256": digest(data), "bytes": len(data)}
    return Source(f"{table}.csv", about, b"", data)


def check(package: Package, *sources: Source) -> Checked:
    return check_links(sources, package, pause=0, timeout=PATIENCE)


def told(checked: Checked, site: Site) -> list[tuple[str, str, str]]:
    return [(one.code, one.place, one.message.replace(site.address, "SITE")) for one in checked.findings]


def test_rows_are_told_with_file_and_line_and_only_what_is_broken_blocks(site: Site, package: Package) -> None:
    rows = [f"P{number},{site.address}/{page}" for number, page in enumerate(("there", "404", "500", "moved", "403"), 1)]
    checked = check(package, curated("projects", "project_id,url", *rows))
    assert told(checked, site) == [
        ("page-gone", "raw/projects.csv:3", "url SITE/404 is gone: it answers 404 Not Found"),
        ("page-unreachable", "raw/projects.csv:4", "url SITE/500 has a server error: it answers 500 Internal Server Error"),
        ("page-moved", "raw/projects.csv:5", "url SITE/moved leads to SITE/there"),
        ("page-refused", "raw/projects.csv:6", "url SITE/403 is refused: it answers 403 Forbidden"),
    ]
    assert [one.is_error for one in checked.findings] == [True, True, False, False]
    assert checked.summary == "5 pages checked: 1 there, 1 moved, 1 gone, 1 unreachable, 1 refused"


def test_every_column_of_addresses_of_tables_and_lists_is_asked_once(site: Site, package: Package) -> None:
    projects = curated(
        "projects",
        "project_id,page_url,url,archived_url",
        f"P1,{site.address}/a#part,{site.address}/b,{site.address}/copy",
        f"P2,{site.address}/410,{site.address}/a,",
        f"P3,{site.address}/410,{site.address}/410,",
    )
    regions = curated("regions", "region_id,url", f"asia,{site.address}/410", "africa,nowhere", kind="regions")
    leaflet = curated("countries", "country_id,url", f"A,{site.address}/leaflet", kind="leaflet")
    checked = check(package, projects, regions, leaflet)
    assert {path for _, path, _, _ in site.asked} == {"/a", "/b", "/copy", "/410"}
    assert len(site.asked) == 5  # the page that is gone by HEAD and GET
    gone = "SITE/410 is gone: it answers 410 Gone"
    assert told(checked, site) == [
        ("page-gone", "raw/projects.csv:3", f"page_url {gone} (also line 4)"),
        ("page-gone", "raw/projects.csv:4", f"url {gone}"),
        ("page-gone", "raw/regions.csv:2", f"url {gone}"),
    ]
    rows = list(checked.rows())
    assert all(tuple(row) == COLUMNS for row in rows)
    assert [(row["line"], row["field"]) for row in rows if row["address"] == f"{site.address}/a"] == [
        ("2", "page_url"),
        ("3", "url"),
    ]


def test_a_copy_stands_in_for_a_page_that_is_gone_and_is_asked_itself(site: Site, package: Package) -> None:
    def rows(copy: str) -> Checked:
        row = f"P1,{site.address}/404,{site.address}/404,{copy}"
        return check(package, curated("projects", "project_id,page_url,url,archived_url", row))

    assert told(rows(f"{site.address}/there"), site) == []
    gone = "archived_url SITE/410 is gone: it answers 410 Gone"
    assert told(rows(f"{site.address}/410"), site) == [("page-gone", "raw/projects.csv:2", gone)]


def test_where_no_page_at_all_answers_the_machine_is_at_fault(site: Site, package: Package) -> None:
    rows = [f"P{number},{site.address}/reset/{number}" for number in (1, 2)]
    with pytest.raises(MachineError, match="none of 2 pages answers; check that this machine can reach the web"):
        check(package, curated("projects", "project_id,url", *rows))


def test_no_row_names_a_page(package: Package) -> None:
    assert check(package, curated("projects", "project_id,url", "P1,")).summary == "No row names a page"
