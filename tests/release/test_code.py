"""The digests of the code: what shapes a release counts for it, what shapes pages counts for them, all else for neither."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from cbrn_data.kept import keeping
from cbrn_data.release import code
from cbrn_data.release.kept import normalised

NEITHER = {
    "py.typed",
    "scaffold/example/examples.csv",
    "scaffold/example/examples.yaml",
    "scaffold/example/package.yaml",
    "tabular/templates/validation.html.j2",
    "verify/report.html.j2",
}
"""Files that are not modules and shape neither releases nor pages."""


def test_every_file_that_is_not_a_module_counts_for_a_release_or_for_pages_or_is_known_to_shape_neither() -> None:
    release, pages = (code.shaped_by(roots)[0] for roots in (code.RELEASE, code.PAGES))
    others = {path.relative_to(code.FOLDER).as_posix() for path in code.FOLDER.rglob("*") if path.is_file()}
    others = {name for name in others if not name.endswith((".py", ".pyc"))}
    assert others - release.keys() - pages.keys() == NEITHER
    assert {"normalise/grammar.yaml", "tabular/profiles/datapackage-2.0.json"} <= release.keys()
    assert not {name for name in release if name.startswith(("portal/", "cli/", "verify/", "catalogue/", "push/", "trust/"))}
    assert {"portal/assets/site.css", "portal/templates/base.html.j2", "catalogue/dcat.py"} <= pages.keys()


def test_libraries_have_the_names_of_their_distributions() -> None:
    known = {normalised(name) for names in packages_distributions().values() for name in names}
    libraries = code.code_version()["libraries"].keys() | code.pages_version()["libraries"].keys()
    assert {normalised(name) for name in libraries} <= known
    assert {"pandas", "pandera", "frictionless", "pyarrow", "pyyaml"} <= code.code_version()["libraries"].keys()
    assert "vl-convert-python" not in code.code_version()["libraries"]


def test_what_a_rebuild_loads_counts(small: Path, tmp_path: Path) -> None:
    program = (
        "import sys; from cbrn_data.release.rebuild import main; main(*sys.argv[1:])\n"
        "print(*(module.__file__ for name, module in sys.modules.items() if name.partition('.')[0] == 'cbrn_data'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, small / "releases/1.0.0", tmp_path], capture_output=True, text=True, check=True
    )
    loaded = {Path(path).relative_to(code.FOLDER).as_posix() for path in done.stdout.split()}
    assert len(loaded) > 50
    assert loaded <= code.shaped_by(code.RELEASE)[0].keys()


def test_what_shapes_the_code_is_found_once_and_again_if_any_file_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, asked = tmp_path / "cbrn_data", list[object]()
    folder.mkdir()
    for name in ("a.py", "b.py"):
        (folder / name).touch()
    monkeypatch.setattr(code, "FOLDER", folder)

    def shaped_by(roots: object) -> tuple[dict[str, Path], set[str]]:
        asked.append(roots)
        return {"a.py": folder / "a.py"}, {"pandas"}

    monkeypatch.setattr(code, "shaped_by", shaped_by)
    code._files.cache_clear()
    try:
        with keeping(tmp_path / "kept", None):
            found = [code._known_shape(("a",)) for _ in range(2)]
            assert found[0] == found[1] == ({"a.py": folder / "a.py"}, ["pandas"]) and asked == [("a",)]
            code._known_shape(("b",))
            (folder / "b.py").write_text("import a")
            code._known_shape(("a",))
        assert asked == [("a",), ("b",), ("a",)]
    finally:
        code._files.cache_clear()


def test_only_what_shapes_a_release_changes_its_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(shutil.copytree(code.FOLDER, tmp_path / "cbrn_data", ignore=shutil.ignore_patterns("__pycache__")))
    monkeypatch.setattr(code, "FOLDER", folder)

    def digests(name: str | None = None) -> tuple[str, str, str]:
        code._files.cache_clear()
        before = (folder / name).read_bytes() if name else b""
        if name:
            (folder / name).write_bytes(before + b"\n")
        release, pages, exports = (code._version(roots)["digest"] for roots in (code.RELEASE, code.PAGES, code.EXPORTS))
        if name:
            (folder / name).write_bytes(before)
        return release, pages, exports

    try:
        release, pages, exports = digests()
        assert (release, pages) == (code.code_version()["digest"], code.pages_version()["digest"])
        for page in ("portal/assets/site.css", "portal/tables.py"):
            of_page = digests(page)
            assert (of_page[0], of_page[2]) == (release, exports) and of_page[1] != pages
        of_exports = digests("exports/workbook.py")
        assert of_exports[0] == release and of_exports[1] != pages and of_exports[2] != exports
        assert digests("verify/store.py") == (release, pages, exports)
        assert digests("release/notes.py")[0] != release
        assert digests("normalise/hyphens.txt")[0] != release
    finally:
        monkeypatch.undo()
        code._files.cache_clear()


def test_the_commit_is_that_of_the_package_or_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = code.commit.__wrapped__
    git = ("git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b.example")
    (tmp_path / "cbrn_data").mkdir()
    (tmp_path / "cbrn_data" / "a.py").write_text("")
    monkeypatch.setattr(code, "FOLDER", tmp_path / "cbrn_data")
    assert said() is None
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *command], check=True)
    (tmp_path / "other.md").write_text("")
    one = said()
    assert one and len(one) == 40
    (tmp_path / "cbrn_data" / "a.py").write_text("changed")
    assert said() is None
    (tmp_path / ".gitignore").write_text("venv\n")
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "a.py").write_text("")
    monkeypatch.setattr(code, "FOLDER", tmp_path / "venv")  # an environment in somebody's repository
    assert said() is None
