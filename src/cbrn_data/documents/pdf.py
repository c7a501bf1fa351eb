"""A PDF to text by its layout."""

from __future__ import annotations

from cbrn_data.documents.columns import read_columns
from cbrn_data.documents.glyphs import read_pages
from cbrn_data.documents.hyphens import printed
from cbrn_data.documents.margins import left_out
from cbrn_data.documents.paragraphs import read_paragraphs
from cbrn_data.documents.segments import read_segments

DOUBTS=[]
def read_pdf(data: bytes) -> str:
    segments = [(page, read_segments(page)) for page in read_pages(data)]
    out_ = left_out(segments)
    dropped = {id(one.segment) for one in out_}
    pages = [(page, read_columns([s for s in several if id(s) not in dropped], page)) for page, several in segments]
    out = []
    number = 1
    P = read_paragraphs(pages)
    for par in printed(P):
        lines = []
        for line in par:
            lines.append(("\f" * (line.page - number)) + line.text)
            number = max(line.page, number)
        out.append("\n".join(lines))
    DOUBTS[:] = [x for p in P for x in p.doubts]
    return "\n\n".join(out) + "\n"
