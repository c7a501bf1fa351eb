"""The settings of a project: from the environment, else from its file ``cbrn-data.toml``, else defaults. Read only here."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from platformdirs import user_cache_dir, user_state_dir

from cbrn_data.errors import CbrnDataError

FILE = "cbrn-data.toml"
_APPROVAL = ("none", "required")
PARTS_ABOVE = 256 << 20
"""The bytes of a source above which a bulk table is published in parts, unless a setting says otherwise."""


@dataclass(frozen=True)
class Setting:
    """A key of ``cbrn-data.toml``, the variable that overrides it (None: none does), what it is for, and an example."""

    key: str
    variable: str | None
    purpose: str
    example: str
    is_path: bool = False


KNOWN = (
    Setting("base_url", "CBRN_DATA_BASE_URL", "the address at which published/ is served", "https://data.example/cbrn/"),
    Setting(
        "state",
        "CBRN_DATA_STATE",
        "the folder of the local key, of what the audit trusts, and of the cache",
        "/srv/cbrn-data/state",
        is_path=True,
    ),
    Setting("approval", None, "whether somebody must approve a plan before it is published: none or required", "required"),
    Setting("keys.signing", "CBRN_DATA_SIGNING_KEY", "the file of the key that signs releases", "../signing-key.pem", True),
    Setting(
        "keys.trusted", "CBRN_DATA_TRUSTED_KEYS", "the file of the public keys that verify trusts", "../trusted.pem", True
    ),
    Setting("keys.approvers", None, "the file of the public keys whose owners may approve a plan", "../approvers.pem", True),
    Setting("alerts.variable", None, "the variable that has the address to which failures are reported", "TEAM_CHAT_URL"),
    Setting(
        "docs_url", None, "the address of the folder docs/, for links in reports and alerts", "https://data.example/docs/"
    ),
    Setting(
        "push.target", None, "where published/ is copied: file:///srv/www/data or s3://bucket/folder", "s3://open-data/cbrn"
    ),
    Setting("parts.above", None, "the megabytes of its source above which a bulk table is published in parts", "256"),
    Setting("cluster.scheduler", None, "the scheduler of the Dask cluster that builds bulk tables", "tcp://10.0.0.1:8786"),
)
_BY_KEY = {setting.key: setting for setting in KNOWN}
GUARD = "guard"
"""The table of the file that has the bounds of releases; ``release.guard`` reads it."""


@dataclass(frozen=True)
class Settings:
    """Paths and configuration. ``root`` has ``raw/`` and ``schemas/``, and ``published/`` unless another folder is given.

    ``state`` has the local signing key; ``signing_key``, ``trusted_keys`` and ``approvers`` are configured files. ``cache``
    has fetched files by digest and can be deleted. ``base_url`` is the address at which ``published/`` will be served; None
    means the one in ``schemas/package.yaml``. ``parts_above`` are bytes of a source. ``guard`` is the table of this name in
    the file, unread. ``origins`` says for each key where its value is from.
    """

    root: Path
    published: Path
    base_url: str | None = None
    state: Path = field(default_factory=lambda: _state())
    cache: Path = field(default_factory=lambda: _cache())
    signing_key: Path | None = field(default_factory=lambda: _path("CBRN_DATA_SIGNING_KEY"))
    trusted_keys: Path | None = field(default_factory=lambda: _path("CBRN_DATA_TRUSTED_KEYS"))
    approvers: Path | None = None
    approval: bool = False
    alert_variable: str = "CBRN_DATA_ALERT_URL"
    docs_url: str | None = None
    push_target: str | None = None
    scheduler: str | None = None
    parts_above: int = PARTS_ABOVE
    guard: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, str | None]:
        """The value of each key of ``KNOWN``; None if nothing is configured and there is no default."""
        paths = {"state": self.state, "keys.signing": self.signing_key}
        paths |= {"keys.trusted": self.trusted_keys, "keys.approvers": self.approvers}
        return {key: str(path) if path else None for key, path in paths.items()} | {
            "base_url": self.base_url,
            "approval": "required" if self.approval else "none",
            "alerts.variable": self.alert_variable,
            "docs_url": self.docs_url,
            "push.target": self.push_target,
            "parts.above": f"{self.parts_above >> 20}",
            "cluster.scheduler": self.scheduler,
        }

    def origin(self, key: str) -> str:
        """Return where the value of a key is from: file and line, a variable, an option, or ``default``."""
        return self.origins.get(key, "default")

    @property
    def alert_address(self) -> str | None:
        """The address to which failures are reported. It may be a secret: never print it."""
        return os.environ.get(self.alert_variable) or None

    @property
    def prefect_api_url(self) -> str | None:
        """The address of Prefect's server, which its own programs read from the same variable."""
        return os.environ.get("PREFECT_API_URL") or None

    @property
    def prefect_auth(self) -> str | None:
        """``name:password`` of Prefect's server: never print it."""
        return os.environ.get("PREFECT_API_AUTH_STRING") or None

    @property
    def raw(self) -> Path:
        """The folder of sources."""
        return self.root / "raw"

    @property
    def schemas(self) -> Path:
        """The folder of table definitions."""
        return self.root / "schemas"

    def check_project(self, *names: str) -> None:
        """Refuse a root without the folders ``names``, which is probably the wrong folder. Raises CbrnDataError."""
        if not self.root.is_dir():
            raise CbrnDataError(f"{self.root}: is not a folder; name the project's folder with --root")
        missing = [f"{name}/" for name in names if not (self.root / name).is_dir()]
        if missing:
            lacks = f"without {' and '.join(missing)}"
            raise CbrnDataError(
                f"{self.root.resolve()}: is not the folder of a project ({lacks}); change to it, or name it with --root"
            )

    def check_published(self) -> None:
        """Refuse to read releases in a folder that is neither a project nor a store.

        Raises CbrnDataError.
        """
        if (self.published / "releases").exists() or (self.published / "releases.json").exists():
            return
        if self.published.is_dir() and any(not name.startswith(".") for name in os.listdir(self.published)):
            raise CbrnDataError(
                f"{self.published.resolve()}: contains no releases; name the folder with releases/ with --published"
            )
        if not self.published.is_dir() and self.published != self.root / "published":
            raise CbrnDataError(f"{self.published}: does not exist; name the folder with releases/ with --published")
        self.check_project("raw", "schemas")


