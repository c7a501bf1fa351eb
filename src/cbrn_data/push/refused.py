"""Refusals of S3 in the store's own words, with the missing right and the way out.

S3 says in the body of an answer why it refuses: a code and a message. ``HEAD`` has no body, so ``s3`` asks again with
``GET`` before it reports a refusal.
"""

from __future__ import annotations

from typing import Any

from cbrn_data.findings import shown

_RIGHTS = {
    "HeadObject": "s3:GetObject (and s3:ListBucket, to see that a file does not exist)",
    "GetObject": "s3:GetObject (and s3:ListBucket, to see that a file does not exist)",
    "PutObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "DeleteObject": "s3:DeleteObject",
    "ListObjectsV2": "s3:ListBucket",
}
"""The right that a request needs, by the name of the operation."""

REGION = "set AWS_DEFAULT_REGION to the region of the bucket, or AWS_ENDPOINT_URL to its address"
_WAYS_OUT = {
    "ExpiredToken": "get new credentials (AWS_SESSION_TOKEN and the two keys)",
    "TokenRefreshRequired": "get new credentials (AWS_SESSION_TOKEN and the two keys)",
    "InvalidToken": "check AWS_SESSION_TOKEN, which belongs to the two keys",
    "InvalidAccessKeyId": "check AWS_ACCESS_KEY_ID",
    "SignatureDoesNotMatch": "check AWS_SECRET_ACCESS_KEY",
    "RequestTimeTooSkewed": "correct the clock of this machine",
    "NoSuchBucket": "create the bucket, or name another",
    "PermanentRedirect": REGION,
    "TemporaryRedirect": REGION,
    "AuthorizationHeaderMalformed": REGION,
    "301": REGION,
    "307": REGION,
    "SlowDown": "wait a while, then push again",
    "ServiceUnavailable": "wait a while, then push again",
}
_LIMIT = 300


def refusal_words(error: BaseException) -> str | None:
    """Return why S3 refused a request and what to do, None if ``error`` is not an answer of S3."""
    answered = next((one for one in (error, error.__cause__) if getattr(one, "response", None)), None)
    if answered is None:
        return None
    response: dict[str, Any] = answered.response  # type: ignore[attr-defined]
    said, operation = response.get("Error", {}), str(getattr(answered, "operation_name", "a request"))
    code, words = str(said.get("Code", "")), str(said.get("Message", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", "")
    region = response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("x-amz-bucket-region") or said.get("Region")
    where = f" (the bucket is in {shown(str(region), 40)})" if region else ""
    words = shown(" ".join(words.split()), _LIMIT).rstrip(".")
    refused = f"the storage refuses {operation} with {status} {shown(code, 60)}"
    return f"{refused}: {words}{where}; {_way_out(code, status, operation)}"


def _way_out(code: str, status: object, operation: str) -> str:
    if code in _WAYS_OUT:
        return _WAYS_OUT[code]
    if status in (401, 403):
        return f"these credentials need the right {_RIGHTS.get(operation, operation)}"
    return "see the documentation of the storage"
