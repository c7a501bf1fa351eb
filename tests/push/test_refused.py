"""What S3 refuses is told in its own words, also where the request has an answer without a body."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from cbrn_data.errors import PushError
from cbrn_data.push.s3 import S3Place


class Refusing(BaseHTTPRequestHandler):
    """Answers each request with the ``answer`` of its server: a status, a code and a message."""

    def refuse(self) -> None:
        status, code, words = self.server.answer  # type: ignore[attr-defined]
        body = f"<Error><Code>{code}</Code><Message>{words}</Message></Error>".encode()
        self.send_response(status)
        self.send_header("x-amz-bucket-region", "eu-west-1")
        self.send_header("Content-Length", "0" if self.command == "HEAD" else str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_DELETE = refuse  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def refusing() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    Thread(target=server.serve_forever, daemon=True).start()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
            "AWS_ACCESS_KEY_ID": "a-name",
            "AWS_SECRET_ACCESS_KEY": "a-secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            patch.setenv(name, value)
        yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "code", "words", "way_out"),
    [
        (400, "ExpiredToken", "The provided token has expired.", "get new credentials"),
        (403, "InvalidAccessKeyId", "The Key Id does not exist.", "check AWS_ACCESS_KEY_ID"),
        (403, "SignatureDoesNotMatch", "The signature does not match.", "check AWS_SECRET_ACCESS_KEY"),
        (403, "AccessDenied", "Access Denied.", "need the right s3:GetObject"),
        (301, "PermanentRedirect", "Use the endpoint.", "set AWS_DEFAULT_REGION"),
    ],
)
def test_a_refusal_has_the_words_of_the_storage_and_the_way_out(
    refusing: ThreadingHTTPServer, status: int, code: str, words: str, way_out: str
) -> None:
    refusing.answer = (status, code, words)  # type: ignore[attr-defined]
    place = S3Place("s3://bucket/cbrn")
    with pytest.raises(PushError) as raised:
        place.seen("releases.json")
    said = str(raised.value)
    assert said.startswith("s3://bucket/cbrn/releases.json: the storage refuses GetObject with ")
    assert f"{status} {code}: {words.rstrip('.')} (the bucket is in eu-west-1); " in said and way_out in said


def test_the_missing_right_is_named_by_what_was_asked(refusing: ThreadingHTTPServer) -> None:
    refusing.answer = (403, "AccessDenied", "Access Denied")  # type: ignore[attr-defined]
    place = S3Place("s3://bucket/cbrn")
    with pytest.raises(PushError, match="need the right s3:DeleteObject"):
        place.remove("a")
    with pytest.raises(PushError, match="need the right s3:ListBucket"):
        place.is_empty()
