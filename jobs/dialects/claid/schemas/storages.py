"""The bodies of requests about connected storages. Parameters are read by the type that they are for."""

import re
from enum import Enum
from typing import Any

from pydantic.v1 import ConstrainedStr, Extra, validator

from jobs.dialects.claid.schemas.base import Fields, parse

UNFIT = re.compile(r"[/\x00-\x1f\x7f\ud800-\udfff]")


class StorageType(Enum):
    web_folder = "web_folder"
    s3 = "s3"
    gcs = "gcs"


TYPES = [one.value for one in StorageType]


class Name(ConstrainedStr):
    """It stands between slashes in addresses."""

    min_length = 1
    max_length = 50

    @classmethod
    def __get_validators__(cls) -> Any:
        yield from super().__get_validators__()
        yield check_name


def check_name(name: str) -> str:
    if UNFIT.search(name):
        raise ValueError("ensure this value has neither slashes nor control characters")
    return name


class Filled(ConstrainedStr):
    min_length = 1


class Credentials(Fields):
    access_key: Filled
    secret_access_key: Filled


class Bucket(Fields):
    """A bucket of Google's."""

    bucket: Filled
    path: str | None
    credentials: Credentials


class S3Bucket(Bucket):
    """A bucket of Amazon's, or of another server that speaks its protocol: where that is, is an addition of ours."""

    endpoint_url: Filled | None
    region: Filled | None


class WebFolder(Fields):
    """Other keys are let pass."""

    class Config(Fields.Config):
        extra = Extra.ignore

    base_url: str


class CredentialsChange(Fields):
    access_key: Filled | None
    secret_access_key: Filled | None


class BucketChange(Fields):
    bucket: Filled | None
    path: str | None
    credentials: CredentialsChange | None


class S3BucketChange(BucketChange):
    endpoint_url: Filled | None
    region: Filled | None


PARAMETERS: dict[str, type[Fields]] = {"web_folder": WebFolder, "s3": S3Bucket, "gcs": Bucket}
CHANGES: dict[str, type[Fields]] = {"web_folder": WebFolder, "s3": S3BucketChange, "gcs": BucketChange}


class Create(Fields):
    """A storage to be connected."""

    name: Name
    type: StorageType
    parameters: dict[str, Any]

    @validator("parameters")
    @classmethod
    def must_fit_the_type(cls, given: dict[str, Any], values: dict[str, Any]) -> Any:
        return PARAMETERS[values["type"]].parse_obj(given) if "type" in values else given


class Change(Fields):
    """What is to be different about a storage of the type `kind`."""

    name: Name | None
    type: StorageType | None
    parameters: dict[str, Any] | None


def _make_change(kind: str) -> type[Change]:
    class ChangeOfKind(Change):
        @validator("parameters", allow_reuse=True)
        @classmethod
        def must_fit_the_type(cls, given: dict[str, Any] | None, values: dict[str, Any]) -> Any:
            if given is None:
                return None
            asked = values.get("type") or kind
            # Of a new type all is needed: there is nothing to be kept.
            return (CHANGES if asked == kind else PARAMETERS)[asked].parse_obj(given)

    return ChangeOfKind


CHANGES_OF_KINDS = {kind: _make_change(kind) for kind in TYPES}


def parse_create(body: Any) -> Create:
    """A storage to be connected. Raises InvalidRequest."""
    return parse(Create, body)


def parse_change(body: Any, kind: str) -> Change:
    """Changes of a storage of this type. Raises InvalidRequest."""
    return parse(CHANGES_OF_KINDS[kind], body)
