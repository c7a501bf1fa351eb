"""The command line: thin commands over the library. Nothing heavy is imported before a command runs."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from cbrn_data.errors import CbrnDataError
from cbrn_data.refusals import at, refusal


def encode_output() -> None:
    """Let any text be printed anywhere: pipes and files get UTF-8, and a terminal an escape for what it cannot show.

    A character that the locale does not have must not end a run whose work is done.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


OUTPUT = "standard output"
Translate = Callable[[BaseException], CbrnDataError | None]


@contextmanager
def boundary(translate: Translate = refusal) -> Iterator[None]:
    """Let whatever a run inside raises end it in words, with 1 for findings and 2 for wrong use or environment.

    ``translate`` says in words what the machine or a server refuses; what it has no words for is a fault of the code, and
    is raised as it is. A reader that goes away needs no words.
    """
    output = sys.stdout
    try:
        yield
        _flush()
    except SystemExit:
        # When its reader goes away Click ends with 1, which means findings here; it has put another stream in place then.
        if sys.stdout is not output:
            sys.exit(2)
        try:
            _flush()
        except OSError as error:
            sys.exit(_told(error, translate))
        raise
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        code = _told(error, translate)
        if code is None:
            raise
        sys.exit(code)


def _flush() -> None:
    """Write what is still to be printed: an error that only the end of the interpreter met would be told by nobody."""
    with at(OUTPUT):
        sys.stdout.flush()


def _told(error: BaseException, translate: Translate) -> int | None:
    """Say an error in words and return how to end, None where there are no words for it."""
    if isinstance(error, BrokenPipeError):
        _give_up_output()
        return 2
    if isinstance(error, OSError) and error.filename == OUTPUT:
        _give_up_output()
    known = translate(error)
    if known is None:
        return None
    from cbrn_data.cli.show import show_error

    try:
        show_error(known)
    except OSError:
        return 2
    return known.exit_code


def _give_up_output() -> None:
    """Lead what is still to be printed to nowhere, so that the interpreter can end in peace."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def explain_missing(error: ModuleNotFoundError, arguments: list[str]) -> NoReturn:
    """Say which extra a command lacks, and exit 2; where even the help lacks one, show which command needs which."""
    from cbrn_data import __version__
    from cbrn_data.cli.extras import missing_extra, overview

    if arguments == ["--version"]:
        print(f"cbrn-data {__version__}")
        sys.exit(0)
    if not arguments or arguments == ["--help"]:
        print(overview())
        sys.exit(0)
    print(f"error: {missing_extra(error, arguments)}", file=sys.stderr)
    sys.exit(2)


def main() -> None:
    """Run ``cbrn-data``: exit 0 done, 1 blocking findings, 2 wrong use or environment."""
    encode_output()
    try:
        with boundary():
            from cbrn_data.cli.app import app

            app(prog_name="cbrn-data")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "cbrn_data":
            raise
        explain_missing(error, sys.argv[1:])
