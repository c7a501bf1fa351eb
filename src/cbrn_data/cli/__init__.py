"""The command line: thin commands over the library.

Nothing is imported here before Ctrl-C is expected: it may come at any time, and ends each command with one line.
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
    """Say that a person has interrupted the command, and exit as shells expect; a further Ctrl-C says nothing."""
    import signal
    import sys

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print("interrupted", file=sys.stderr)
    sys.exit(130)
