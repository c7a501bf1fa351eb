"""How a page of ``docs/`` is run: its commands in one shell, its Python, R and SQL each by their own program.

A block that is indented or fenced as ``sh`` holds commands. One of ``text`` right below another is what that one prints,
where ``…`` stands for anything. A command that is meant to fail says so: ``# exit code 1``. Every other kind is to be read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

RUN = ("sh", "python", "python ckan", "r", "sql")
_BLOCK = re.compile(r"(?ms)^```([\w ]*)\n(.*?)^```$|((?:^    [^\n]*\n|^\n(?=    ))+)")
_FAILS = re.compile(r"^(.*?)\s*# exit code (\d)\b.*$")


@dataclass
class Block:
    """Code in the language ``kind``, and what it prints, None where the page does not say."""

    kind: str
    code: str
    prints: str | None = None


def blocks(page: Path) -> list[Block]:
    """Return what is run of a page, in order."""
    found: list[Block] = []
    end = 0
    text = page.read_text(encoding="utf-8")
    for match in _BLOCK.finditer(text):
        kind, fenced, indented = match.groups()
        if indented and indented.strip():
            found.append(Block("sh", re.sub("(?m)^    ", "", indented).strip("\n") + "\n"))
        elif kind == "text" and found and not text[end : match.start()].strip():
            found[-1].prints = fenced
        elif kind in RUN:
            found.append(Block(kind, fenced))
        else:
            continue
        end = match.end()
    return found


def script(shell: list[Block]) -> str:
    """Return one shell script of all blocks of commands, which marks in its output where each begins."""
    lines = ["set -eu"]
    for number, block in enumerate(shell):
        lines.append(f"echo '<<<{number}>>>'")
        for line in block.code.splitlines():
            fails = _FAILS.match(line)
            lines.append(f"code=0; {fails[1]} || code=$?; test $code = {fails[2]}" if fails else line)
    return "\n".join(lines) + "\n"


def outputs(printed: str) -> list[str]:
    """Return what each block of a script printed."""
    return re.split(r"(?m)^<<<\d+>>>\n", printed)[1:]


def is_like(printed: str, said: str) -> bool:
    """Tell whether something was printed as a page says; spaces at the ends of lines do not count."""
    printed, said = ("\n".join(line.rstrip() for line in text.strip("\n").splitlines()) for text in (printed, said))
    return re.fullmatch(".*".join(map(re.escape, said.split("…"))), printed, re.S) is not None
