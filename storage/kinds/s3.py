"""S3 and whatever speaks its protocol."""

import io
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from django.conf import settings
from django.utils.http import content_disposition_header
from pydantic import Field, field_validator, model_validator

from storage.base import Blob, Fields, ObjectFacts, Page, Storage
from storage.errors import (
    BadKey,
    BadParameters,
    ObjectMissing,
    StorageError,
    StorageUnavailable,
    TooLarge,
    Unreachable,
)
from storage.keys import clean_key, join_keys, refuse_escape
from storage.kinds.web_folder import check_folder_url, endpoint_policy
from storage.s3_client import NO_S3, Unchanged, calling, make_client, read_tag

WRITE_SECONDS = 120
LONGEST_LINK_SECONDS = 7 * 24 * 3600
"""Signature version 4 allows no more."""
DELETED_AT_ONCE = 1000
"""Keys in one call; the protocol allows no more."""


class BucketFields(Fields):
    """A bucket, and the folder of it that is used."""

    bucket: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$", description="name of the bucket")
    path: str = Field("", description="folder in the bucket below which keys lie")

    @field_validator("path")
    @classmethod
    def must_be_a_folder(cls, path: str) -> str:
        folder = path.strip("/")
        try:
            return clean_key(folder) if folder else ""
        except BadKey as error:
            raise ValueError(error.message) from None


