"""Commands as processes of their own, forked from one that has imported everything already.

``python -m tests.warm command SOCKET MEMORY`` answers the program that ``command`` writes: ``cbrn-data``, which publishes
without pages. ``python -m tests.warm python SOCKET MEMORY`` answers Python itself, started with what ``stand_in`` writes,
for the commands of ``RUNS``. Both remember what was made before. What a call gets is its own: arguments, folder,
environment, and the files that it reads from and prints to. On Linux, a call that is killed takes its fork with it.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import gc
import importlib
import json
import os
import pkgutil
import random
import runpy
import signal
import socket
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

_ASK = """
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    call = json.dumps([sys.{arguments}, os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(server, [len(call).to_bytes(4, "big")], [0, 1, 2])
    server.sendall(call)
    os._exit((server.recv(1) or b"\\xff")[0])
"""
_LAZY = ("frictionless", "jinja2", "pandera.pandas", "pycountry", "rdflib", "vl_convert")
_PREFECT = (
    *("engine", "flow_engine", "runner._workspace_supervisor", "workers.process"),
    *("cli.deploy", "cli.deployment", "cli.flow_run", "cli.worker"),
)
RUNS = set(
    "cbrn-data deploy deployment flow-run flows.deploy prefect.engine prefect.runner._workspace_supervisor worker".split()
)
"""Words among the first arguments of Python that tell what is forked: runs of flows, the worker, commands that end."""


def command(program: Path, address: Path) -> None:
    """Write the program that has the server at ``address`` run ``cbrn-data``."""
    ask = _ASK.format(address=str(address), arguments="argv")
    program.write_text(f"#!{sys.executable} -IS{ask}", encoding="utf-8")
    program.chmod(0o755)


def stand_in(address: Path) -> str:
    """Return the end of a ``sitecustomize`` that has the server at ``address`` do the work of a Python that starts."""
    ask = _ASK.format(address=str(address), arguments="orig_argv[1:]")
    words = "{*map(os.path.basename, sys.orig_argv[1:5])}"
    is_asked = f"import os, sys\nif os.path.exists({str(address)!r}) and {RUNS} & {words}:\n"
    return is_asked + "".join(f"    {line}\n" for line in ask.strip().splitlines())


def without_pages(address: Path) -> Path:
    """Return the file that has runs publish without pages."""
    return address.with_name("without-pages")


def serve(address: Path) -> list[str]:
    """Answer calls until the process is ended; return in each fork, with its arguments."""
    gc.freeze()
    signal.signal(signal.SIGCHLD, _bury)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{address}-")
        listening.listen()
        Path(f"{address}-").rename(address)
        while True:
            call, _ = listening.accept()
            if not os.fork():
                break
            call.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    fork = os.fork()
    if not fork:
        return _begin(call)
    code = os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1])
    with contextlib.suppress(OSError):
        call.sendall(bytes([code & 0xFF]))
    os._exit(0)


def _bury(*_: object) -> None:
    """Take note of every fork that has ended, so that its time counts as ours."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _begin(call: socket.socket) -> list[str]:
    """Take what a call brings, and be killed when its caller is."""
    size, descriptors, _, _ = socket.recv_fds(call, 4, 3)
    text = b""
    while len(text) < int.from_bytes(size, "big"):
        text += call.recv(1 << 16)
    if sys.platform == "linux":
        fcntl.fcntl(call, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(call, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(call, fcntl.F_SETFL, fcntl.fcntl(call, fcntl.F_GETFL) | os.O_ASYNC)
    arguments, folder, environment = json.loads(text)
    for standard, descriptor in enumerate(descriptors):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode, closefd=False) for number, mode in enumerate("rww"))
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    random.seed()
    return list(arguments)


def end_with(program: Callable[[], object]) -> NoReturn:
    """Run a program and end this process as Python does."""
    code = 1
    try:
        try:
            program()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
        except BaseException:
            traceback.print_exc()
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
    finally:  # a fork that went on would do what its parent does
        os._exit(code)


def _import_everything() -> None:
    import cbrn_data

    for found in pkgutil.walk_packages(cbrn_data.__path__, "cbrn_data."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    for name in _LAZY:
        importlib.import_module(name)


def serve_command(address: Path, memory: Path) -> None:
    """Answer calls of ``cbrn-data``, with a memory of what was made before."""
    import pytest

    from cbrn_data import pipeline
    from cbrn_data.cli import main
    from tests.cli.conftest import run
    from tests.conftest import copy_sources
    from tests.remember import remember

    _import_everything()
    patch = pytest.MonkeyPatch()
    remember(patch, memory)
    patch.setattr(pipeline, "pages", lambda releases, base_url: {})
    with tempfile.TemporaryDirectory() as folder:  # what a process makes once, every call then has
        root = copy_sources(Path(folder) / "root")
        assert run("publish", "--root", root).code == run("verify", root / "published").code == 0
    sys.argv = serve(address)
    end_with(main)


def serve_python(address: Path, memory: Path) -> None:
    """Answer calls of Python that run Prefect; ``flows`` is imported by each, from where it is.

    As long as there is a file ``without_pages``, they publish without pages.
    """
    import pytest

    from cbrn_data import pipeline
    from tests.remember import remember

    del sys.path[0]
    _import_everything()
    patch = pytest.MonkeyPatch()
    remember(patch, memory)
    for name in _PREFECT:
        importlib.import_module(f"prefect.{name}")
    from prefect import context

    sys.argv = serve(address)
    if without_pages(address).exists():
        patch.setattr(pipeline, "pages", lambda releases, base_url: {})
    context.refresh_global_settings_context()
    if sys.argv[0] != "-m":
        sys.path.insert(0, str(Path(sys.argv[0]).parent))
        end_with(lambda: runpy.run_path(sys.argv[0], run_name="__main__"))
    sys.path.insert(0, os.getcwd())
    del sys.argv[0]
    sys.modules.pop(sys.argv[0], None)
    end_with(lambda: runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True))


if __name__ == "__main__":
    {"command": serve_command, "python": serve_python}[sys.argv[1]](*map(Path, sys.argv[2:]))
