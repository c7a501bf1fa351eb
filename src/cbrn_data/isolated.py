"""Readers of foreign documents, each run in a process of its own with limits of time and memory.

A PDF of 4 kB can ask for years of work, one of 2 MB for 2 GB of memory, and a library in native code can be brought down;
none of that can be caught within a process. So a reader is a function of this package, named as ``module:function``, that
takes an open file and returns what JSON can hold. It runs in ``python -m cbrn_data.isolated``: the document is its standard
input, one line of JSON its output, and it knows nothing else of whoever started it. Nothing is pickled.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import IO, Any

from cbrn_data.strict_json import parse

ENVIRONMENT = ("PATH", "PYTHONPATH", "TMPDIR")
"""What a reader gets of the environment; not where keys lie."""


@dataclass(frozen=True)
class Limits:
    """What a reader may take: seconds of processor time and of the clock, bytes of address space and of its answer."""

    cpu: int = 10
    seconds: float = 14
    memory: int = 1 << 30
    output: int = 16 << 20


class UnreadableError(Exception):
    """Why a document cannot be read, in words that go on from its name: "holds no text"."""


class LimitError(UnreadableError):
    """A document takes more time or memory than a reader gets."""


def read_isolated(reader: str, data: bytes, limits: Limits = Limits()) -> Any:
    """Return what ``reader`` (``module:function``) reads from a document. Raises UnreadableError."""
    given = [str(number) for number in (limits.cpu, limits.memory, limits.output)]
    command = [sys.executable, "-P", "-m", __name__, reader, *given]
    environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ} | {"PYTHONHASHSEED": "0"}
    with tempfile.TemporaryFile() as document, tempfile.TemporaryFile() as answer:
        document.write(data)
        document.seek(0)
        process = subprocess.Popen(  # noqa: S603 - our own program
            command, stdin=document, stdout=answer, stderr=subprocess.DEVNULL, env=environment, start_new_session=True
        )
        try:
            ended = process.wait(limits.seconds)
        except subprocess.TimeoutExpired:
            raise LimitError(f"takes more than {limits.seconds:g} seconds to read") from None
        finally:
            process.kill()
            process.wait()
        return _said(ended, answer, limits)


def _said(ended: int, answer: IO[bytes], limits: Limits) -> Any:
    if -ended in (signal.SIGXCPU, signal.SIGKILL):
        raise LimitError(f"takes more than {limits.cpu} seconds of processor time to read")
    answer.seek(0)
    try:
        said = parse(answer.read(limits.output))
        if "value" in said:
            return said["value"]
        if "limit" in said:
            raise LimitError(str(said["limit"]))
        reason = str(said["reason"])
    except (ValueError, KeyError, TypeError):
        reason = f"brings its reader to an end (exit code {ended})"
    raise UnreadableError(reason)


def _limit(cpu: int, memory: int, output: int) -> None:
    """Set the limits; a system that does not know one goes without it."""
    for kind, most in (
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, output),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most + (kind == resource.RLIMIT_CPU)))


def main(reader: str, cpu: str, memory: str, output: str) -> None:
    """Run a reader on standard input under limits, and print what it returns."""
    _limit(int(cpu), int(memory), int(output))
    module, _, name = reader.partition(":")
    read: Callable[[IO[bytes]], Any] = getattr(import_module(module), name)
    try:
        said = json.dumps({"value": read(sys.stdin.buffer)})
    except MemoryError:
        said = json.dumps({"limit": f"takes more than {int(memory) >> 20:,} MiB of memory to read"})
    except UnreadableError as error:
        said = json.dumps({"reason": str(error)})
    except Exception as error:  # a broken file makes a library raise whatever its code happens to trip over
        said = json.dumps({"reason": f"cannot be read: {str(error)[:200] or type(error).__name__}"})
    try:
        print(said, flush=True)
    except OSError:  # more than ``output``
        os._exit(1)


if __name__ == "__main__":
    # Under its own name, so that what readers raise is the class that is caught here.
    import_module("cbrn_data.isolated").main(*sys.argv[1:])
