"""The sitemap lists every page once, and nothing else."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

from cbrn_data.catalogue.feed import SITEMAP, robots, sitemap


def test_it_lists_the_pages_in_their_order() -> None:
    names = ["tables/projects.html", "index.html", "catalog.ttl", "assets/site.css", "404.html", "history/1.0.0.html"]
    names.append("history/1.0.0/projects.html")  # of an older release
    root = fromstring(sitemap("https://a.example/b/", names, "2026-11-22"))
    places = [entry.text for entry in root.iter(f"{{{SITEMAP}}}loc")]
    assert places == [f"https://a.example/b/{name}" for name in ("history/1.0.0.html", "", "tables/projects.html")]
    assert {entry.text for entry in root.iter(f"{{{SITEMAP}}}lastmod")} == {"2026-11-22"}


def test_robots_may_read_everything_and_find_the_sitemap() -> None:
    lines = robots("https://a.example/b/").decode().splitlines()
    assert lines == ["User-agent: *", "Allow: /", "", "Sitemap: https://a.example/b/sitemap.xml"]


def test_a_name_is_text_and_no_markup() -> None:
    data = sitemap("https://a.example/", ["a&b<c>.html"], "2026-11-22")
    assert [entry.text for entry in fromstring(data).iter(f"{{{SITEMAP}}}loc")] == ["https://a.example/a&b<c>.html"]
