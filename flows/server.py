"""Messages for errors of Prefect's server: it does not answer, requires a password, or fails."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from cbrn_data.errors import CbrnDataError, MachineError
from cbrn_data.refusals import http_meaning, refusal

_PASSWORD = {401: "PREFECT_API_AUTH_STRING", 403: "PREFECT_API_AUTH_STRING"}
"""The setting to check, by status."""


def refused(error: BaseException) -> CbrnDataError | None:
    """Translate an error of the machine or of the server at PREFECT_API_URL; None for an internal error."""
    for one in _behind(error):
        if isinstance(one, httpx.HTTPStatusError):
            return _answered(one)
        if isinstance(one, httpx.RequestError):
            where = _address(one)
            if isinstance(one, httpx.TimeoutException):
                return MachineError(f"{where}: the server did not answer in time; try again when it is less busy")
            return MachineError(f"{where}: no server answers at PREFECT_API_URL; start one (`prefect server start`)")
    return refusal(error)


def _answered(error: httpx.HTTPStatusError) -> CbrnDataError:
    status = error.response.status_code
    setting = f" (here: {_PASSWORD[status]})" if status in _PASSWORD else ""
    return MachineError(f"{_address(error)}: {http_meaning(status)}{setting}")


def _address(error: httpx.HTTPStatusError | httpx.RequestError) -> str:
    """Return scheme, host and port of the request, without the name and password that an address may contain."""
    try:
        parts = urlsplit(str(error.request.url))
    except RuntimeError:  # httpx has no request
        return "PREFECT_API_URL"
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")


def _behind(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes: Prefect wraps the errors of its client."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__
