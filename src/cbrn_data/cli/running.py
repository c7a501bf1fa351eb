"""Run a command, and end it with a message and an exit code. No heavy module is imported before a command runs."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import NoReturn

from cbrn_data.cli import end_interrupted
from cbrn_data.errors import CbrnDataError
from cbrn_data.garbage import collect_rarely
from cbrn_data.hidden import signers_without_boto3
from cbrn_data.refusals import at, refusal


def encode_output() -> None:
    """Print any text without errors: pipes and files get UTF-8, and terminals get escapes for unsupported characters.

    An unsupported character must not end a finished run with an error.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


OUTPUT = "standard output"
Translate = Callable[[BaseException], CbrnDataError | None]


@contextmanager
def boundary(translate: Translate = refusal) -> Iterator[None]:
    """Turn errors into a message and an exit code: 1 for findings, 2 for wrong usage or environment.

    ``translate`` translates errors of the machine or a server; other errors are internal errors, which are raised again.
    A closed pipe ends without a message.
    """
    output = sys.stdout
    try:
        yield
        _flush()
    except SystemExit as end:
        if end.code == 130:  # how Typer reports an interruption
            end_interrupted()
        # Click exits with 1 if its pipe is closed, but 1 means findings here; Click has then replaced the stream.
        if sys.stdout is not output:
            sys.exit(2)
        try:
            _flush()
        except OSError as error:
            sys.exit(_show(error, translate))
        raise
    except KeyboardInterrupt:
        end_interrupted()
    except Exception as error:
        code = _show(error, translate)
        if code is None:
            raise
        sys.exit(code)


def _flush() -> None:
    """Flush the output here, because an error at the end of the interpreter would not be reported."""
    with at(OUTPUT):
        sys.stdout.flush()


def _show(error: BaseException, translate: Translate) -> int | None:
    """Print an error and return the exit code; None for an internal error."""
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
    """Discard the remaining output, so that the interpreter can end without an error."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def explain_missing(error: ModuleNotFoundError, arguments: list[str]) -> NoReturn:
    """Print the extra that a command needs, and exit 2; for the help, print the extra of each command."""
    from cbrn_data import __version__
    from cbrn_data.cli.extras import missing_extra, overview

    if arguments == ["--version"]:
        print(f"cbrn-data {__version__}")
        sys.exit(0)
    if arguments == ["doctor"]:
        from cbrn_data.cli.doctor import examine

        sys.exit(examine(Path(), None, as_json=False))
    if not arguments or arguments == ["--help"]:
        print(overview())
        sys.exit(0)
    print(f"error: {missing_extra(error, arguments)}", file=sys.stderr)
    sys.exit(2)


def _runs_plainly(arguments: list[str]) -> bool:
    """Publish or verify if these arguments ask for nothing else; return whether they do.

    Only ``--root``, ``--published``, ``--json`` and the place to verify are parsed here, because importing Typer takes
    longer than a run without changes, and as long as verifying a small release.
    """
    given, what, rest = dict[str, str](), list[str](), iter(arguments[1:])
    for name in rest:
        if not name.startswith("-"):
            what.append(name)
            continue
        given[name] = "" if name == "--json" else next(rest, "-")
        if name not in ("--root", "--published", "--json") or given[name].startswith("-"):
            return False
    command = arguments[:1]
    if command not in (["publish"], ["verify"]) or len(what) > (command == ["verify"]):
        return False
    from cbrn_data.cli.progress import shown_progress

    root, published = Path(given.get("--root", "")), Path(given["--published"]) if "--published" in given else None
    with nullcontext() if "--json" in given else shown_progress():
        if command == ["publish"]:
            from cbrn_data.cli.publish import publish_now

            publish_now(root, published, "patch", "--json" in given)
        else:
            signers_without_boto3()
            from cbrn_data.cli.verify import verify_now

            verify_now(what[0] if what else None, root, published, None, None, "--json" in given)
    return True


def run() -> None:
    """Run ``cbrn-data`` with the arguments of this process, and exit."""
    collect_rarely()
    encode_output()
    try:
        with boundary():
            if _runs_plainly(sys.argv[1:]):
                return
            from cbrn_data.cli.app import app

            app(prog_name="cbrn-data")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "cbrn_data":
            raise
        explain_missing(error, sys.argv[1:])
