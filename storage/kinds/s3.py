"""S3 and whatever speaks its protocol."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as ConnectionFailed
from pydantic import Field

from storage import http
from storage.base import Blob, Fields, ObjectFacts, Page, Storage
from storage.errors import AccessDenied, ObjectMissing, StorageError, StorageUnavailable, TooLarge, Unreachable
from storage.keys import join_keys
from storage.kinds.web_folder import endpoint_policy

MISSING = {"NoSuchKey", "NoSuchBucket", "404", "NotFound"}
DENIED = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "403", "Forbidden", "ExpiredToken"}


class S3Storage(Storage):
    """A bucket, or a folder of one, on any server that speaks the S3 protocol."""

    class Parameters(Fields):
        bucket: str = Field(min_length=1, max_length=255, description="name of the bucket")
        path: str = Field("", description="folder in the bucket below which keys lie")
        endpoint_url: str | None = Field(None, description="address of the server; Amazon's where it is left out")
        region: str = Field("us-east-1", description="region that requests are signed for")

    class Credentials(Fields):
        access_key: str | None = Field(None, description="access key id")
        secret_access_key: str | None = Field(None, description="secret access key")

    def __init__(self, parameters: Any, credentials: Any, *, private: bool, public_url: str = "") -> None:
        self.bucket = parameters.bucket
        self.prefix = parameters.path.strip("/")
        endpoint = parameters.endpoint_url or f"https://s3.{parameters.region}.amazonaws.com"
        self._client = _make_client(endpoint, parameters.region, credentials)
        policy = endpoint_policy(endpoint, private=private)
        self._client.meta.events.register("before-send.s3", http.send_for_s3(policy))
        self._linker = _make_client(public_url, parameters.region, credentials) if public_url else self._client

    @classmethod
    def open(cls, parameters: Any, credentials: Any, *, private: bool) -> "S3Storage":
        return cls(parameters, credentials, private=private)

    def read(self, key: str, *, max_bytes: int) -> Blob:
        with _our_errors(key):
            return self._take(key, self._client.get_object(**self._name(key)), max_bytes)

    def read_if_changed(self, key: str, *, etag: str, max_bytes: int) -> Blob | None:
        try:
            with _our_errors(key):
                answer = self._client.get_object(**self._name(key), IfNoneMatch=f'"{etag}"')
                return self._take(key, answer, max_bytes)
        except _Unchanged:
            return None

    def write(self, key: str, data: bytes, *, content_type: str) -> str:
        with _our_errors(key):
            answer = self._client.put_object(**self._name(key), Body=io.BytesIO(data), ContentType=content_type)
        return str(answer["ETag"]).strip('"')

    def delete(self, key: str) -> None:
        with _our_errors(key):
            self._client.delete_object(**self._name(key))

    def exists(self, key: str) -> bool:
        try:
            with _our_errors(key):
                self._client.head_object(**self._name(key))
        except ObjectMissing:
            return False
        return True

    def list(self, prefix: str, *, cursor: str | None = None, limit: int = 1000) -> Page:
        after = {"StartAfter": self._full(cursor)} if cursor else {}
        base = f"{self.prefix}/" if self.prefix else ""
        with _our_errors(prefix):
            answer = self._client.list_objects_v2(Bucket=self.bucket, Prefix=base + prefix, MaxKeys=limit, **after)
        found = [
            ObjectFacts(row["Key"].removeprefix(base), row["Size"], row["ETag"].strip('"'), row["LastModified"])
            for row in answer.get("Contents", [])
            if not row["Key"].endswith("/")
        ]
        last = answer["Contents"][-1]["Key"].removeprefix(base) if answer.get("IsTruncated") else None
        return Page(found, last)

    def link(self, key: str, *, seconds: int, filename: str) -> str | None:
        disposition = f'attachment; filename="{filename}"'
        params = {**self._name(key), "ResponseContentDisposition": disposition}
        return str(self._linker.generate_presigned_url("get_object", Params=params, ExpiresIn=seconds))

    def _full(self, key: str) -> str:
        return join_keys(self.prefix, key)

    def _name(self, key: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self._full(key)}

    def _take(self, key: str, answer: Any, max_bytes: int) -> Blob:
        if answer["ContentLength"] > max_bytes:
            answer["Body"].close()
            raise TooLarge(f"The file {key!r} has {answer['ContentLength']} bytes, more than the limit of {max_bytes}.")
        return Blob(answer["Body"].read(), answer["ETag"].strip('"'))


class _Unchanged(StorageError):
    """The object still has the tag that was asked about."""


def _make_client(endpoint: str, region: str, credentials: Any) -> Any:
    signature: Any = "s3v4" if credentials.access_key else UNSIGNED
    config = Config(
        signature_version=signature,
        s3={"addressing_style": "path"},
        retries={"mode": "standard", "max_attempts": 3},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        proxies={},
    )
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=credentials.access_key or "anonymous",
        aws_secret_access_key=credentials.secret_access_key or "anonymous",
        config=config,
    )


@contextmanager
def _our_errors(key: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise _translate(key, error) from None
    except (ConnectionFailed, HTTPClientError):
        # Why is for the log alone: it would tell a customer about our network.
        raise Unreachable from None
    except BotoCoreError as error:
        raise StorageUnavailable(f"The storage cannot be used as it is connected: {error}") from None


def _translate(key: str, error: ClientError) -> StorageError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code in ("304", "NotModified"):
        return _Unchanged("not changed")
    if code in MISSING:
        return ObjectMissing(f"There is no file {key!r}." if code != "NoSuchBucket" else "There is no such bucket.")
    if code in DENIED:
        return AccessDenied(f"The storage does not allow access to {key!r} ({code}).")
    return StorageUnavailable(f"The storage failed ({code or 'no code'}).")
