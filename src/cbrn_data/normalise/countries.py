"""Names of countries in leaflets to ISO 3166-1 alpha-3 codes, without guessing.

A name is known if pycountry (ISO 3166-1) or ``country_aliases.csv`` has it, ignoring accents, apostrophes and letter case.
An alias without a code contains the name of a country, but is not a country. Only the aliases have user-assigned codes
(XKX). Similar names are not accepted; ``nearest`` is for messages.
"""

from __future__ import annotations

import csv
import difflib
import gettext
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import pycountry

from cbrn_data.normalise.rules import grammar
from cbrn_data.normalise.text import clean, folded, region_name

_LONGEST_MARK = 16
_LONGEST_NAME = 120
_FOOTNOTE_MARK = re.compile(r"(?:\s*(?:[*†‡§¹²³⁴]+|\[[0-9a-z]\]|\([0-9*]\)))+$")


def without_mark(name: str) -> str:
    """Return a name without its final footnote mark.

    >>> without_mark("Kosovo*")
    'Kosovo'
    """
    return (name[:-_LONGEST_MARK] + _FOOTNOTE_MARK.sub("", name[-_LONGEST_MARK:])).rstrip(" ,;.")


def _key(name: str) -> str:
    text = folded(without_mark(name)).casefold().replace("&", "and")
    text = re.sub(r" \(([^()]*)\)$", r", \1", text)  # "Iran (Islamic Republic of)"
    return re.sub(r"^the ", "", re.sub(r"\s*-\s*", "-", text).strip())


@cache
def _names() -> dict[str, str | None]:
    """Every known form of a name, as written, and its code."""
    forms: dict[str, str | None] = {}
    for country in pycountry.countries:
        for attribute in ("name", "common_name", "official_name"):
            if name := getattr(country, attribute, None):
                head, comma, tail = name.partition(", ")
                forms[name] = forms[f"{tail} {head}" if comma else name] = country.alpha_3
    aliases = files("cbrn_data.normalise").joinpath("country_aliases.csv").read_text(encoding="utf-8")
    forms |= {row["name"]: row["country_id"] or None for row in csv.DictReader(aliases.splitlines())}
    return forms


def english_names(country_id: str) -> list[str]:
    """Return every English form of the name of a country, in the order of the lists.

    >>> english_names("CZE")
    ['Czechia', 'Czech Republic', 'Czech Rep.']
    """
    return [name for name, code in _names().items() if code == country_id]


def _translations(*languages: str) -> Iterator[tuple[str, Any]]:
    """Yield the names of every country in other languages, from translations of ISO 3166-1, each with the country."""
    for language in languages:
        words = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[language], fallback=True)
        for country in pycountry.countries:
            for name in (country.name, getattr(country, "common_name", country.name)):
                yield _key(words.gettext(name)), country


@cache
def _codes() -> dict[str, str | None]:
    """The codes by English, French and Russian names; an English name is preferred, then a French one."""
    translated = {name: country.alpha_3 for name, country in reversed([*_translations("fr", "ru")])}
    return translated | {_key(name): code for name, code in _names().items()}


def country_id(name: str) -> str | None:
    """Return the alpha-3 code of a country's name, or None if no list has exactly this name.

    >>> country_id("Côte d’Ivoire"), country_id("DR Congo"), country_id("Kosovo*"), country_id("Kazakstan")
    ('CIV', 'COD', 'XKX', None)
    """
    if len(name) > _LONGEST_NAME:
        return None
    twice = re.fullmatch(r"([^()/]+) (?:\(|/ )([^()/]{4,})\)?", name)  # "Kyrgyzstan (Kyrgyz Republic)"
    codes = {_codes().get(_key(part)) for part in twice.groups()} if twice else set()
    return _codes().get(_key(name)) or (codes.pop() if len(codes) == 1 else None)


def read_country(quote: str) -> str | None:
    """Return the code of the country that the quote names."""
    return country_id(clean(quote))


