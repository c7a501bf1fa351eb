"""``cbrn-data settings``: each setting, its value, where it is from, and what it is for. Secrets are never printed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from cbrn_data.cli.show import console, show_json, show_table
from cbrn_data.release.guard import read_guard, setting_of
from cbrn_data.schema.model import Metadata
from cbrn_data.settings import FILE, GUARD, KNOWN, Settings, line_of, read_settings
from cbrn_data.shape import read_shape
from cbrn_data.signing.keys import LOCAL_KEY

_DEFAULTS = {
    "keys.signing": f"{LOCAL_KEY} in state",
    "keys.trusted": "none: any key",
    "keys.approvers": "none",
    "push.target": "none",
    "cluster.scheduler": "none: this machine",
}


@dataclass(frozen=True)
class Row:
    """One setting. ``variable`` overrides it, if there is one; ``origin`` says where the value is from."""

    key: str
    value: str
    origin: str
    variable: str | None
    purpose: str


def show_settings(root: Path, as_json: bool) -> None:
    """Print every setting."""
    settings = read_settings(root)
    rows = list(setting_rows(settings))
    if as_json:
        show_json([asdict(row) for row in rows])
        return
    show_table(("setting", "value", "from", "purpose"), [(row.key, row.value, row.origin, row.purpose) for row in rows])
    if not (root / FILE).is_file():
        console().print(f"{root / FILE} does not exist; these are the defaults and the environment.")


def setting_rows(settings: Settings) -> Iterator[Row]:
    """Yield every known setting, then the bounds of the release guard that the file has."""
    for setting in KNOWN:
        value, origin = settings.values[setting.key], settings.origin(setting.key)
        if setting.key == "base_url" and value is None:
            metadata = _metadata(settings)
            value, origin = metadata.base_url if metadata else None, "schemas/package.yaml"
        if setting.key == "alerts.variable":
            value = f"{value} ({'set' if settings.alert_address else 'not set'})"
        yield Row(
            setting.key,
            without_secret(value or _DEFAULTS.get(setting.key, "none")),
            origin,
            setting.variable,
            setting.purpose,
        )
    file, metadata = settings.root / FILE, _metadata(settings)
    guard = read_guard(settings, metadata.tables if metadata else list(settings.guard))
    for (table, code), bound in guard.given.items():
        key = ".".join(filter(None, (GUARD, table, setting_of(code))))
        yield Row(key, str(bound), f"{file}:{line_of(file, key)}", None, "a bound that a release must keep")


def _metadata(settings: Settings) -> Metadata | None:
    file = settings.schemas / "package.yaml"
    return read_shape(Metadata, file.read_text(encoding="utf-8"), {})[0] if file.is_file() else None


def without_secret(text: str) -> str:
    """Return an address without name, password and parameters, which may be secret.

    >>> without_secret("sftp://team:word@host/data?key=1")
    'sftp://…@host/data…'
    """
    if "://" not in text:
        return text
    return re.sub(r"[?#].*", "…", re.sub(r"//[^/]*@", "//…@", text))
