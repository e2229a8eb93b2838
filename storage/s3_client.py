"""The S3 client under `storage/kinds/s3.py`: how it is made, how long a call may take, and what its errors mean."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import boto3
import botocore.session
from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as ConnectionFailed
from botocore.parsers import ResponseParserError

from storage import http
from storage.addresses import Policy
from storage.errors import (
    AccessDenied,
    BadKey,
    BadParameters,
    ObjectMissing,
    StorageError,
    StorageUnavailable,
    StorageUnreachable,
)
from storage.sockets import deadline

ANSWER_BYTES = 16_000_000
"""Of what a server says besides objects: a page of 1,000 long keys has about two million."""
ERROR_BYTES = 65_536
"""Of an error in an object's place, however small the object may be."""

MISSING = {"NoSuchKey", "404", "NotFound"}
NO_BUCKET = {"NoSuchBucket"}
DENIED = {"AccessDenied", "AllAccessDisabled", "ExpiredToken", "InvalidAccessKeyId", "SignatureDoesNotMatch"}
BAD_KEY = {"KeyTooLongError", "InvalidURI"}
# The server understood us and says that the connection's own values are wrong.
MISFIT = {
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
    "InvalidBucketName",
    "PermanentRedirect",
}
# What ~/.aws or AWS_PROFILE says on this machine is not meant for a customer's bucket. In each: the name in the file,
# the environment's name, the value.
OWN_WAYS = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
NO_S3 = "The address does not answer as an S3 server does."


class Unchanged(Exception):
    """The object still has the tag that was asked about."""


_session: boto3.session.Session | None = None
_making = threading.Lock()
_most_bytes: ContextVar[int] = ContextVar("most_bytes", default=ANSWER_BYTES)


def _forget_session() -> None:
    """A forked worker must not share what a thread of its parent may have been changing."""
    global _session, _making
    _session, _making = None, threading.Lock()


os.register_at_fork(after_in_child=_forget_session)


def make_client(endpoint: str, *, region: str, credentials: Any, policy: Policy) -> Any:
    """A client that reaches only what the policy allows. Without an access key it does not sign.

    All clients of a process come from one session, which reads the description of S3 once (10 MB and 100 ms).
    """
    signature: Any = "s3v4" if credentials.access_key else UNSIGNED
    config = Config(
        signature_version=signature,
        s3={"addressing_style": "path"},
        retries={"mode": "standard", "total_max_attempts": 3},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        proxies={},
    )
    with _making:
        client: Any = _shared_session().client(
            "s3",
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id=credentials.access_key or "anonymous",
            aws_secret_access_key=credentials.secret_access_key or "anonymous",
            config=config,
        )
    client.meta.events.register("before-send.s3", lambda request, **_: _send(request, policy))
    return client


@contextmanager
def calling(key: str, *, seconds: float, max_bytes: int = ANSWER_BYTES) -> Iterator[None]:
    """Bound a call, with all its attempts, to `seconds`, and its answer to `max_bytes`; make its errors ours."""
    token = _most_bytes.set(max(max_bytes, ERROR_BYTES))
    try:
        with deadline(seconds), _our_errors(key):
            yield
    finally:
        _most_bytes.reset(token)


def read_tag(answer: Any) -> str:
    """The object's tag. Any web server says 200 to a GET, and some to a PUT; an S3 server gives a tag with it."""
    tag = str(answer.get("ETag", "")).strip('"')
    if not tag:
        raise BadParameters(NO_S3)
    return tag


def _shared_session() -> boto3.session.Session:
    global _session
    if _session is None:
        _session = boto3.session.Session(botocore_session=botocore.session.Session(session_vars=OWN_WAYS))
    return _session


def _send(request: AWSPreparedRequest, policy: Policy) -> AWSResponse:
    return http.send_for_s3(policy, max_bytes=_most_bytes.get())(request)


@contextmanager
def _our_errors(key: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise _translate(key, error) from None
    except (ConnectionFailed, HTTPClientError):
        # Why is for the log alone: it would tell a customer about our network.
        raise StorageUnreachable from None
    except BotoCoreError as error:
        raise BadParameters(f"The storage cannot be used as it is connected: {error}") from None
    except (ResponseParserError, ValueError):
        raise BadParameters(NO_S3) from None


def _translate(key: str, error: ClientError) -> Exception:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status == 304:
        return Unchanged()
    if code in NO_BUCKET:
        return ObjectMissing("There is no such bucket.")
    if code in MISSING:
        return ObjectMissing(f"There is no file {key!r}.")
    if code in DENIED or status in (401, 403):
        return AccessDenied(f"The storage does not allow access to {key!r} ({code or status}).")
    return _translate_rest(key, code or str(status))


def _translate_rest(key: str, code: str) -> StorageError:
    if code in BAD_KEY:
        return BadKey(f"The storage cannot have a file {key!r} ({code}).")
    if code in MISFIT:
        return BadParameters(f"The storage cannot be used as it is connected ({code}).")
    return StorageUnavailable(f"The storage failed ({code}).")