def country_name(quote: str) -> str:
    """Return the name of a country as printed; one in capitals is read in title case.

    >>> country_name("CÔTE D’IVOIRE"), country_name("UZBEKISTAN"), country_name("UAE")
    ('CÔTE D’IVOIRE', 'Uzbekistan', 'UAE')
    """
    name = region_name(quote)
    return name if name in _names() else clean(quote)


def nearest(name: str) -> list[str]:
    """Return the names of at most three countries with similar names, or its name in another language, for messages."""
    key = _key(name[:60])
    if known := _in_other_languages().get(key):
        return [known]
    similar = [_by_key()[key] for key in difflib.get_close_matches(key, _by_key(), n=9, cutoff=0.6)]
    best: dict[str | None, str] = {}
    for known in similar:
        best.setdefault(_names()[known], known)
    return list(best.values())[:3]


@cache
def _by_key() -> dict[str, str]:
    return {_key(known): known for known, code in _names().items() if code}


@cache
def _in_other_languages() -> dict[str, str]:
    """Return the English names of countries by their names in languages of the regions."""
    translations = _translations("ru", "fr", "ar", "es", "pt", "uk", "tr")
    return {name: getattr(country, "common_name", country.name) for name, country in translations}


@dataclass(frozen=True)
class Named:
    """A country named in ``text[start:end]``; ``left_out`` is the reason why it did not take part, or empty."""

    country_id: str
    start: int
    end: int
    left_out: str = ""


_WITHIN = (" (", " (the ", " in the ", " in ", ", in the ")
"""The words between a place and the United States, in which it is."""
_LISTED = re.compile(r"(?:, |,? (?P<last>and|or|nor|et|и|&) )(?:the )?")
_GOES_ON = re.compile(r",? (?:and|or|nor|et|и|&) |[,.;)]|$")
_US = r"(?:(?<=[Tt]he )|(?<=and )|(?<=from )|(?<=in ))US(?! ?\$| [Dd]ollars?\b)"
"""The abbreviation, which in capitals is also a pronoun (``CONTACT US``)."""


@cache
def _mentions() -> re.Pattern[str]:
    forms = {folded(form) for name in _names() for form in (name, name.upper(), name.replace(" and ", " & "))}
    forms = {form for form in forms if len(form) > 1} - {"US"}
    longest_first = "|".join(map(re.escape, sorted(forms, key=lambda form: (-len(form), form))))
    return re.compile(rf"(?<!\w)(?=[A-Z])(?:{longest_first}|{_US})(?!\w|-(?!(?:wide|led|hosted|chaired)\b)[a-z])")


@cache
def _of_lists() -> frozenset[str]:
    """The reasons that hold for all countries of a list; after a comma, only if the list goes on after it."""
    return frozenset(entry["why"] for entry in grammar()["around countries"] if "of lists" in entry)


@cache
def _around() -> tuple[tuple[str, dict[str, re.Pattern[str]]], ...]:
    """The reasons why a country did not take part, and what its name and the words before and after it must all match."""
    entries = grammar()["around countries"]
    frames = {"before": "{}", "name": r"\A{}", "after": r"\A(?:{})"}
    return tuple(
        (entry["why"], {at: re.compile(frame.format(entry[at])) for at, frame in frames.items() if at in entry})
        for entry in entries
    )


