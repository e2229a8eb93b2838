"""How requests are read: by the rules of pydantic 1.

The product runs on it, and its texts, its paths and its leniency are on the wire: `"1000"` is a number, `"yes"` is
true, and of a choice every branch says what is wrong. The library has that version in itself.
"""

import re
from collections import defaultdict
from typing import Any, TypeVar

from pydantic.v1 import BaseModel, ConstrainedStr, Extra, ValidationError
from pydantic.v1.errors import DictError

from jobs.dialects.claid.errors import InvalidRequest

PERCENT = r"^[1-9][0-9]+[%]$|^[0-9][%]$"
"""The one pattern for per cent that is published: no fractions, no leading zeros."""

SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
SCHEMES = ("http", "https", "storage")


class Fields(BaseModel):
    """The fields of one object. What is not named is refused."""

    class Config:
        extra = Extra.forbid
        use_enum_values = True

    @classmethod
    def validate(cls: type["Parsed"], value: Any) -> "Parsed":
        """An object, or the empty list that some languages write for one. Pydantic takes empty texts too."""
        if isinstance(value, str):
            raise DictError
        return super().validate(value)


Parsed = TypeVar("Parsed", bound=Fields)


class Uri(ConstrainedStr):
    """The address of a picture or a folder: on the web, or in a connected storage."""

    min_length = 1
    max_length = 4096

    @classmethod
    def __get_validators__(cls) -> Any:
        yield from super().__get_validators__()
        yield check_scheme


def check_scheme(text: str) -> str:
    """The address, where its scheme is one that is read. Raises ValueError."""
    scheme = SCHEME.match(text)
    if scheme is None:
        raise ValueError("invalid or missing URL scheme")
    if scheme[1].lower() not in SCHEMES:
        raise ValueError("URL scheme not permitted")
    if text[scheme.end() : scheme.end() + 2] != "//" or not text[scheme.end() + 2 :].strip("/"):
        raise ValueError("URL host invalid")
    return text


def parse(schema: type[Parsed], body: Any) -> Parsed:
    """The body as this schema has it. Raises InvalidRequest with all that is wrong."""
    if not isinstance(body, dict):
        raise InvalidRequest({"body": ["value is not a valid dict"]})
    try:
        return schema.parse_obj(body)
    except ValidationError as error:
        raise InvalidRequest(describe(error)) from None


def describe(error: ValidationError) -> dict[str, list[str]]:
    """What is wrong, by the path of the field."""
    faults: defaultdict[str, list[str]] = defaultdict(list)
    for fault in error.errors():
        faults[".".join(str(part) for part in fault["loc"] if part != "__root__")].append(fault["msg"])
    return faults
