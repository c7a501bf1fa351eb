"""Readers of untrusted documents, each in a separate process with limits of time and memory.

A PDF of 4 kB can need years of work, one of 2 MB needs 2 GB of memory, and a library in native code can crash; a process
cannot catch this in itself. So a reader is a function of this package, named as ``module:function``, that takes an open file
and returns JSON data, or yields it piece by piece. It runs in ``python -m cbrn_data.isolated``, with the document as
standard input and a line of JSON for each piece as output. Nothing is pickled.
"""

from __future__ import annotations

import io
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import IO, Any

from cbrn_data.garbage import collect_rarely
from cbrn_data.strict_json import parse

ENVIRONMENT = ("PATH", "PYTHONPATH", "TMPDIR")
"""The environment variables that a reader gets, without the paths of keys."""


@dataclass(frozen=True)
class Limits:
    """The limits of a reader: seconds of processor time and of the clock, bytes of address space and of its answer."""

    cpu: int = 10
    seconds: float = 14
    memory: int = 1 << 30
    output: int = 16 << 20


class UnreadableError(Exception):
    """The reason why a document cannot be read, as a phrase that follows its name: "contains no text"."""


class LimitError(UnreadableError):
    """A document needs more time or memory than a reader may use."""


def read_isolated(reader: str, data: bytes, limits: Limits = Limits()) -> Any:
    """Return the result of ``reader`` (``module:function``) for a document. Raises UnreadableError."""
    return next(pieces_isolated(reader, io.BytesIO(data), limits))


def pieces_isolated(
    reader: str, document: IO[bytes], limits: Limits, *options: str, variables: Sequence[str] = ENVIRONMENT
) -> Iterator[Any]:
    """Yield what ``reader`` yields for a document and ``options``, after it has ended. Raises UnreadableError.

    ``variables`` are those of the environment that it gets.
    """
    given = [str(number) for number in (limits.cpu, limits.memory, limits.output)]
    command = [sys.executable, "-P", "-m", __name__, reader, *given, *options]
    environment = {name: os.environ[name] for name in variables if name in os.environ} | {"PYTHONHASHSEED": "0"}
    with tempfile.TemporaryFile() as copy, tempfile.TemporaryFile() as answer:
        shutil.copyfileobj(document, copy)
        copy.seek(0)
        process = subprocess.Popen(  # noqa: S603 - our own program
            command, stdin=copy, stdout=answer, stderr=subprocess.DEVNULL, env=environment, start_new_session=True
        )
        try:
            ended = process.wait(limits.seconds)
        except subprocess.TimeoutExpired:
            raise LimitError(f"takes more than {limits.seconds:g} seconds to read") from None
        finally:
            process.kill()
            process.wait()
        if -ended in (signal.SIGXCPU, signal.SIGKILL):
            raise LimitError(f"takes more than {limits.cpu} seconds of processor time to read")
        if answer.seek(0, os.SEEK_END) >= limits.output:
            raise LimitError(f"holds more than {limits.output >> 10:,} KiB of content")
        answer.seek(0)
        while "end" not in (said := _said(answer.readline(limits.output), ended)):
            yield said["value"]


def _said(line: bytes, ended: int) -> dict[str, Any]:
    """Return a line of an answer: the next value, or the end."""
    try:
        said = parse(line)
        if "value" in said or "end" in said:
            return dict(said)
        if "limit" in said:
            raise LimitError(str(said["limit"]))
        reason = str(said["reason"])
    except (ValueError, KeyError, TypeError):
        reason = f"crashes its reader (exit code {ended})"
    raise UnreadableError(reason)


def _limit(cpu: int, memory: int, output: int) -> None:
    """Set the limits that the system supports."""
    for kind, most in (
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, output),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most + (kind == resource.RLIMIT_CPU)))


def main(reader: str, cpu: str, memory: str, output: str, *options: str) -> None:
    """Run a reader on standard input with limits, and print its result, or each that it yields, and the end."""
    collect_rarely()
    _limit(int(cpu), int(memory), int(output))
    module, _, name = reader.partition(":")
    read: Callable[..., Any] = getattr(import_module(module), name)
    try:
        result = read(sys.stdin.buffer, *options)
        for piece in result if isinstance(result, Iterator) else (result,):
            print(json.dumps({"value": piece}))
        said = json.dumps({"end": True})
    except MemoryError:
        said = json.dumps({"limit": f"takes more than {int(memory) >> 20:,} MiB of memory to read"})
    except UnreadableError as error:
        said = json.dumps({"reason": str(error)})
    except Exception as error:  # a damaged file can make a library raise any exception
        said = json.dumps({"reason": f"cannot be read: {str(error)[:200] or type(error).__name__}"})
    try:
        print(said, flush=True)
    except OSError:  # more than ``output``
        os._exit(1)


if __name__ == "__main__":
    # Import it by name, so that readers raise the class that is caught here.
    import_module("cbrn_data.isolated").main(*sys.argv[1:])