class S3Storage(Storage):
    """A bucket, or a folder of one, on any server that speaks the S3 protocol."""

    class Parameters(BucketFields):
        endpoint_url: str | None = Field(None, description="address of the server; Amazon's where it is left out")
        region: str = Field(
            "us-east-1", pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,62}$", description="region that requests are signed for"
        )

        @field_validator("endpoint_url")
        @classmethod
        def must_be_a_server(cls, url: str | None) -> str | None:
            return url and check_folder_url(url)

    class Credentials(Fields):
        access_key: str | None = Field(None, min_length=1, repr=False, description="access key id")
        secret_access_key: str | None = Field(None, min_length=1, repr=False, description="secret access key")

        @model_validator(mode="after")
        def must_be_whole(self) -> "S3Storage.Credentials":
            if (self.access_key is None) != (self.secret_access_key is None):
                raise ValueError("access_key and secret_access_key must be given together")
            return self

    def __init__(self, parameters: Any, credentials: Any, *, private: bool, public_url: str = "") -> None:
        self.bucket = parameters.bucket
        self.prefix = parameters.path
        self._is_signed = credentials.access_key is not None
        endpoint = parameters.endpoint_url or f"https://s3.{parameters.region}.amazonaws.com"
        settled = {
            "region": parameters.region,
            "credentials": credentials,
            "policy": endpoint_policy(endpoint, private=private),
        }
        self._client = make_client(endpoint, **settled)
        self._linker = make_client(public_url, **settled) if public_url else self._client

    @classmethod
    def open(cls, parameters: Any, credentials: Any, *, private: bool) -> "S3Storage":
        return cls(parameters, credentials, private=private)

    def read(self, key: str, *, max_bytes: int) -> Blob:
        return self._read(key, max_bytes, {})

    def read_if_changed(self, key: str, *, etag: str, max_bytes: int) -> Blob | None:
        try:
            return self._read(key, max_bytes, {"IfNoneMatch": f'"{etag}"'})
        except Unchanged:
            return None

    def write(self, key: str, data: bytes, *, content_type: str) -> str:
        with calling(key, seconds=WRITE_SECONDS):
            answer = self._client.put_object(**self._name(key), Body=io.BytesIO(data), ContentType=content_type)
            return read_tag(answer)

    def delete(self, key: str) -> None:
        with calling(key, seconds=settings.PHOTOMILL_FETCH_SECONDS):
            self._client.delete_object(**self._name(key))

    def delete_many(self, keys: Iterable[str]) -> None:
        """By the thousand. Of a server that does not know such a call, or leaves some of them, one by one."""
        waiting = iter(keys)
        while batch := list(islice(waiting, DELETED_AT_ONCE)):
            for key in self._delete_batch(batch):
                self.delete(key)

    def measure(self, key: str) -> int | None:
        try:
            with calling(key, seconds=settings.PHOTOMILL_FETCH_SECONDS):
                return int(self._client.head_object(**self._name(key)).get("ContentLength", 0))
        except ObjectMissing:
            return None

    def list(self, prefix: str, *, cursor: str | None = None, limit: int = 1000) -> Page:
        """Objects whose key begins with the prefix; the cursor is the server's own token.

        A token, because a server that keeps its objects as files sorts by folder: asked for what comes after the key
        `a`, it leaves out `a/b`.
        """
        refuse_escape(prefix[: prefix.rfind("/") + 1])
        base = f"{self.prefix}/" if self.prefix else ""
        asked = {"Bucket": self.bucket, "Prefix": base + prefix, "MaxKeys": limit}
        if cursor:
            asked["ContinuationToken"] = cursor
        with calling(prefix, seconds=settings.PHOTOMILL_FETCH_SECONDS):
            answer = self._client.list_objects_v2(**asked)
        rows = [row for row in answer.get("Contents", []) if _is_object(row, base + prefix)]
        return Page([_describe(row, base) for row in rows], _find_cursor(answer, cursor))

    def link(self, key: str, *, seconds: int, filename: str) -> str | None:
        """A presigned address, at most 7 days long; where the storage is used without keys, the object's plain one."""
        params = self._name(key)
        if self._is_signed:  # S3 lets nobody else choose the headers of its answer
            disposition = content_disposition_header(as_attachment=True, filename=filename)
            params["ResponseContentDisposition"] = disposition or "attachment"
        seconds = min(seconds, LONGEST_LINK_SECONDS)
        return str(self._linker.generate_presigned_url("get_object", Params=params, ExpiresIn=seconds))

    def _read(self, key: str, max_bytes: int, condition: dict[str, str]) -> Blob:
        try:
            with calling(key, seconds=settings.PHOTOMILL_FETCH_SECONDS, max_bytes=max_bytes):
                answer = self._client.get_object(**self._name(key), **condition)
                blob = Blob(answer["Body"].read(), read_tag(answer))
        except TooLarge:
            blob = None
        if blob is None or len(blob.data) > max_bytes:
            raise TooLarge(f"The file {key!r} is larger than the limit of {max_bytes} bytes.")
        return blob

    def _delete_batch(self, keys: Sequence[str]) -> Sequence[str]:
        """Returns those that are still there."""
        names = {self._name(key)["Key"]: key for key in keys}
        asked = {"Objects": [{"Key": name} for name in names], "Quiet": True}
        try:
            with calling(keys[0], seconds=settings.PHOTOMILL_FETCH_SECONDS):
                answer = self._client.delete_objects(Bucket=self.bucket, Delete=asked)
        except Unreachable:
            raise
        except StorageError:
            return keys
        return [names[row["Key"]] for row in answer.get("Errors", []) if row.get("Key") in names]

    def _name(self, key: str) -> dict[str, str]:
        refuse_escape(key)
        return {"Bucket": self.bucket, "Key": join_keys(self.prefix, key)}


def _is_object(row: dict[str, Any], prefix: str) -> bool:
    """Whether a row is an object that was asked for, and not a folder, which some clients keep as an empty object."""
    key = row.get("Key", "")
    return key.startswith(prefix) and bool(key) and not key.endswith("/") and "LastModified" in row


def _describe(row: dict[str, Any], base: str) -> ObjectFacts:
    tag = str(row.get("ETag", "")).strip('"')
    return ObjectFacts(row["Key"].removeprefix(base), row.get("Size", 0), tag, row["LastModified"])


def _find_cursor(answer: dict[str, Any], cursor: str | None) -> str | None:
    if "IsTruncated" not in answer:
        raise BadParameters(NO_S3)
    following = answer.get("NextContinuationToken") if answer["IsTruncated"] else None
    if answer["IsTruncated"] and following in (None, "", cursor):
        raise StorageUnavailable("The storage cut its listing short and does not say where it goes on.")
    return following
