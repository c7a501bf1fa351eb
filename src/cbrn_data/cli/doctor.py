"""``cbrn-data doctor``: check what the program needs here, and say what to do about each problem.

It needs no extra, so that it also runs where one is missing. A part that nobody configured is not a problem. Requests go to
Prefect's server and to the address of the releases only, with a short timeout.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import platform
import shutil
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from re import match
from typing import Any

from cbrn_data.errors import CbrnDataError
from cbrn_data.refusals import http_meaning, refusal
from cbrn_data.settings import FILE, Settings, read_settings, release_date

OK, NOT_CONFIGURED, PROBLEM = "ok", "not configured", "problem"
POOL = "cbrn-data"
"""The work pool of ``prefect.yaml``."""
_SECONDS = 3
_SPACE = 1 << 29
"""The least free bytes of a folder that is written to; a release needs twice the size of the one before."""


@dataclass(frozen=True)
class Check:
    """One check: its result, what was found, and the way out if something is to be done."""

    name: str
    result: str
    detail: str
    way_out: str = ""


def examine(root: Path, published: Path | None, as_json: bool) -> int:
    """Print all checks; return 2 if one found a problem, else 0."""
    checks = list(run_checks(root, published))
    if as_json:
        print(json.dumps([asdict(check) for check in checks], indent=2, ensure_ascii=False))
    for check in () if as_json else checks:
        print(f"{check.result:<14}  {check.name:<14}  {check.detail}")
        if check.way_out:
            print(f"{'':<14}  {'':<14}  → {check.way_out}")
    return 2 if any(check.result == PROBLEM for check in checks) else 0


def run_checks(root: Path, published: Path | None = None) -> Iterator[Check]:
    """Yield the result of each check of a project."""
    yield Check("Python", OK, f"{platform.python_version()} ({sys.executable})")
    try:
        settings = read_settings(root, published)
    except (CbrnDataError, OSError) as error:
        yield Check("settings", PROBLEM, _words(error), f"correct {FILE}; docs/settings.md lists its keys")
        return
    yield _settings(settings)
    for name, check in _CHECKS.items():
        try:
            yield from check(settings)
        except (CbrnDataError, OSError) as error:
            yield Check(name, PROBLEM, _words(error))
        except ModuleNotFoundError as error:
            yield Check(name, NOT_CONFIGURED, f"cannot be checked: {error.name} is not installed")


def _words(error: CbrnDataError | OSError) -> str:
    """Return the message of an error, with the place and the message of its first finding."""
    known = refusal(error)
    first = [f"{finding.place}: {finding.message}" for finding in known.findings[:1]] if known else []
    return ": ".join([str(known), *first])


def _settings(settings: Settings) -> Check:
    file = settings.root / FILE
    if not file.is_file():
        return Check("settings", NOT_CONFIGURED, f"{file} does not exist, so defaults and variables count")
    return Check("settings", OK, f"{file}; `cbrn-data settings` shows the values")


def _extras(settings: Settings) -> Iterator[Check]:
    """Check the extras; a missing one is a problem only if the settings need it."""
    used = {
        "cluster": ("cluster.scheduler", settings.scheduler),
        "s3": ("push.target", (settings.push_target or "").startswith("s3://")),
        "flows": ("PREFECT_API_URL", settings.prefect_api_url),
    }
    for extra in ("leaflets", "validate", "verify", "publish", "flows", "cluster", "s3"):
        missing = sorted(_missing(extra))
        key, is_used = used.get(extra, ("", False))
        if not missing:
            yield Check(f"extra {extra}", OK, "installed")
        else:
            detail = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not installed"
            needed = f", but {key} needs it" if is_used else ""
            result = PROBLEM if is_used else NOT_CONFIGURED
            yield Check(f"extra {extra}", result, f"{detail}{needed}", f"pip install 'cbrn_data[{extra}]'")


def _missing(extra: str, seen: frozenset[str] = frozenset()) -> set[str]:
    """Return the distributions that an extra of this package names and that are not installed, with those it includes."""
    found: set[str] = set()
    for line in requires("cbrn_data") or []:
        need, _, marker = line.partition(";")
        name = match(r"[A-Za-z0-9._-]+", need)
        if not name or f'extra == "{extra}"' not in marker.replace("'", '"'):
            continue
        if name[0].replace("-", "_") == "cbrn_data":
            inner = {each.strip() for each in need.partition("[")[2].partition("]")[0].split(",")}
            found |= {each for other in inner - seen for each in _missing(other, seen | {extra})}
            continue
        try:
            version(name[0])
        except PackageNotFoundError:
            found.add(name[0])
    return found


def _project(settings: Settings) -> Iterator[Check]:
    settings.check_project("raw", "schemas")
    yield Check("project", OK, str(settings.root.resolve()))


def _keys(settings: Settings) -> Iterator[Check]:
    """Check the key that signs, and the public keys; no key is made."""
    from cbrn_data.pipeline import present_key
    from cbrn_data.release.approval import approvers
    from cbrn_data.signing.keys import fingerprint, trusted_keys

    own = None
    if key := present_key(settings):
        own = key.fingerprint
        yield Check(
            "signing key", OK, f"{'local key' if key.is_local else 'configured key'} {own[:16]}…, for its owner only"
        )
    else:
        detail = "no key; the first release makes a local one"
        yield Check("signing key", NOT_CONFIGURED, detail, "`cbrn-data key make`, or set keys.signing; see docs/key.md")
    if settings.trusted_keys is None:
        detail = "verify accepts any key"
        yield Check("trusted keys", NOT_CONFIGURED, detail, "set keys.trusted to a file of public keys")
    else:
        known = [fingerprint(each) for each in trusted_keys(settings.trusted_keys)]
        if own and own not in known:
            detail = f"the key that signs here is not in {settings.trusted_keys}, so verify will fail"
            yield Check("trusted keys", PROBLEM, detail, "append the public key that `cbrn-data key` prints to this file")
        else:
            yield Check("trusted keys", OK, f"{len(known)} in {settings.trusted_keys}")
    if settings.approvers:
        yield Check("approvers", OK, f"{len(approvers(settings))} in {settings.approvers}")
    elif settings.approval:
        detail = "approval is required, but keys.approvers is not set, so nobody can approve"
        yield Check("approvers", PROBLEM, detail, "set keys.approvers to a file of the approvers' public keys")


def _metadata(settings: Settings) -> Iterator[Check]:
    """Check that the metadata of the store were renewed in time, on the day of a publication, if this machine signs them."""
    from cbrn_data.pipeline import present_key
    from cbrn_data.store.history import METADATA
    from cbrn_data.trust.sign import validity

    if not (settings.published / METADATA).exists():
        return
    found = validity(settings.published, present_key(settings), release_date())
    if not found:
        yield Check("metadata", NOT_CONFIGURED, "this key does not sign the store, so others renew its metadata")
    elif not any(role.is_late for role in found):
        yield Check("metadata", OK, ", ".join(f"{role.name} until {role.until:%Y-%m-%d}" for role in found))
    for role in (role for role in found if role.is_late):
        detail = f"{role.name} until {role.until:%Y-%m-%d}, and was not renewed in time"
        if role.may_renew:
            yield Check("metadata", PROBLEM, detail, "run `cbrn-data publish`, also with nothing new")
        else:
            yield Check("metadata", PROBLEM, detail, "draft the next root and sign it with the root keys: docs/key.md")


def _space(settings: Settings) -> Iterator[Check]:
    newest = settings.published / "latest"
    size = sum(path.stat().st_size for path in newest.rglob("*") if path.is_file()) if newest.is_dir() else 0
    needed = max(_SPACE, 2 * size)
    places = {"published": settings.published, "state": settings.state, "TMPDIR": Path(tempfile.gettempdir())}
    for name, place in places.items():
        there = place.absolute()
        while not there.exists():
            there = there.parent
        free = shutil.disk_usage(there).free
        if not os.access(there, os.W_OK):
            yield Check(
                f"disk {name}", PROBLEM, f"{there} cannot be written", "let this user write there, or name another folder"
            )
        elif free < needed:
            detail = f"{place}: {_size(free)} free, {_size(needed)} needed"
            yield Check(f"disk {name}", PROBLEM, detail, "free some space, or name another folder")
        else:
            yield Check(f"disk {name}", OK, f"{place}: {_size(free)} free")


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB"


def _address(settings: Settings) -> Iterator[Check]:
    from cbrn_data import pipeline
    from cbrn_data.catalogue.address import checked_base

    base = checked_base(pipeline.base_url(settings))
    if moved := pipeline.moved_address(settings):
        detail = f"{moved[1]}, but the catalogue and the pages have {moved[0]}"
        way_out = f"set base_url in {FILE} to the address that is right; a new one needs `publish --move-address`"
        yield Check("address", PROBLEM, detail, way_out)
    elif ".example/" in base:
        yield Check(
            "address",
            NOT_CONFIGURED,
            f"{base} is an example",
            f"set base_url in {FILE}; after a release, publish it with --move-address",
        )
    else:
        yield Check("address", OK, base)
        if settings.base_url and (settings.published / "latest").exists():
            yield _served(base)


def _served(base: str) -> Check:
    """Check that a server answers at the address of the releases."""
    from cbrn_data.deadline import Clock
    from cbrn_data.web import AGENT, opener

    request = urllib.request.Request(base, headers={"User-Agent": AGENT})  # noqa: S310
    clock = Clock(_SECONDS)
    clock.begin(_SECONDS)
    try:
        with opener(clock, urllib.request.HTTPRedirectHandler()).open(request, timeout=_SECONDS):
            return Check("web address", OK, f"{base} answers")
    except urllib.error.HTTPError as error:
        said = f"the server {http_meaning(error.code)}"
    except (OSError, http.client.HTTPException) as error:
        said = f"no answer ({_reason(error)})"
    way_out = f"let a web server serve published/ there, or correct base_url in {FILE}"
    return Check("web address", PROBLEM, f"{base}: {said}", way_out)


def _guard(settings: Settings) -> Iterator[Check]:
    from cbrn_data.release.guard import read_guard
    from cbrn_data.schema.model import read_package

    if settings.guard:
        given = read_guard(settings, read_package(settings.schemas).tables).given
        yield Check("guard", OK, f"{len(given)} bounds in {settings.root / FILE}")


def _alerts(settings: Settings) -> Iterator[Check]:
    if settings.alert_address:
        yield Check("alerts", OK, f"the variable {settings.alert_variable} is set")
    else:
        detail = f"the variable {settings.alert_variable} is not set, so failures are not reported"
        yield Check("alerts", NOT_CONFIGURED, detail, "set it to the address of a webhook; see docs/schedule.md")


def _prefect(settings: Settings) -> Iterator[Check]:
    """Check the server, and that a worker of the pool is online."""
    if not settings.prefect_api_url:
        yield Check("server", NOT_CONFIGURED, "PREFECT_API_URL is not set", "see docs/schedule.md for runs on a schedule")
        return
    try:
        _ask(settings, "health")
    except OSError as error:
        way_out = "start it (`prefect server start`), or correct PREFECT_API_URL"
        yield Check("server", PROBLEM, f"PREFECT_API_URL: no server answers ({_reason(error)})", way_out)
        return
    yield Check("server", OK, "answers at PREFECT_API_URL")
    try:
        workers = _ask(settings, f"work_pools/{POOL}/workers/filter", {})
    except urllib.error.HTTPError as error:
        ways = {404: "run `python -m flows.deploy`", 401: "set PREFECT_API_AUTH_STRING to name:password of the server"}
        said = f"the pool {POOL} does not exist" if error.code == 404 else f"the server {http_meaning(error.code)}"
        yield Check("worker", PROBLEM, said, ways.get(error.code, "read the server's log"))
        return
    online = [str(worker.get("name")) for worker in workers if worker.get("status") == "ONLINE"]
    if online:
        yield Check("worker", OK, f"{len(online)} online")
    else:
        yield Check("worker", PROBLEM, f"no worker of the pool {POOL} is online", f"`prefect worker start --pool {POOL}`")


def _ask(settings: Settings, path: str, body: dict[str, Any] | None = None) -> Any:
    """Return the answer of the server as JSON. Raises OSError, an HTTPError with the status."""
    address = f"{(settings.prefect_api_url or '').rstrip('/')}/{path}"
    if not address.startswith(("http://", "https://")):
        raise OSError("its address must begin with http:// or https://")
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})  # noqa: S310
    if settings.prefect_auth:
        request.add_header("Authorization", f"Basic {base64.b64encode(settings.prefect_auth.encode()).decode()}")
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            return json.load(answer)
    except ValueError as error:
        raise OSError("its answer is not that of Prefect's server") from error


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    return str(getattr(reason, "strerror", None) or reason or type(error).__name__)


_CHECKS: dict[str, Callable[[Settings], Iterator[Check]]] = {
    "extras": _extras,
    "project": _project,
    "keys": _keys,
    "metadata": _metadata,
    "disk": _space,
    "guard": _guard,
    "address": _address,
    "alerts": _alerts,
    "server": _prefect,
}
