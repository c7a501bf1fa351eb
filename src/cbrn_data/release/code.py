"""Digests of the code that makes a release and of the code that makes pages; every release records both.

Only the first decides whether a rebuild must give the same bytes. It covers every module that ``RELEASE`` imports, directly
or not, also inside functions. Another file counts if a module of these in the same package names it or its folder. So a
style sheet, the command line and the checks of ``verify`` do not count.

The digest is the sha256 of lines as ``sha256sum`` prints them, sorted, for these files by their name in the package, and of
a line ``<library>==<version>`` for each library that these modules import. Releases before 2.1.0 record a digest of all
files of the package with one of ``EARLIER``'s endings, without libraries.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from cbrn_data import __version__
from cbrn_data.kept import kept

NAME = "cbrn_data"
RELEASE = ("release.rebuild",)
PAGES = ("catalogue.derive", "portal")
EXPORTS = ("exports",)
"""The modules of this package with which the search for imports begins."""

DISTRIBUTIONS = {
    "dateutil": "python-dateutil",
    "pdfminer": "pdfminer.six",
    "spellchecker": "pyspellchecker",
    "vl_convert": "vl-convert-python",
    "yaml": "pyyaml",
}
"""The names of libraries, where they are not the names of the imported modules."""

FOLDER = Path(__file__).parent.parent
ADDED = frozenset({"definitions", "run.lock"})
"""Files of a wheel that a checkout does not have (see pyproject.toml); they do not count."""
EARLIER = (
    (".py", ".yaml", ".csv", ".json", ".txt", ".j2"),
    (".py", ".yaml", ".csv", ".json", ".md", ".txt", ".j2", ".css", ".js", ".svg"),
)
"""The endings of the files that counted before 2.1.0, oldest rule first."""


@cache
def code_version() -> dict[str, Any]:
    """Return the code that shapes a release: its version, its digest, and the versions of its libraries."""
    return {"name": NAME, "version": __version__, **_version(RELEASE)}


@cache
def pages_version() -> dict[str, Any]:
    """Return the code that shapes pages and catalogue: its digest, and the versions of its libraries."""
    return _version(PAGES)


@cache
def exports_version() -> dict[str, Any]:
    """Return the code that shapes exports. It is a part of the code of the pages: a changed page keeps the exports."""
    return _version(EXPORTS)


def recorded_code() -> dict[str, Any]:
    """Return what a new release records: the code, its commit, and the code of the pages."""
    return {**code_version(), "commit": commit(), "pages": pages_version()}


def is_of_this_code(info: Mapping[str, Any]) -> bool:
    """Return whether this code made the release with this ``release.json``, so a rebuild must give the same bytes."""
    code = info.get("code")
    return isinstance(code, Mapping) and code.get("digest") == code_version()["digest"]


@cache
def commit() -> str | None:
    """Return the last git commit that changed this package; None if it has none, or if a file differs from it."""
    git = ("git", "-C", str(FOLDER))

    def said(*arguments: str) -> str:
        done = subprocess.run([*git, *arguments], capture_output=True, text=True, check=True)  # noqa: S603
        return done.stdout.strip()

    try:
        return None if said("status", "--porcelain", "--", ".") else said("log", "-1", "--format=%H", "--", ".") or None
    except (OSError, subprocess.CalledProcessError):
        return None


def _version(roots: Iterable[str]) -> dict[str, Any]:
    files, libraries = _known_shape(roots)
    versions = {name: installed(name) for name in sorted(libraries)}
    return {"digest": _digest(files, versions), "libraries": versions}


def digests_of(folder: Path, libraries: Mapping[str, str]) -> Iterator[str]:
    """Yield the digest that a release would record of the package in ``folder``, by each rule that was ever in force.

    ``libraries`` are the versions that it records.
    """
    others = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    for endings in EARLIER:
        yield _digest({name: path for name, path in others.items() if name.endswith(endings)})
    files, names = shaped_by(RELEASE, folder)
    yield _digest(files, {name: libraries.get(name, "") for name in sorted(names)})


def _digest(files: Mapping[str, Path], versions: Mapping[str, str] | None = None) -> str:
    lines = [f"{sha256(path.read_bytes()).hexdigest()}  {name}\n" for name, path in sorted(files.items())]
    lines += [f"{name}=={version}\n" for name, version in (versions or {}).items()]
    return sha256("".join(lines).encode()).hexdigest()


def _known_shape(roots: Iterable[str]) -> tuple[dict[str, Path], list[str]]:
    """Return the cached result of ``shaped_by``, because parsing all modules takes long; a changed file makes it anew."""

    def found() -> str:
        files, libraries = shaped_by(roots)
        return json.dumps([sorted(files), sorted(libraries)])

    there = {path.relative_to(FOLDER).as_posix(): path for each in _files(FOLDER) for path in each.values()}
    made_of = {name: sha256(path.read_bytes()).hexdigest() for name, path in sorted(there.items())}
    names, libraries = json.loads(kept(json.dumps([sys.version, list(roots), made_of]), found))
    return {name: there[name] for name in names}, libraries


def shaped_by(roots: Iterable[str], folder: Path | None = None) -> tuple[dict[str, Path], set[str]]:
    """Return the files (by name in the package) and the libraries that the modules ``roots`` need, directly or not.

    The package is the running one, or that in ``folder``.
    """
    folder = folder or FOLDER
    modules, others = _files(folder)
    files: dict[str, Path] = {}
    texts: dict[Path, str] = {}
    libraries: set[str] = set()
    todo, seen = [f"{NAME}.{root}" for root in roots], set[str]()
    while todo:
        name = todo.pop()
        if name in seen or name not in modules:
            continue
        seen.add(name)
        path = modules[name]
        files[path.relative_to(folder).as_posix()] = path
        imported, text = _read(path)
        texts[path.parent] = texts.get(path.parent, "") + text
        todo.append(name.rpartition(".")[0])
        for other in imported if name != NAME else ():  # the package itself imports only what an analyst asks for
            top = other.partition(".")[0]
            if top == NAME:
                todo += [other, other.rpartition(".")[0]]
            elif top not in sys.stdlib_module_names:
                libraries.add(DISTRIBUTIONS.get(top, top))
    for name, path in others.items():
        package, parts = _package(path)
        if any(part in texts.get(package, "") for part in parts):
            files[name] = path
    return files, libraries


@cache
def _files(folder: Path) -> tuple[dict[str, Path], dict[str, Path]]:
    """Return the modules by their dotted name, and the other files by their name in the package."""
    modules, others = {}, {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder)
        parts = (NAME, *name.with_suffix("").parts)
        if path.suffix == ".py":
            modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
        elif path.is_file() and "__pycache__" not in parts and name.parts[0] not in ADDED:
            others[name.as_posix()] = path
    return modules, others


def _package(path: Path) -> tuple[Path, list[str]]:
    """Return the package of a file that is not a module, and the names of the file and of the folders in between."""
    parts = [path.name]
    while not (path.parent / "__init__.py").exists():
        path = path.parent
        parts.append(path.name)
    return path.parent, parts


@cache
def _read(path: Path) -> tuple[frozenset[str], str]:
    """Return the modules that a module imports, or names as ``module:function``, and its texts."""
    imported, texts = set[str](), list[str]()
    for node in _nodes(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.append(node.value)
            if node.value.startswith(f"{NAME}."):
                imported.add(node.value.partition(":")[0])
    return frozenset(imported), "\n".join(texts)


_BARE = (ast.Name, ast.expr_context, ast.operator, ast.alias)
"""Nodes without imports and texts, which are most of a tree."""


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield all nodes of a tree, except imports for type checkers only."""
    todo: list[object] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, list):
            todo += node
        elif isinstance(node, ast.AST) and not isinstance(node, _BARE):
            yield node
            if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
                todo += node.orelse
            else:
                todo += [getattr(node, name, None) for name in node._fields]
