"""The command line: thin commands over the library.

``main`` imports inside its ``try``, so that Ctrl-C at any time ends a command with one line.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def main() -> None:
    """Run ``cbrn-data``. Exit codes: 0 success, 1 errors in the data, 2 wrong usage or environment, 130 interrupted."""
    try:
        from cbrn_data.cli.running import run

        run()
    except KeyboardInterrupt:
        end_interrupted()


def end_interrupted() -> "NoReturn":
    """Report the interruption, and exit as shells expect; a further Ctrl-C is ignored."""
    import signal
    import sys

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print("interrupted", file=sys.stderr)
    sys.exit(130)
