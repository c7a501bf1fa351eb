"""The command line: thin commands over the library. Nothing heavy is imported before a command runs."""

from __future__ import annotations

import sys


def main() -> None:
    """Run ``cbrn-data``: exit 0 done, 1 blocking findings, 2 wrong use or environment."""
    from cbrn_data.cli.app import app
    from cbrn_data.errors import CbrnDataError

    try:
        app(prog_name="cbrn-data")
    except CbrnDataError as error:
        from cbrn_data.cli.show import show_error

        show_error(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
