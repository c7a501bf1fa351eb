"""PDFs of a few kilobytes that ask for years of work, or for all memory."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from cbrn_data.documents import received
from cbrn_data.errors import SourceError
from cbrn_data.intake.add import add_file
from cbrn_data.intake.write import About
from cbrn_data.isolated import Limits, UnreadableError, read_isolated
from cbrn_data.settings import Settings

PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >> >>"


def written(*bodies: bytes) -> bytes:
    """Write a PDF of objects, the first the catalogue and the third its page."""
    bodies = (b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", *bodies)
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(bodies) + 1
    end = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF"
    return out + end % (size, table, size, len(out))


def stream(data: bytes, extra: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), extra, data)


def nested(times: int) -> bytes:
    """Forms that each show the next one twice."""
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 1 1] /Resources << /XObject << /X %d 0 R >> >>"
    forms = [stream(b"/X Do /X Do", form % (number + 6)) for number in range(times)]
    return written(PAGE, stream(b"/X Do"), *forms, stream(b"BT ET", b"/Type /XObject /Subtype /Form /BBox [0 0 1 1]"))


def packed(size: int) -> bytes:
    """A page of blanks that take a thousandth of themselves."""
    packer = zlib.compressobj(9)
    blanks = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(size >> 20)) + packer.flush()
    return written(PAGE, stream(blanks, b"/Filter /FlateDecode"), b"null")


@pytest.mark.parametrize(
    ("make", "limits", "said"),
    [
        (lambda: nested(30), Limits(cpu=1, seconds=60), "takes more than 1 seconds of processor time"),
        (lambda: packed(512 << 20), Limits(memory=300 << 20, seconds=60), "takes more than 300 MiB of memory"),
    ],
    ids=["nested forms", "packed blanks"],
)
def test_what_takes_too_much_is_a_reason(make: Callable[[], bytes], limits: Limits, said: str) -> None:
    with pytest.raises(UnreadableError, match=said):
        read_isolated(received.READERS["PDF"], make(), limits)


def test_a_pdf_that_takes_too_much_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(received, "read_isolated", lambda reader, data, _: read_isolated(reader, data, Limits(1, 60)))
    (tmp_path / "a.pdf").write_bytes(nested(30))
    with pytest.raises(SourceError) as caught:
        add_file(tmp_path / "a.pdf", Settings(tmp_path, tmp_path / "published"), About(today="2026-11-22"))
    assert [finding.code for finding in caught.value.findings] == ["document-too-large"]
    assert not (tmp_path / "raw").exists()
