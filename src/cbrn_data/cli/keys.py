"""``cbrn-data key``: the key that signs releases, and the root of the store's metadata, which names the keys that sign."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cbrn_data import foreign, pipeline
from cbrn_data.cli.show import console, show_lines
from cbrn_data.errors import CbrnDataError
from cbrn_data.settings import Settings, read_settings, release_date
from cbrn_data.signing.keys import (
    KEYS_LIMIT,
    LOCAL_KEY,
    fingerprint,
    make_local_key,
    public_pem,
    read_private_key,
    read_public_keys,
    rotate_local_key,
    trusted_keys,
)
from cbrn_data.store import disk
from cbrn_data.store.history import METADATA


@dataclass(frozen=True)
class Ceremony:
    """The options of a new root: the file of the draft, the private key that signs it, and the keys that it names."""

    draft: Path | None = None
    key: Path | None = None
    root_keys: Path | None = None
    threshold: int | None = None
    online_keys: Path | None = None


def key_action(action: str, root: Path, published: Path | None = None, given: Ceremony = Ceremony()) -> None:
    """Show the key, make the local one, rotate it, or draft, sign or install a new root of the metadata."""
    settings = read_settings(root, published)
    if action in ("draft", "sign", "install"):
        if given.draft is None:
            raise CbrnDataError(f"key {action} needs a file: the draft of the next root")
        return {"draft": _draft, "sign": _sign, "install": _install}[action](settings, given, given.draft)
    if given != Ceremony():
        raise CbrnDataError(f"key {action} takes no file and no option except --root and --published")
    trusted = [fingerprint(key) for key in trusted_keys(settings.trusted_keys)]
    if action in ("make", "rotate") and settings.signing_key:
        raise CbrnDataError(
            f"{settings.signing_key} signs ({settings.origin('keys.signing')}), not a local key; replace this file"
        )

    if action == "make":
        make_local_key(settings.state)
    elif action == "rotate":
        _rotate(settings)
    elif action != "show":
        raise CbrnDataError(f"{action[:40]!r} is not an action; use show, make, rotate, draft, sign or install")
    key = pipeline.own_key(settings)
    place = str(settings.signing_key) if settings.signing_key else f"{settings.state / LOCAL_KEY} (local key)"
    show_lines([("Key", place), ("Fingerprint", key.fingerprint), ("Pinned", _pinned(settings, key.fingerprint in trusted))])
    _show_root(settings)
    console().print(public_pem(key.private.public_key()).decode().rstrip())


def _pinned(settings: Settings, is_trusted: bool) -> str:
    if settings.trusted_keys is None:
        return "no; neither keys.trusted nor CBRN_DATA_TRUSTED_KEYS is set"
    return "yes" if is_trusted else f"no; it is not in {settings.trusted_keys}"


def _rotate(settings: Settings) -> None:
    """Replace the local key; if the old one is the root key of the store, both sign a root that names the new one.

    A rotation that was cut short is finished, not begun again.
    """
    if not pipeline.rotated_root(settings, settings.published):
        old_path, _ = rotate_local_key(settings.state)
        console().print(f"The old key is now {old_path}. Give the new public key to your auditors; they need both.")
    if not disk.mode(settings.published / METADATA):
        return
    if not pipeline.rotated_root(settings, settings.published):
        console().print("The root still names other keys, and the next one needs their signatures: see docs/key.md.")
        return
    with pipeline.open_store(settings).writing():
        pass
    console().print("The next root of the metadata is in force; auditors who know the root before accept it.")


def _draft(settings: Settings, given: Ceremony, file: Path) -> None:
    from cbrn_data.trust import rotate

    newest = rotate.roots_of(settings.published)[-1]
    keys = [_public_keys(path) for path in (given.root_keys, given.online_keys)]
    rotate.write_draft(file, draft := rotate.next_root(newest, release_date(), keys[0], given.threshold, keys[1]))
    console().print(f"{file}: the draft of root {draft.signed.version}; it has {rotate.lacking(draft, newest)}.")
    console().print(f"Sign it where the keys are: cbrn-data key sign {file} --key KEY. Then: cbrn-data key install {file}")


def _sign(settings: Settings, given: Ceremony, file: Path) -> None:
    from cbrn_data.trust import rotate

    draft = rotate.read_draft(file)
    private = read_private_key(given.key, str(given.key)) if given.key else pipeline.own_key(settings).private
    rotate.add_signature(draft, private)
    rotate.write_draft(file, draft)
    console().print(f"{file}: signed with {fingerprint(private.public_key())}; it has {len(draft.signatures)} signatures.")


def _install(settings: Settings, given: Ceremony, file: Path) -> None:
    from cbrn_data.trust import rotate
    from cbrn_data.trust.roles import written

    newest, draft = rotate.roots_of(settings.published)[-1], rotate.read_draft(file)
    if needs := rotate.lacking(draft, newest):
        raise CbrnDataError(f"{file}: has only {needs}; sign it with more of the keys")
    if pipeline.own_key(settings).private.public_key().public_bytes_raw().hex() not in rotate.names_keys(
        draft.signed, "timestamp"
    ):
        raise CbrnDataError(f"{file}: does not name the key that signs here; draft it with --online-keys")
    earlier = [read_private_key(given.key, str(given.key))] if given.key else []
    with pipeline.open_store(settings, roots=[written(draft)], earlier=earlier).writing():
        pass
    console().print(f"Root {draft.signed.version} of the metadata is in force; auditors who know the root before accept it.")


def _public_keys(path: Path | None) -> list[Ed25519PublicKey]:
    if path is None:
        return []
    with disk.explained(path):
        return read_public_keys(foreign.read(foreign.led_to(path), KEYS_LIMIT), str(path))


def _show_root(settings: Settings) -> None:
    from cbrn_data.trust.roles import read_metadata
    from cbrn_data.trust.rotate import names_keys, roots_of

    if not disk.mode(settings.published / METADATA):
        return
    from tuf.api.metadata import Root

    root = read_metadata(roots_of(settings.published)[-1], Root, "root").signed

    def named(role: str) -> str:
        keys = [Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)) for key in names_keys(root, role)]
        return f"{root.roles[role].threshold} of {', '.join(fingerprint(key) for key in keys)}"

    show_lines(
        [
            ("Root", f"version {root.version} of the metadata of {settings.published}, until {root.expires:%Y-%m-%d}"),
            ("Root keys", named("root")),
            ("Online keys", named("timestamp")),
        ]
    )