def read_settings(root: Path | None = None, published: Path | None = None, base_url: str | None = None) -> Settings:
    """Return the settings of the project in ``root`` (default: the current folder).

    A path in the file is relative to the file. Raises CbrnDataError, with file and line, for a file that is not TOML, an
    unknown key, and a value that is not text.
    """
    base = root or Path()
    file = base / FILE
    content = read_file(file)
    values: dict[str, str] = {}
    origins: dict[str, str] = {}
    for setting in KNOWN:
        if setting.variable and (given := os.environ.get(setting.variable)):
            values[setting.key], origins[setting.key] = given, f"variable {setting.variable}"
        elif setting.key in content:
            text = content[setting.key]
            values[setting.key] = str(base / text) if setting.is_path else text
            origins[setting.key] = f"{file}:{line_of(file, setting.key)}"
    if base_url:
        values["base_url"], origins["base_url"] = base_url, "option --base-url"
    paths = {key: Path(values[key]) if key in values else None for key in _BY_KEY if _BY_KEY[key].is_path}
    return Settings(
        root=base,
        published=published or base / "published",
        base_url=values.get("base_url"),
        state=_state(paths["state"]),
        cache=_cache(paths["state"]),
        signing_key=paths["keys.signing"],
        trusted_keys=paths["keys.trusted"],
        approvers=paths["keys.approvers"],
        approval=values.get("approval") == "required",
        alert_variable=values.get("alerts.variable", "CBRN_DATA_ALERT_URL"),
        docs_url=values.get("docs_url"),
        push_target=values.get("push.target"),
        scheduler=values.get("cluster.scheduler"),
        parts_above=int(values["parts.above"]) << 20 if "parts.above" in values else PARTS_ABOVE,
        guard=content.get(GUARD, {}),
        origins=origins,
    )


