"""The one reader of settings from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from platformdirs import user_cache_dir, user_state_dir

from cbrn_data.errors import CbrnDataError


@dataclass(frozen=True)
class Settings:
    """Where things are and what is configured. ``root`` holds ``raw/`` and ``schemas/``, and ``published/`` unless said.

    ``state`` holds the local signing key; ``signing_key`` and ``trusted_keys`` are files that an operator configured.
    ``cache`` holds what was fetched, by digest, and can be thrown away. ``base_url`` is where ``published/`` will be served,
    None for what ``schemas/package.yaml`` says.
    """

    root: Path
    published: Path
    base_url: str | None = None
    state: Path = field(default_factory=lambda: _state())
    cache: Path = field(default_factory=lambda: _cache())
    signing_key: Path | None = field(default_factory=lambda: _path("CBRN_DATA_SIGNING_KEY"))
    trusted_keys: Path | None = field(default_factory=lambda: _path("CBRN_DATA_TRUSTED_KEYS"))

    @property
    def raw(self) -> Path:
        """The folder of sources."""
        return self.root / "raw"

    @property
    def schemas(self) -> Path:
        """The folder of table definitions."""
        return self.root / "schemas"

    def check_project(self, *rooms: str) -> None:
        """Refuse a root that has not the folders ``rooms``: it is another folder than was meant. Raises CbrnDataError."""
        if not self.root.is_dir():
            raise CbrnDataError(f"{self.root}: is not a folder; name that of the project with --root")
        missing = [f"{room}/" for room in rooms if not (self.root / room).is_dir()]
        if missing:
            lacks = f"it has no {' and no '.join(missing)}"
            raise CbrnDataError(
                f"{self.root.resolve()}: is not the folder of a project ({lacks}); go there, or name it with --root"
            )

    def check_published(self) -> None:
        """Refuse to read releases where none can be: in a folder that is neither a project's nor one of releases.

        Raises CbrnDataError.
        """
        if (self.published / "releases").exists() or (self.published / "releases.json").exists():
            return
        if self.published.is_dir() and any(not name.startswith(".") for name in os.listdir(self.published)):
            raise CbrnDataError(
                f"{self.published.resolve()}: holds no releases; name the folder that holds releases/ with --published"
            )
        if not self.published.is_dir() and self.published != self.root / "published":
            raise CbrnDataError(f"{self.published}: is not there; name the folder that holds releases/ with --published")
        self.check_project("raw", "schemas")


def _path(name: str) -> Path | None:
    value = os.environ.get(name)
    return Path(value) if value else None


def _state() -> Path:
    return _path("CBRN_DATA_STATE") or Path(user_state_dir("cbrn-data", appauthor=False))


def _cache() -> Path:
    state = _path("CBRN_DATA_STATE")
    return state / "cache" if state else Path(user_cache_dir("cbrn-data", appauthor=False))


def settings(root: Path | None = None, published: Path | None = None, base_url: str | None = None) -> Settings:
    """Return the settings for ``root`` (default: the current folder)."""
    base = root or Path()
    return Settings(base, published or base / "published", base_url or os.environ.get("CBRN_DATA_BASE_URL"))


def now() -> str:
    """Return the time of this moment in UTC, ``YYYY-MM-DD HH:MM``: what a verification says and judges by.

    Not ``SOURCE_DATE_EPOCH``, which is about what a build writes: how old something is, only the clock can tell.
    """
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M")


def release_date(environment: Mapping[str, str] = os.environ) -> str:
    """Return the date a release made now would bear, ``YYYY-MM-DD`` in UTC.

    ``SOURCE_DATE_EPOCH`` (seconds since 1970, https://reproducible-builds.org/specs/source-date-epoch/) decides;
    without it, today. Raises CbrnDataError when it is not a number of seconds in years 1970 to 9999.
    """
    text = environment.get("SOURCE_DATE_EPOCH")
    if text is None:
        return datetime.now(UTC).date().isoformat()
    if not (text.isascii() and text.isdigit() and len(text) <= 12 and int(text) <= 253402300799):
        raise CbrnDataError(
            f"SOURCE_DATE_EPOCH is {text[:40]!r}; give whole seconds since 1970-01-01, for example 1795305600"
        )
    return datetime.fromtimestamp(int(text), UTC).date().isoformat()
