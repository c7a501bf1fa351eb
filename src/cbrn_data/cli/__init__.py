"""The command line: thin commands over the library. Nothing heavy is imported before a command runs."""

from __future__ import annotations

import io
import sys
from typing import NoReturn


def encode_output() -> None:
    """Let any text be printed anywhere: pipes and files get UTF-8, and a terminal an escape for what it cannot show.

    A character that the locale does not have must not end a run whose work is done.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


def main() -> None:
    """Run ``cbrn-data``: exit 0 done, 1 blocking findings, 2 wrong use or environment."""
    encode_output()
    try:
        run()
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "cbrn_data":
            raise
        explain_missing(error, sys.argv[1:])


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


def run() -> None:
    """Run the command that the arguments name."""
    from cbrn_data.cli.app import app
    from cbrn_data.errors import CbrnDataError

    output = sys.stdout
    try:
        app(prog_name="cbrn-data")
    except SystemExit:
        # When its reader goes away Click ends with 1, which means findings here; it has put another stream in place then.
        if sys.stdout is not output:
            sys.exit(2)
        raise
    except CbrnDataError as error:
        from cbrn_data.cli.show import show_error

        show_error(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
