"""The command line as a process of its own for each call, forked from one that has imported everything already.

``python -m tests.warm SOCKET MEMORY`` serves; ``command`` writes the program that asks it. What a call gets is its own:
arguments, folder, environment, and the files that it reads from and prints to. It publishes without pages.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import sys
import tempfile
import traceback
from pathlib import Path

_CLIENT = """#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    call = json.dumps([sys.argv, os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(server, [len(call).to_bytes(4, "big")], [0, 1, 2])
    server.sendall(call)
    sys.exit((server.recv(1) or b"\\xff")[0])
"""
_LAZY = ("frictionless", "jinja2", "pandera.pandas", "pycountry", "rdflib", "vl_convert")


def command(program: Path, address: Path) -> None:
    """Write the program that has the server at ``address`` run ``cbrn-data``."""
    program.write_text(_CLIENT.format(python=sys.executable, address=str(address)), encoding="utf-8")
    program.chmod(0o755)


def _answer(call: socket.socket) -> None:
    """Run one call here, in a fork, and send its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, descriptors, _, _ = socket.recv_fds(call, 4, 3)
    text = b""
    while len(text) < int.from_bytes(size, "big"):
        text += call.recv(1 << 16)
    arguments, folder, environment = json.loads(text)
    for standard, descriptor in enumerate(descriptors):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode, closefd=False) for number, mode in enumerate("rww"))
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = arguments
    code = 0
    try:
        from cbrn_data.cli import main

        main()
    except SystemExit as end:
        code = int(end.code or 0)
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    call.sendall(bytes([code]))


def serve(address: Path, memory: Path) -> None:
    """Answer calls until the process is ended."""
    import pytest

    import cbrn_data
    from cbrn_data import pipeline
    from tests.cli.conftest import run
    from tests.conftest import copy_sources
    from tests.remember import remember

    for found in pkgutil.walk_packages(cbrn_data.__path__, "cbrn_data."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    for name in _LAZY:
        importlib.import_module(name)
    patch = pytest.MonkeyPatch()
    remember(patch, memory)
    patch.setattr(pipeline, "pages", lambda releases, base_url: {})
    with tempfile.TemporaryDirectory() as folder:  # what a process makes once, every call then has
        root = copy_sources(Path(folder) / "root")
        assert run("publish", "--root", root).code == run("verify", root / "published").code == 0
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(address))
        listening.listen()
        while True:
            call, _ = listening.accept()
            if not os.fork():
                listening.close()
                code = 1
                try:
                    _answer(call)
                    code = 0
                except BaseException:
                    traceback.print_exc()
                finally:
                    os._exit(code)
            call.close()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), Path(sys.argv[2]))
