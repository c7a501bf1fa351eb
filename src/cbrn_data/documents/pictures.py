"""The pages of a PDF as one picture, one page below another, to show people the positions of lines.

The picture is drawn once, when a leaflet is reviewed or added, and kept, because another version of the library gives other
bytes.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from importlib.util import find_spec
from io import BytesIO
from typing import IO, Any

from cbrn_data.documents.text import Size
from cbrn_data.errors import extra_missing
from cbrn_data.isolated import UnreadableError, read_isolated

MAX_PAGES = 8
_WIDE = 1_100
"""The width of the widest page in pixels."""
_TALL = 14_000
"""The greatest height of the picture in pixels."""
_COLOURS = 128


@dataclass(frozen=True)
class Picture:
    """A picture (PNG) of all ``pages``, given by their sizes, left-aligned and to the same scale."""

    png: bytes
    pages: list[Size]


def picture_of(data: bytes) -> Picture:
    """Return the picture of a PDF. Raises UnreadableError if it cannot be drawn."""
    for module in ("pypdfium2", "PIL"):
        if find_spec(module) is None:
            raise UnreadableError(f"cannot be drawn: {extra_missing('drawing pages', 'leaflets', module)}")
    said = read_isolated(f"{__name__}:draw_pages", data)
    return Picture(base64.b64decode(said["png"]), [(width, height) for width, height in said["pages"]])


def draw_pages(file: IO[bytes]) -> dict[str, Any]:
    """Draw a PDF: ``png`` in base64, and the size of each page in ``pages``. Raises UnreadableError."""
    import pypdfium2
    from PIL import Image

    with pypdfium2.PdfDocument(file.read()) as document:
        if not 0 < len(document) <= MAX_PAGES:
            raise UnreadableError(f"has {len(document):,} pages; up to {MAX_PAGES} are drawn")
        pages = [document[number] for number in range(len(document))]
        sizes = [page.get_size() for page in pages]
        scale = min(_WIDE / max(width for width, _ in sizes), _TALL / sum(height for _, height in sizes))
        whole = Image.new("RGB", (round(max(w for w, _ in sizes) * scale), round(sum(h for _, h in sizes) * scale)), "white")
        top = 0.0
        for page, (_, height) in zip(pages, sizes, strict=True):
            whole.paste(page.render(scale=scale, may_draw_forms=False).to_pil(), (0, round(top * scale)))
            top += height
    png = BytesIO()
    whole.quantize(_COLOURS, method=Image.Quantize.FASTOCTREE).save(png, "PNG", optimize=True)
    text = binascii.b2a_base64(png.getvalue(), newline=False).decode()
    return {"png": text, "pages": [[round(width, 1), round(height, 1)] for width, height in sizes]}
