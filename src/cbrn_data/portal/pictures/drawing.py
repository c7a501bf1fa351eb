"""From a Vega-Lite specification to SVG, for a light and a dark page, a wide and a narrow one.

vl-convert draws pictures when the site is made, from data in the specification, without requests. No specification has a
temporal scale, because Vega's dates depend on the time zone of the machine.

Words are measured in the font of the library, but shown in a font of the reader, which can be a fifth wider. So labels are
left-aligned with space for wider text; right-aligned labels could leave the picture.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, astuple, dataclass
from functools import cache
from typing import Any

from cbrn_data.kept import kept
from cbrn_data.portal.languages import RUSSIAN

Spec = dict[str, Any]

WIDE, NARROW = 900, 340
PADDING = 4
"""Pixels around a drawing."""
WIDER = 1.25
"""The greatest ratio of the shown width of words to their measured width."""


@dataclass(frozen=True)
class Colours:
    """The colours of a picture. All differ, so that the colours of a drawing can be replaced for a dark page."""

    ink: str
    soft: str
    line: str
    land: str
    strong: str
    second: str
    on_strong: str
    halo: str
    hatched: str
    third: str
    fourth: str
    fifth: str
    sixth: str
    seventh: str
    eighth: str
    other: str

    @property
    def several(self) -> list[str]:
        """Colours that people can tell apart, for up to eight kinds."""
        return [self.strong, self.second, self.third, self.fourth, self.fifth, self.sixth, self.seventh, self.eighth]


_LIGHT = "#1b1f24 #56606b #d6dbe1 #e8ebee #0b5c80 #b8690b #ffffff #123447 #f6f7f8"
_DARK = "#e6e9ec #a7b0ba #3a424b #2a3138 #7cc4e4 #f2b134 #10161c #d9eefa #1b2127"
LIGHT = Colours(*_LIGHT.split(), *"#3d7a2f #8e3b8a #b3382c #5560b8 #0f8578 #7d6a12 #98a1ab".split())
DARK = Colours(*_DARK.split(), *"#8fce7c #dd9bd9 #f08f80 #aab2f5 #5fd3c3 #d9c26a #5d6772".split())

_HATCHES = f"""<defs><pattern id="hatches" width="5" height="5" patternUnits="userSpaceOnUse" \
patternTransform="rotate(45)"><rect width="5" height="5" fill="{LIGHT.hatched}"/>\
<rect width="1.6" height="5" fill="{LIGHT.soft}"/></pattern></defs>"""
"""The pattern that replaces the colour ``hatched``, because Vega-Lite cannot draw patterns."""

_SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_CONFIG: Spec = {
    "aria": False,  # the page describes the picture in words
    "background": None,
    "font": "Liberation Sans, Arial, Helvetica, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": LIGHT.soft,
        "gridColor": LIGHT.line,
        "domain": False,
        "ticks": False,
        "labelFontSize": 13,
        "title": None,
    },
    "legend": {
        "labelColor": LIGHT.ink,
        "labelFontSize": 13,
        "labelLimit": 0,
        "orient": "top",
        "title": None,
        "columnPadding": 40,
    },
    "header": {"labelColor": LIGHT.ink, "labelFontSize": 13, "labelFontWeight": "bold"},
    "text": {"color": LIGHT.ink, "fontSize": 13},
}


@dataclass(frozen=True)
class Key:
    """The colour of a kind on a light and a dark page; ``hatched`` if it is a pattern. ``page`` is where it leads.

    ``is_ours`` if the label is not only a name.
    """

    label: str
    light: str
    dark: str
    page: str | None = None
    hatched: bool = False
    is_ours: bool = True


@dataclass(frozen=True)
class Link:
    """A shape on a picture that leads to a page: ``path`` as in SVG, else a circle around ``at``, in pixels."""

    page: str
    name: str
    at: tuple[int, int]
    path: str = ""


@dataclass(frozen=True)
class Overlay:
    """The links on one variant of a picture, ``wide`` or ``narrow``; ``box`` is its ``viewBox``."""

    variant: str
    box: str
    links: Sequence[Link]


@dataclass(frozen=True)
class Picture:
    """A drawing: ``alt`` is its text alternative, ``data`` names its tables, ``files`` are its variants.

    ``is_russian`` if it has words of ours, so that each variant has one in Russian, whose name ends with ``-ru``.
    ``keys`` explain its colours, where they lead somewhere, and ``overlays`` are the links on it, of each variant.
    """

    name: str
    title: str
    alt: str
    note: str
    data: tuple[str, ...]
    size: tuple[int, int]
    files: dict[str, bytes]
    keys: Sequence[Key] = ()
    overlays: Sequence[Overlay] = ()
    is_russian: bool = False


def kept_picture(made_of: str, make: Callable[[], Picture | None]) -> Picture | None:
    """Return the cached picture for these inputs, else that of ``make``, which is then cached as the same text."""

    def text() -> str:
        made = make()
        return json.dumps(made and asdict(made) | {"files": {name: svg.decode() for name, svg in made.files.items()}})

    found = json.loads(kept(made_of, text))
    if found is None:
        return None
    files = {name: svg.encode() for name, svg in found["files"].items()}
    overlays = [Overlay(one["variant"], one["box"], [Link(**link) for link in one["links"]]) for one in found["overlays"]]
    return Picture(**found | {"files": files, "keys": [Key(**key) for key in found["keys"]], "overlays": overlays})


def picture(
    name: str, title: str, alt: str, note: str, data: tuple[str, ...], spec: Callable[[int], Spec], words: Sequence[str] = ()
) -> Picture:
    """Draw a picture; ``spec`` returns the specification for a width, ``words`` are the messages in it."""
    files: dict[str, bytes] = {}
    for variant, width in (("", WIDE), ("-narrow", NARROW)):
        config = _CONFIG | {"legend": _CONFIG["legend"] | {"direction": "horizontal" if width == WIDE else "vertical"}}
        drawn = _drawn(json.dumps({"$schema": _SCHEMA, "config": config, "padding": PADDING} | spec(width)))
        for language, said in (("", drawn), *([("-ru", _russian(drawn, words))] if words else [])):
            files[f"pictures/{name}{variant}{language}.svg"] = said.encode()
            files[f"pictures/{name}{variant}-dark{language}.svg"] = _dark(said).encode()
    return Picture(name, title, alt, note, data, _size(files[f"pictures/{name}.svg"]), files, is_russian=bool(words))


@cache
def _drawn(spec: str) -> str:
    """Draw once per process and specification, because publishing derives its files more than once."""
    return kept(spec, lambda: _draw(spec))


def _draw(spec: str) -> str:
    from vl_convert import vegalite_to_svg

    svg: str = vegalite_to_svg(spec, vl_version="6.4", allowed_base_urls=[])
    return _hatched(_lighter(_numbered(svg))) + "\n"


def _numbered(svg: str) -> str:
    """Return a drawing whose clips count from 1; the library continues the count of earlier drawings."""
    ids = list(dict.fromkeys(re.findall(r"\bclip[0-9]+\b", svg)))
    return re.sub(r"\bclip[0-9]+\b", lambda clip: f"clip{ids.index(clip[0]) + 1}", svg)


def _lighter(svg: str) -> str:
    """Return a drawing without what nobody sees: paths without a colour, groups without content, names of Vega's own, digits
    below a tenth of a pixel, and what each text repeats. Pages say in words what it shows, so it needs no roles.
    """
    svg = re.sub(r"<path(?![^>]* d=)[^>]*/>", "", svg).replace(' transform="translate(0,0)"', "")
    svg = re.sub(r'<path class="(?:back|fore)ground"(?![^>]* (?:fill|stroke)=)[^>]*/>', "", svg)
    svg = re.sub(r' (?:class|role|aria-\w+|pointer-events)="[^"]*"| opacity="1"', "", svg)
    svg = re.sub(r"(\.\d)\d{3,}", r"\1", svg)
    while (smaller := re.sub(r"<g[^>]*></g>|<g>(<(?:path|text)[^>]*(?:/>|>[^<]*</text>))</g>", r"\1", svg)) != svg:
        svg = smaller
    svg = re.sub(r' d="([^"]*)"', lambda path: f' d="{_in_steps(path[1])}"', svg)
    svg = re.sub(r"(<text[^>]*) stroke=", r'\1 paint-order="stroke" stroke=', svg)  # a halo is below its letters
    head, _, rest = svg.partition(">")
    fonts = re.findall(r' font-family="[^"]*"', rest)
    return f"{head}{fonts[0]}>{rest.replace(fonts[0], '')}" if fonts else svg


def _in_steps(path: str) -> str:
    """Return a path in tenths of a pixel; one of lines as steps from point to point, which is shorter.

    >>> _in_steps("M10.06,20L12,21.55L12,30Z")
    'M10,20l2,1.5 0,8.5z'
    """
    short = re.sub(r"(\.\d)\d+", r"\1", path)
    if not re.fullmatch(r"(?:M[\d.-]+,[\d.-]+(?:L[\d.-]+,[\d.-]+)*Z?)+", short):
        return short
    drawn = []
    for ring in short.split("M")[1:]:
        first, *others = (
            [round(10 * float(number)) for number in point.split(",")] for point in ring.rstrip("Z").split("L")
        )
        steps = [f"{_tenths(x - a)},{_tenths(y - b)}" for (a, b), (x, y) in itertools.pairwise([first, *others])]
        start = f"M{_tenths(first[0])},{_tenths(first[1])}"
        drawn.append(start + ("l" + " ".join(steps) if steps else "") + ("z" if ring.endswith("Z") else ""))
    return "".join(drawn)


def _tenths(number: int) -> str:
    return f"{number / 10:g}"


def _hatched(svg: str) -> str:
    """Return a drawing in which the colour ``hatched`` is the pattern."""
    plain = f'fill="{LIGHT.hatched}"'
    if plain not in svg:
        return svg
    head, _, rest = svg.partition(">")
    return head + ">" + _HATCHES + rest.replace(plain, 'fill="url(#hatches)"')


def _dark(svg: str) -> str:
    """Return a drawing with the colours of a dark page, which is faster than drawing it again."""
    pairs = {f'="{light}"': f'="{dark}"' for light, dark in zip(astuple(LIGHT), astuple(DARK), strict=True)}
    return re.sub("|".join(pairs), lambda match: pairs[match[0]], svg)


def _russian(svg: str, words: Sequence[str]) -> str:
    """Return a drawing with Russian for those of its texts that are ``words``, or end with one after a comma.

    Nothing is drawn again, so the Russian words must not be much wider than the English ones.
    """
    ours = "|".join(map(re.escape, words))
    return re.sub(f"(?<=[>,])( ?)({ours})(?=</text>)", lambda found: found[1] + RUSSIAN.say(found[2]), svg)


def _size(svg: bytes) -> tuple[int, int]:
    head = svg[:300].decode()
    width, height = (float(head.split(f'{name}="', 1)[1].split('"', 1)[0]) for name in ("width", "height"))
    return round(width), round(height)


def labels_of(space: int) -> Spec:
    """Return an axis with left-aligned labels of this width, in pixels."""
    return {"labelAlign": "left", "labelPadding": space, "labelLimit": space / WIDER}


def kinds_of(domain: Sequence[object]) -> Spec:
    """Return the colour by ``kind``, for at most two kinds."""
    return {"field": "kind", "type": "nominal", "scale": {"domain": domain, "range": [LIGHT.strong, LIGHT.second]}}
