"""PDFs that tests draw: a page by its marks, or a leaflet by its text."""

from __future__ import annotations

from dataclasses import dataclass, field

from pdfminer.fontmetrics import FONT_METRICS

HEIGHT, WIDTH = 842, 595


def width(text: str, size: float = 10, bold: bool = False) -> float:
    """How wide a text is set, in points."""
    widths = FONT_METRICS["Helvetica-Bold" if bold else "Helvetica"][1]
    return float(sum(widths[char] for char in text) * size / 1000)


@dataclass
class Drawn:
    """A page in the making; ``y`` is measured from the top."""

    marks: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, words: str, size: float = 10, bold: bool = False, grey: float = 0) -> Drawn:
        """Show words whose baseline begins at a place."""
        shown = words.encode("cp1252").decode("latin-1").replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
        font = "B" if bold else "F"
        self.marks.append(f"{grey} g BT /{font} {size} Tf {x} {HEIGHT - y} Td ({shown}) Tj ET 0 g")
        return self

    def lines(self, x: float, y: float, *texts: str, size: float = 10, leading: float = 12) -> Drawn:
        """Show lines below one another."""
        for number, words in enumerate(texts):
            self.text(x, y + number * leading, words, size)
        return self

    def box(self, x: float, y: float, wide: float, high: float, grey: float = 0.9) -> Drawn:
        """Fill a rectangle whose upper left corner is at a place."""
        self.marks.append(f"{grey} g {x} {HEIGHT - y - high} {wide} {high} re f 0 g")
        return self

    def raw(self, operators: str) -> Drawn:
        """Draw by operators of PDF."""
        self.marks.append(operators)
        return self


def pdf(*pages: Drawn, rotate: int = 0, encrypt: str = "") -> bytes:
    """Write a PDF of pages; ``/I`` is a picture of one grey dot."""
    kids = " ".join(f"{6 + 2 * number} 0 R" for number in range(len(pages)))
    bodies = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
        "<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 1 >>\n"
        "stream\n@\nendstream",
    ]
    for number, page in enumerate(pages):
        content = "\n".join(page.marks)
        bodies.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Rotate {rotate} /Contents {7 + 2 * number} 0 R "
            "/Resources << /Font << /F 3 0 R /B 4 0 R >> /XObject << /I 5 0 R >> >> >>"
        )
        bodies.append(f"<< /Length {len(content.encode('latin-1'))} >>\nstream\n{content}\nendstream")
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    trailer = f"<< /Size {len(bodies) + 1} /Root 1 0 R {encrypt} >>"
    return out + (
        f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{table}trailer\n{trailer}\nstartxref\n{len(out)}\n%%EOF".encode()
    )


def printed(text: str, rotate: int = 0) -> bytes:
    """Print a leaflet on as many pages as it takes: a paragraph a block, items with bullets, long lines broken."""
    pages, y = [Drawn()], 60.0
    for line in text.replace("**", "").splitlines():
        words, x = line.replace("- ", "\u2022 ", 1) if line.startswith("- ") else line, 50
        for part in wrapped(words, WIDTH - 2 * x):
            pages[-1].text(x, y, part)
            y += 13
        if not words:
            y += 9
        if y > HEIGHT - 60:
            pages.append(Drawn())
            y = 60.0
    return pdf(*pages, rotate=rotate)


def wrapped(words: str, wide: float) -> list[str]:
    """Break a line between words where it is wider than so many points."""
    lines: list[str] = []
    for word in words.split():
        if lines and width(f"{lines[-1]} {word}") <= wide:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
