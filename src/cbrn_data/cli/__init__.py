"""The command line: thin commands over the library. Nothing heavy is imported before a command runs."""

from __future__ import annotations

import io
import sys


def encode_output() -> None:
    """Let any text be printed anywhere: pipes and files get UTF-8, and a terminal an escape for what it cannot show.

    A character that the locale does not have must not end a run whose work is done.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


def main() -> None:
    """Run ``cbrn-data``: exit 0 done, 1 blocking findings, 2 wrong use or environment."""
    from cbrn_data.cli.app import app
    from cbrn_data.errors import CbrnDataError

    encode_output()
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