def read_file(file: Path) -> dict[str, Any]:
    """Return the values of a settings file by dotted key, with the table ``guard`` as it is; empty if there is no file.

    Raises CbrnDataError, with file and line.
    """
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:  # the parser is Python code
        raise CbrnDataError(f"{file}: is not TOML: {error}; see https://toml.io") from error
    values: dict[str, Any] = {GUARD: content.pop(GUARD)} if GUARD in content else {}
    for name, value in content.items():
        tables = {f"{name}.{key}": inner for key, inner in value.items()} if isinstance(value, dict) else {name: value}
        for key, text in tables.items():
            place = f"{file}:{line_of(file, key)}"
            if key not in _BY_KEY:
                raise CbrnDataError(f"{place}: {key} is not known; known keys: {', '.join((*_BY_KEY, GUARD))}")
            if not isinstance(text, str) or not text.strip():
                raise CbrnDataError(f"{place}: {key} is {text!r} and must be text in quotation marks")
            if key == "approval" and text not in _APPROVAL:
                raise CbrnDataError(f"{place}: approval is {text!r} and must be one of {', '.join(_APPROVAL)}")
            if key == "parts.above" and not re.fullmatch("[1-9][0-9]{0,5}", text):
                raise CbrnDataError(f'{place}: parts.above is {text!r} and must be whole megabytes, such as "256"')
            if key == "alerts.variable" and not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", text):
                raise CbrnDataError(
                    f"{place}: alerts.variable must be the name of a variable, such as TEAM_CHAT_URL; set this variable "
                    "to the address, because the address may be a secret"
                )
            values[key] = text
    return values


def line_of(file: Path, key: str) -> int:
    """Return the line of a dotted key in a settings file, for messages; 1 if it cannot be found."""
    table = ""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            table = re.sub(r"[\s\"']", "", header[1]) + "."
            if key == table[:-1]:
                return number
        elif name := re.match(r"\s*([\w.\s\"'-]+?)\s*=", line):
            full = table + re.sub(r"[\s\"']", "", name[1])
            if full == key or full.startswith(f"{key}."):
                return number
    return 1


def _path(name: str) -> Path | None:
    value = os.environ.get(name)
    return Path(value) if value else None


def _state(given: Path | None = None) -> Path:
    return given or _path("CBRN_DATA_STATE") or Path(user_state_dir("cbrn-data", appauthor=False))


def _cache(given: Path | None = None) -> Path:
    state = given or _path("CBRN_DATA_STATE")
    return state / "cache" if state else Path(user_cache_dir("cbrn-data", appauthor=False))


def now() -> str:
    """Return the present time in UTC, ``YYYY-MM-DD HH:MM``, for verifications.

    It ignores ``SOURCE_DATE_EPOCH``, which is for the output of builds: the age of a release depends on the clock.
    """
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M")


def release_date(environment: Mapping[str, str] = os.environ) -> str:
    """Return the date of a release made now, ``YYYY-MM-DD`` in UTC.

    It is ``SOURCE_DATE_EPOCH`` (seconds since 1970, https://reproducible-builds.org/specs/source-date-epoch/), else today.
    Raises CbrnDataError if ``SOURCE_DATE_EPOCH`` is not a number of seconds in the years 1970 to 9999.
    """
    text = environment.get("SOURCE_DATE_EPOCH")
    if text is None:
        return datetime.now(UTC).date().isoformat()
    if not (text.isascii() and text.isdigit() and len(text) <= 12 and int(text) <= 253402300799):
        raise CbrnDataError(
            f"SOURCE_DATE_EPOCH is {text[:40]!r}; give whole seconds since 1970-01-01, for example 1795305600"
        )
    return datetime.fromtimestamp(int(text), UTC).date().isoformat()
