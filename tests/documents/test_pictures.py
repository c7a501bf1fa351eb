"""Pages as a picture: each line is where the reader says, and a file that cannot be drawn says why."""

from __future__ import annotations

import base64
from io import BytesIO

import pytest
from PIL import Image

from cbrn_data.documents.kept import kept_of
from cbrn_data.documents.pdf import read_pdf
from cbrn_data.documents.pictures import MAX_PAGES, Picture, draw_pages, picture_of
from cbrn_data.documents.text import from_value
from cbrn_data.isolated import Limits, UnreadableError, read_isolated
from tests.documents.test_limits import nested
from tests.printed import Drawn, pdf

PAGE = Drawn().text(60, 100, "Partner Countries", 14, bold=True).lines(60, 130, "Kazakhstan", "Mongolia", leading=24)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_the_ink_of_each_line_is_in_its_rectangle_and_nowhere_else(rotate: int) -> None:
    data = pdf(PAGE, Drawn().text(200, 400, "Project 87"), rotate=rotate)
    said = draw_pages(BytesIO(data))
    picture = Picture(base64.b64decode(said["png"]), [tuple(size) for size in said["pages"]])
    kept = kept_of(from_value(read_pdf(BytesIO(data))).lines())
    assert kept.pages == picture.pages and len(kept.lines) == 4
    image = Image.open(BytesIO(picture.png)).convert("L")
    scale = image.width / max(width for width, _ in picture.pages)
    for page, (x0, y0, x1, y1) in kept.lines.values():
        top = sum(height for _, height in picture.pages[: page - 1])
        box = (x0 - 1, top + y0 - 1, x1 + 1, top + y1 + 1)
        place = tuple(round(side * scale) for side in box)
        assert image.crop(place).getextrema()[0] < 100  # type: ignore[arg-type,operator]
        image.paste(255, place)  # type: ignore[arg-type]
    assert image.getextrema()[0] > 200  # type: ignore[operator]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (pdf(*[PAGE] * (MAX_PAGES + 1)), f"has {MAX_PAGES + 1} pages; up to {MAX_PAGES} are drawn"),
        (b"%PDF-1.7\nnothing", "cannot be"),
        (pdf(), "cannot be|has 0 pages"),
    ],
    ids=["many pages", "damaged", "no page"],
)
def test_what_is_not_drawn_says_why(data: bytes, said: str) -> None:
    with pytest.raises(UnreadableError, match=said):
        picture_of(data)


def test_a_page_that_asks_for_years_of_drawing_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnreadableError, match="takes more than"):
        read_isolated("cbrn_data.documents.pictures:draw_pages", nested(40), Limits(cpu=1, seconds=20))
