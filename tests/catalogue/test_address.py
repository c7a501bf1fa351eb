"""A malformed base address is refused before anything is derived, and a good one stands in derived files only."""

from __future__ import annotations

from pathlib import Path

import pytest

from cbrn_data import pipeline
from cbrn_data.catalogue.address import checked_base
from cbrn_data.errors import CbrnDataError
from cbrn_data.settings import Settings
from tests.conftest import PROJECT


@pytest.mark.parametrize(
    "base",
    [
        "https://example.org/",
        "http://localhost:8000/",
        "https://data.example.org:65535/a/b-c/d.e/~f/",
        "https://xn--bcher-kva.example/",
        "http://127.0.0.1:1/",
        "https://example.org/my%20data/",
        "https://example.org/a+b/c_d/_e/",
        "https://cdn.example/gh/us/data@main/a:b,c=d/",
        "https://example.org./",
        "http://my_host.example/",
        "http://[::1]:8000/",
        "https://[2001:db8::1]/data/",
        "https://example.org/%D0%BE%D1%82%D0%BA%D1%80/",
    ],
)
def test_an_address_that_ends_with_a_slash_is_taken_as_it_is(base: str) -> None:
    assert checked_base(base) == base


@pytest.mark.parametrize(
    "base",
    [
        "",
        "example.org/",
        "https://example.org",
        "https://example.org/data",
        "ftp://example.org/",
        "file:///data/",
        "javascript:alert(1)//",
        "https://../x/",
        "https://./",
        "https://a..b/",
        "https://-a.example/",
        "https://a-.example/",
        f"https://{'a' * 64}.example/",
        "https:///data/",
        "https://example.org:0/",
        "https://example.org:65536/",
        "https://example.org:99999/",
        "https://example.org:/",
        "https://user@example.org/",
        "https://user:word@example.org/",
        "https://example.org/?a=b/",
        "https://example.org/#a/",
        "https://example.org/a/../b/",
        "https://example.org/./",
        "https://example.org/.hidden/",
        "https://example.org//",
        "https://example.org/a b/",
        "https://example.org/a\n/",
        "https://example.org/\n",
        "https://example.org/%2e%2e/",
        "https://bücher.example/",
        'https://example.org/"/',
        "https://example.org/<b>/",
        "https://example.org/%/",
        "https://example.org/a%2fb/",
        "https://example.org/%00/",
        "https://example.org/%ff/",
        "http://[::1/",
        "http://[1:2]/",
        "http://[127.0.0.1]/",
    ],
)
def test_any_other_is_refused(base: str) -> None:
    with pytest.raises(CbrnDataError, match="is not like https://"):
        checked_base(base)


@pytest.mark.parametrize(
    ("base", "reason"),
    [
        ("ftp://example.org/", "it must begin with http"),
        ("https://example.org/data", "it must end with a slash"),
        ("https://example.org/?a=b/", "it must not have a query"),
        ("https://me@example.org/", "it must not have a user name"),
        ("https://example.org/.a/", "may begin with a dot"),
        ("https://example.org//", "may be empty"),
        ("https://example.org/a b/", "other characters as %20"),
        ("https://b\u00fccher.example/", "ASCII form"),
    ],
)
def test_the_reason_is_the_right_one(base: str, reason: str) -> None:
    with pytest.raises(CbrnDataError, match=reason):
        checked_base(base)


@pytest.mark.parametrize(
    "base",
    [
        "https://me:pa55@example.org/",
        "https://pa55@example.org/x/",
        "https://a.example/?key=pa55",
        "https://a.example/#pa55",
    ],
)
def test_what_may_be_a_secret_in_one_is_not_repeated(base: str) -> None:
    with pytest.raises(CbrnDataError) as raised:
        checked_base(base)
    assert "pa55" not in str(raised.value)
    assert "example" in str(raised.value)


def test_a_malformed_one_stops_a_publication_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(CbrnDataError, match="base address"):
        pipeline.open_store(Settings(PROJECT, tmp_path / "published", base_url="https://../x/"))
    assert not (tmp_path / "published").exists()


def test_it_stands_in_derived_files_only(project: Path) -> None:
    where = Settings(project, project / "published", base_url="https://another.example/here/")
    pipeline.publish(pipeline.build(pipeline.gather(where)), pipeline.open_store(where), "2026-11-22")
    said = {
        path.relative_to(where.published).parts[0]
        for path in where.published.rglob("*")
        if path.is_file() and b"another.example" in path.read_bytes()
    }
    assert said >= {"catalog.ttl", "catalog.rdf", "catalog.jsonld", "feed.xml"}
    assert not said & {"releases", "latest", "releases.json"}
