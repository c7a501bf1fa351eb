"""``cbrn-data key``: the key that signs releases, and the root of the store's metadata, which names the keys that sign."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cbrn_data import foreign, pipeline
from cbrn_data.cli.show import console, show_json, show_lines
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


def key_action(
    action: str, root: Path, published: Path | None = None, given: Ceremony = Ceremony(), as_json: bool = False
) -> None:
    """Show the key, make the local one, rotate it, or draft, sign or install a new root of the metadata.

    ``as_json`` prints what was done as ``said``, and the key if it is shown.
    """
    settings = read_settings(root, published)
    if action in ("draft", "sign", "install"):
        if given.draft is None:
            raise CbrnDataError(f"key {action} needs a file: the draft of the next root")
        said = {"draft": _draft, "sign": _sign, "install": _install}[action](settings, given, given.draft)
        return show_json({"action": action, "said": said}) if as_json else _print(said)
    if given != Ceremony():
        raise CbrnDataError(f"key {action} takes no file and no option except --root and --published")
    trusted = [fingerprint(key) for key in trusted_keys(settings.trusted_keys)]
    if action in ("make", "rotate") and settings.signing_key:
        raise CbrnDataError(
            f"{settings.signing_key} signs ({settings.origin('keys.signing')}), not a local key; replace this file"
        )
    said = []
    if action == "make":
        make_local_key(settings.state)
    elif action == "rotate":
        said = _rotate(settings)
    elif action != "show":
        raise CbrnDataError(f"{action[:40]!r} is not an action; use show, make, rotate, draft, sign or install")
    key = pipeline.own_key(settings)
    place = str(settings.signing_key) if settings.signing_key else f"{settings.state / LOCAL_KEY} (local key)"
    public, is_pinned, of_root = public_pem(key.private.public_key()).decode(), key.fingerprint in trusted, _root(settings)
    if as_json:
        shown = {"key": place, "fingerprint": key.fingerprint, "pinned": is_pinned, "public_key": public, "root": of_root}
        return show_json({"action": action, "said": said, **shown})
    _print(said)
    show_lines([("Key", place), ("Fingerprint", key.fingerprint), ("Pinned", _pinned(settings, is_pinned))])
    if of_root:
        show_lines(
            [
                ("Root", f"version {of_root['version']} of the metadata of {settings.published}, until {of_root['until']}"),
                ("Root keys", _of(of_root["root"])),
                ("Online keys", _of(of_root["online"])),
            ]
        )
    console().print(public.rstrip())


def _print(said: list[str]) -> None:
    for sentence in said:
        console().print(sentence)


def _pinned(settings: Settings, is_trusted: bool) -> str:
    if settings.trusted_keys is None:
        return "no; neither keys.trusted nor CBRN_DATA_TRUSTED_KEYS is set"
    return "yes" if is_trusted else f"no; it is not in {settings.trusted_keys}"


def _rotate(settings: Settings) -> list[str]:
    """Replace the local key; if the old one is the root key of the store, both sign a root that names the new one.

    An interrupted rotation is continued, not begun again. Returns what was done, as the other actions do.
    """
    said = []
    if not pipeline.rotated_root(settings, settings.published):
        old_path, _ = rotate_local_key(settings.state)
        said.append(f"The old key is now {old_path}. Give the new public key to your auditors; they need both.")
    if not disk.mode(settings.published / METADATA):
        return said
    if not pipeline.rotated_root(settings, settings.published):
        return [*said, "The root still names other keys, and the next one needs their signatures: see docs/key.md."]
    with pipeline.open_store(settings).writing():
        pass
    return [*said, "The next root of the metadata is in force; auditors who know the root before accept it."]


def _draft(settings: Settings, given: Ceremony, file: Path) -> list[str]:
    from cbrn_data.trust import rotate

    newest = rotate.roots_of(settings.published)[-1]
    keys = [_public_keys(path) for path in (given.root_keys, given.online_keys)]
    rotate.write_draft(file, draft := rotate.next_root(newest, release_date(), keys[0], given.threshold, keys[1]))
    return [
        f"{file}: the draft of root {draft.signed.version}; it has {rotate.lacking(draft, newest)}.",
        f"Sign it where the keys are: cbrn-data key sign {file} --key KEY. Then: cbrn-data key install {file}",
    ]


def _sign(settings: Settings, given: Ceremony, file: Path) -> list[str]:
    from cbrn_data.trust import rotate

    draft = rotate.read_draft(file)
    private = read_private_key(given.key, str(given.key)) if given.key else pipeline.own_key(settings).private
    rotate.add_signature(draft, private)
    rotate.write_draft(file, draft)
    return [f"{file}: signed with {fingerprint(private.public_key())}; it has {len(draft.signatures)} signatures."]


def _install(settings: Settings, given: Ceremony, file: Path) -> list[str]:
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
    return [f"Root {draft.signed.version} of the metadata is in force; auditors who know the root before accept it."]


def _public_keys(path: Path | None) -> list[Ed25519PublicKey]:
    if path is None:
        return []
    with disk.explained(path):
        return read_public_keys(foreign.read(foreign.led_to(path), KEYS_LIMIT), str(path))


def _root(settings: Settings) -> dict[str, Any] | None:
    """Return the newest root of the store: its keys, and how many of them must sign; None if there are no metadata."""
    from cbrn_data.trust.roles import read_metadata
    from cbrn_data.trust.rotate import names_keys, roots_of

    if not disk.mode(settings.published / METADATA):
        return None
    from tuf.api.metadata import Root

    root = read_metadata(roots_of(settings.published)[-1], Root, "root").signed

    def named(role: str) -> dict[str, Any]:
        keys = [Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)) for key in names_keys(root, role)]
        return {"threshold": root.roles[role].threshold, "keys": [fingerprint(key) for key in keys]}

    until = f"{root.expires:%Y-%m-%d}"
    return {"version": root.version, "until": until, "root": named("root"), "online": named("timestamp")}


def _of(role: dict[str, Any]) -> str:
    return f"{role['threshold']} of {', '.join(role['keys'])}"
