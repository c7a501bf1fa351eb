"""The picture that other sites show with a link to a page (``og:image``): the map without its words, as PNG.

Why without words: they would depend on the fonts of the machine, and the bytes must be the same everywhere.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from functools import cache
from importlib.resources import files as package_files

from cbrn_data.kept import kept
from cbrn_data.portal.pictures.drawing import LIGHT, Picture

PREVIEW = "pictures/preview.png"
SIZE = (1200, 630)
"""Pixels; sites cut pictures of other ratios."""


def preview(pictures: Sequence[Picture]) -> bytes:
    """Return the picture of the map, or of the site's icon if there is no map."""
    maps = (picture.files["pictures/countries.svg"].decode() for picture in pictures if picture.name == "countries")
    drawn = next(maps, None)
    return _png(_whole(drawn) if drawn else _icon())


def _whole(drawn: str) -> str:
    """Return the map so that it fills the picture; its legend above is cut off.

    Nothing else is clipped, because clipping takes as long as the rest of the drawing.
    """
    plain = re.sub(r"<text\b.*?</text>| clip-path=\"[^\"]*\"", "", drawn, flags=re.DOTALL)
    head, _, shapes = plain.partition(">")
    width, height = (float(re.findall(rf' {name}="([0-9.]+)"', head)[0]) for name in ("width", "height"))
    left, above = map(float, re.findall(r"translate\(([0-9.]+),([0-9.]+)\)", shapes)[0])
    return _placed(f"{left} {above} {width - 2 * left} {height - above - left}", shapes.removesuffix("\n"), "slice")


def _icon() -> str:
    icon = package_files("cbrn_data.portal").joinpath("assets", "icon.svg").read_text(encoding="utf-8")
    return _placed("-16 -16 64 64", icon.partition(">")[2].strip(), "meet")


def _placed(box: str, shapes: str, fit: str) -> str:
    width, height = SIZE
    svg = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return (
        f'<svg {svg} width="{width}" height="{height}"><rect width="{width}" height="{height}" fill="{LIGHT.on_strong}"/>'
        f'<svg width="{width}" height="{height}" viewBox="{box}" preserveAspectRatio="xMidYMid {fit}">{shapes}</svg>'
    )


@cache
def _png(svg: str) -> bytes:
    return b64decode(kept(svg, lambda: b64encode(_draw(svg)).decode()))


def _draw(svg: str) -> bytes:
    from vl_convert import svg_to_png

    png: bytes = svg_to_png(svg, scale=1, ppi=72)
    return png
