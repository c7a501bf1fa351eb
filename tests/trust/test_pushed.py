"""A push copies the metadata: before what they vouch for, the timestamp last; and no place goes back or changes its root."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cbrn_data.errors import PushError, ReleaseError
from cbrn_data.push.push import push
from cbrn_data.trust.client import in_folder, trusted
from tests.trees import tree
from tests.trust.test_metadata import NEW, ONE, publish, put


@pytest.fixture
def published(tmp_path: Path) -> Path:
    publish(tmp_path / "published", ONE, b"first")
    return tmp_path / "published"


def test_the_timestamp_comes_last_and_a_renewed_one_alone(published: Path, tmp_path: Path) -> None:
    target, copy = f"file://{tmp_path}/copy", tmp_path / "copy"
    first = push(published, target).put
    assert first[-2:] == ["releases.json", "metadata/timestamp.json"]
    assert max(map(first.index, ("metadata/1.root.json", "metadata/1.targets.json"))) < first.index("feed.xml")
    assert not push(published, target).is_new
    put(published, ONE, days=20)
    assert push(published, target).put == ["metadata/timestamp.json"]
    publish(published, ONE, b"next")
    pushed = push(published, target)
    assert pushed.put[-1] == "metadata/timestamp.json"
    assert pushed.removed == ["metadata/1.snapshot.json", "metadata/1.targets.json", "pages/1.0.0.html"]
    assert files(copy) == files(published)
    assert trusted(in_folder(copy / "metadata"), tmp_path / "client").version == 2


def files(folder: Path) -> dict[str, bytes]:
    return {name: data for name, (_, data) in tree(folder).items()}


def test_a_place_does_not_go_back_and_keeps_its_root(published: Path, tmp_path: Path) -> None:
    target, old = f"file://{tmp_path}/copy", Path(shutil.copytree(published, tmp_path / "old"))
    put(published, ONE, days=20)
    push(published, target)
    with pytest.raises(PushError, match="is ahead; it has version 2, this store 1; update this store"):
        push(old, target)
    shutil.rmtree(old / "metadata")
    with pytest.raises(PushError, match="is ahead; it has version 2, this store 0"):
        push(old, target)
    for days in (0, 20, 40):
        put(old, NEW, days=days)
    with pytest.raises(PushError, match="the place has metadata of another root; choose another place"):
        push(old, target)


def test_metadata_that_do_not_vouch_for_the_store_are_not_pushed(published: Path, tmp_path: Path) -> None:
    old = Path(shutil.copytree(published / "metadata", tmp_path / "metadata"))
    publish(published, ONE, b"next")
    shutil.rmtree(published / "metadata")
    old.rename(published / "metadata")
    with pytest.raises(ReleaseError, match=r"does not vouch for releases\.json; publish again"):
        push(published, f"file://{tmp_path}/copy")
    (published / "metadata/1.targets.json").write_bytes(b"{}")
    with pytest.raises(ReleaseError, match="the metadata are not valid"):
        push(published, f"file://{tmp_path}/copy")
