"""How deeply a text of JSON nests, counted before a parser sees it.

Parsers recurse, and in native code nothing reliable stops them: a text of brackets can end the process. So whatever
comes from others is counted first, and refused beyond ``DEEPEST``.
"""

from __future__ import annotations

import re

DEEPEST = 100
"""How many objects and arrays, or lists and mappings of YAML, may stand in one another."""

_PIECE = 1 << 20
_ESCAPE = re.compile(rb"\\.", re.DOTALL)


def nests_too_deeply(text: bytes | str, deepest: int = DEEPEST) -> bool:
    """Return whether JSON (UTF-8 where it is bytes) has more than ``deepest`` objects and arrays in one another.

    Brackets within texts do not count. Of what is no JSON the answer holds up to where a parser would stop.

    >>> nests_too_deeply("[" * 101), nests_too_deeply('["' + "[" * 101 + '"]')
    (True, False)
    """
    data = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    if data.count(b"[") + data.count(b"{") <= deepest:
        return False
    import numpy as np  # slow to import, and few texts need it

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