def named_in(text: str) -> list[Named]:
    """Return every country that ``text`` names, in order, with the reason if it did not take part.

    >>> [(named.country_id, named.left_out) for named in named_in("all of Mongolia and Kenya except Chad")]
    [('MNG', ''), ('KEN', ''), ('TCD', 'the clause leaves it out')]
    """
    flat = folded(text)
    found: list[Named] = []
    masked = _mentions().sub(lambda match: "_" * len(match[0]) if country_id(match[0]) else match[0], flat)
    for match in _mentions().finditer(flat):
        code, start = country_id(match[0]), match.start()
        compound = text[max(0, start - 1) : start] == "-" and not (found and found[-1].end == start - 1)
        if code and not compound:
            before, after = masked[max(0, start - 80) : start], masked[match.end() : match.end() + 60]
            why = _why(before=before, name=match[0], after=after)
            listed = _LISTED.fullmatch(flat, found[-1].end, start) if found and found[-1].left_out in _of_lists() else None
            if not why and listed and (listed["last"] or _GOES_ON.match(after)):
                why = found[-1].left_out  # "except Mongolia, Chad and Pakistan"
            if found and code == "USA" and flat[found[-1].end : start] in _WITHIN:  # "Georgia (U.S.)"
                found[-1] = replace(found[-1], left_out="a place in the United States")
            elif not why and found and found[-1].left_out and flat[found[-1].end : start] == " (":
                why = found[-1].left_out  # "University of Georgia (USA)"
            found.append(Named(code, start, match.end(), why))
    return found


def _why(**words: str) -> str:
    reasons = (why for why, patterns in _around() if all(pattern.search(words[at]) for at, pattern in patterns.items()))
    return next(reasons, "")


_WORD = re.compile(r"(?<![\w.@/-])(?:[A-Z][A-Za-z]{5,30}|[a-z]{7,30})(?![\w@/-]|\.\w)")
_CODE = re.compile(r"(?<=[a-z] \()[A-Z]{3}(?=\))")
_CODES = re.compile(r"(?<![\w-])[A-Z]{2,3}(?:(?:, |/|,? and )[A-Z]{2,3}){1,20}(?![\w-])")


def misspelt_in(text: str) -> list[Named]:
    """Return words that may name countries, as left out: other spellings, French, lower case, lists of ISO codes.

    >>> [named.left_out for named in misspelt_in("experts of Uzbekhistan, Mongolie, Kenya and Serbian guests")]
    ["it may mean 'Uzbekistan'", "it may mean 'Mongolia'"]
    """
    flat = _mentions().sub(lambda match: "_" * len(match[0]), folded(text))
    words = ((match, _nearly(match[0])) for match in _WORD.finditer(flat))
    found = [Named("", *match.span(), f"it may mean {known!r}") for match, known in words if known]
    lists = [match for match in _CODES.finditer(flat) if _iso().issuperset(re.findall(r"\b[A-Z]+", match[0]))]
    lists += [match for match in _CODE.finditer(flat) if match[0] in _iso()]
    found += [Named("", *match.span(), "it names several countries in one") for match in _SEVERAL.finditer(flat)]
    return found + [Named("", *match.span(), "they may be codes of countries") for match in lists]


_SEVERAL = re.compile(r"\b[A-Z]\w+(?:, [A-Z]\w+){0,5},? and [A-Z]\w+ Republics\b|\b(?:North|South) and (?=_)")


@cache
def _iso() -> frozenset[str]:
    return frozenset(code for country in pycountry.countries for code in (country.alpha_2, country.alpha_3))


@lru_cache(maxsize=4096)
def _nearly(word: str) -> str:
    """Return the country whose name nearly is ``word``, or nothing; a demonym (``Kazakhstani``) is not a misspelt name."""
    if word.islower():
        return _by_key().get(word, "")
    key = _key(word)
    if code := _codes().get(key):
        return english_names(code)[0] if key not in _by_key() else ""
    known = next(iter(difflib.get_close_matches(key, _by_key(), n=1, cutoff=0.86)), "")
    misspelt = known[:1] == key[0] and not key.startswith(known[:-1]) and not known.startswith(key)
    return _by_key()[known] if misspelt else ""


def countries_in(text: str) -> list[Named]:
    """Return every mention of a country by its name, in order; demonyms, cities and regions do not count.

    >>> [named.country_id for named in countries_in("Centers in Pakistan and Kazakhstan’s capital; Nigerian staff")]
    ['PAK', 'KAZ']
    """
    return [named for named in named_in(text) if not named.left_out]
