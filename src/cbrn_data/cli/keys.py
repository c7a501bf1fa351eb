"""``cbrn-data key``: the key that signs here."""

from __future__ import annotations

from cbrn_data.cli.show import console, show_lines
from cbrn_data.errors import CbrnDataError
from cbrn_data.pipeline import own_key
from cbrn_data.settings import Settings, settings
from cbrn_data.signing.keys import LOCAL_KEY, fingerprint, make_local_key, public_pem, rotate_local_key, trusted_keys


def key_action(action: str) -> None:
    """Show the key, make the local one, or rotate it."""
    where = settings()
    trusted = [fingerprint(key) for key in trusted_keys(where.trusted_keys)]
    if action in ("make", "rotate") and where.signing_key:
        raise CbrnDataError(f"CBRN_DATA_SIGNING_KEY says that {where.signing_key} signs here; exchange that file")

    if action == "make":
        make_local_key(where.state)
    elif action == "rotate":
        old, _ = rotate_local_key(where.state)
        console().print(f"The old key was set aside as {old}; hand the new public key to your auditors beside the old one.")
    elif action != "show":
        raise CbrnDataError(f"there is no action {action[:40]!r}: show, make or rotate")
    key = own_key(where)
    place = str(where.signing_key) if where.signing_key else f"{where.state / LOCAL_KEY} (local key)"
    show_lines([("Key", place), ("Fingerprint", key.fingerprint), ("Pinned", _pinned(where, key.fingerprint in trusted))])
    console().print(public_pem(key.private.public_key()).decode().rstrip())


def _pinned(where: Settings, is_trusted: bool) -> str:
    if where.trusted_keys is None:
        return "no; CBRN_DATA_TRUSTED_KEYS names no file of public keys"
    return "yes" if is_trusted else f"no; it is not in {where.trusted_keys}"
