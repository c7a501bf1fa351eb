"""The nesting depth of a JSON text, counted before it is parsed.

Parsers recurse, and nothing reliably stops them in native code: a text of brackets can crash the process. So the depth of
untrusted texts is counted first, and refused above ``DEEPEST``.
"""

from __future__ import annotations

import re

DEEPEST = 100
"""The most objects and arrays, or lists and mappings of YAML, inside one another."""

_PIECE = 1 << 20
_ESCAPE = re.compile(rb"\\.", re.DOTALL)


def nests_too_deeply(text: bytes | str, deepest: int = DEEPEST) -> bool:
    """Return whether JSON (UTF-8 if bytes) has more than ``deepest`` objects and arrays inside one another.

    Brackets within strings do not count. For malformed JSON, the answer is right up to the point where a parser stops.

    >>> nests_too_deeply("[" * 101), nests_too_deeply('["' + "[" * 101 + '"]')
    (True, False)
    """
    data = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    if data.count(b"[") + data.count(b"{") <= deepest:
        return False
    import numpy as np  # slow to import, and rarely needed

    step = np.zeros(256, dtype=np.int64)
    step[list(b"[{")], step[list(b"]}")] = 1, -1
    depth, within = 0, False
    plain = _ESCAPE.sub(b"..", data) if b"\\" in data else data
    for start in range(0, len(plain), _PIECE):
        piece = np.frombuffer(plain, np.uint8, min(_PIECE, len(plain) - start), start)
        marks = np.cumsum(piece == ord('"')) + within
        depths = depth + np.cumsum(np.where(marks % 2, 0, step[piece]))
        if depths.max() > deepest:
            return True
        depth, within = int(depths[-1]), bool(marks[-1] % 2)
    return False
