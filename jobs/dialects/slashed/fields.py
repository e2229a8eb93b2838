"""SlashedCloud's spellings of values, each read into ours or refused with a sentence that names the field."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from jobs.dialect import to_storable
from jobs.errors import MalformedRequest
from storage.errors import BadKey
from storage.keys import clean_key

NUMBER = re.compile(r"\s*-?[0-9]+(\.[0-9]+)?\s*", re.ASCII)
SIZE = {
    "width": re.compile(r"([0-9]+(?:\.[0-9]+)?)(px|%|h)?"),
    "height": re.compile(r"([0-9]+(?:\.[0-9]+)?)(px|%|w)?"),
}
OFFSET = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)(px|%)?")
COLOR = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")
LARGEST = 1_000_000
"""What a larger length counts as. Neither fits into any picture, so that nothing tells them apart."""

GRAVITIES = ("center", "north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest")
SIZE_FORMS = {
    "width": "must be a number above 0, of pixels (100, '100' or '100px'), '50%' or '50h'",
    "height": "must be a number above 0, of pixels (100, '100' or '100px'), '50%' or '50w'",
}


class Fields:
    """The fields of one JSON object, with its path in the request. `unread` is what nobody asked for."""

    def __init__(self, values: Any, path: str) -> None:
        if not isinstance(values, Mapping):
            raise MalformedRequest(f"{path or 'The body'} must be an object", param=path or None)
        self.values = values
        self.path = path
        self._read: set[str] = set()

    @property
    def unread(self) -> list[str]:
        """Paths of the fields that were not read."""
        return [self.name(key) for key in self.values if key not in self._read]

    def name(self, key: str) -> str:
        """The path of a field."""
        return f"{self.path}.{key}" if self.path else key

    def has(self, key: str) -> bool:
        """Whether the field is there and not null."""
        self._read.add(key)
        return self.values.get(key) is not None

    def fail(self, key: str, rule: str) -> MalformedRequest:
        """The error that says which rule a field broke."""
        return MalformedRequest(f"{self.name(key)} {rule}", param=self.name(key))

    def require(self, key: str) -> Any:
        """The field's value. Raises MalformedRequest where it is missing."""
        if not self.has(key):
            raise self.fail(key, "is required")
        return self.values[key]

    def text(self, key: str, *, default: str | None = None) -> str:
        """A string that every database keeps."""
        value = self.require(key) if default is None or self.has(key) else default
        if not isinstance(value, str):
            raise self.fail(key, "must be a string")
        if value != to_storable(value):
            raise self.fail(key, "must not contain NUL or half a surrogate pair")
        return value

    def array(self, key: str, *, longest: int, shortest: int = 0) -> Sequence[Any]:
        """A list of `shortest` to `longest` values; a missing one is empty where that is allowed."""
        value = self.require(key) if shortest or self.has(key) else []
        if not isinstance(value, list):
            raise self.fail(key, "must be an array")
        if not shortest <= len(value) <= longest:
            raise self.fail(key, f"must have {shortest} to {longest} entries")
        return value

    def number(self, key: str, low: float, high: float, *, default: float | None = None) -> float:
        """A number, or a string that is one, within low and high."""
        if default is not None and not self.has(key):
            return default
        value = read_number(self.require(key))
        if value is None or not low <= value <= high:
            raise self.fail(key, f"must be a number between {low:g} and {high:g}")
        return value

    def distance(self, key: str) -> float:
        """A number from 0, however large."""
        value = read_number(self.require(key))
        if value is None or value < 0:
            raise self.fail(key, "must be a number from 0")
        return min(value, LARGEST)

    def choice(self, key: str, choices: Sequence[str], *, default: str | None = None) -> str:
        """One of some words."""
        value = self.require(key) if default is None or self.has(key) else default
        if value not in choices:
            raise self.fail(key, f"must be one of {', '.join(choices)}")
        return str(value)

    def gravity(self) -> str:
        """One of the nine places, in any case; `middle` is the centre."""
        value = self.values["gravity"] if self.has("gravity") else "center"
        word = value.lower() if isinstance(value, str) else value
        word = "center" if word == "middle" else word
        if word not in GRAVITIES:
            raise self.fail("gravity", f"must be one of {', '.join(GRAVITIES)}")
        return str(word)

    def color(self, key: str, *, default: str) -> str:
        """A hexadecimal colour, as `#rrggbb`."""
        value = self.values[key] if self.has(key) else default
        match = COLOR.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise self.fail(key, "must be a hexadecimal colour such as #aabbcc")
        digits = match.group(1).lower()
        return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))

    def size(self, key: str) -> dict[str, Any] | None:
        """A width or height as a Length, or None where it is left out."""
        if not self.has(key):
            return None
        match = _match(SIZE[key], self.values[key])
        if match is None or match[0] <= 0:
            raise self.fail(key, SIZE_FORMS[key])
        unit = {"": "px", "px": "px", "%": "%", "h": "%h", "w": "%w"}[match[1]]
        return {"value": min(match[0], LARGEST), "unit": unit}

    def sizes(self, *, required: bool = True) -> dict[str, Any]:
        """Width and height, of which one is enough."""
        found = {key: value for key in ("width", "height") if (value := self.size(key)) is not None}
        if required and not found:
            raise self.fail("width", "or height is required")
        return found

    def offset(self, key: str) -> dict[str, Any]:
        """A distance, negative ones too, as an Offset."""
        match = _match(OFFSET, self.values[key] if self.has(key) else 0)
        if match is None:
            raise self.fail(key, "must be a number of pixels (100, '100' or '100px') or '25%', which may be negative")
        return {"value": max(-LARGEST, min(match[0], LARGEST)), "unit": "%" if match[1] == "%" else "px"}

    def offsets(self) -> dict[str, Any]:
        """Both offsets, by the names that operations have for them."""
        return {"x": self.offset("xoffset"), "y": self.offset("yoffset")}

    def key(self, name: str) -> str:
        """A path in the service's storage."""
        try:
            return clean_key(self.text(name), param=self.name(name))
        except BadKey as error:
            raise MalformedRequest(error.message, param=self.name(name)) from None


def read_number(value: Any) -> float | None:
    """The number that a JSON number or a numeric string is, or None."""
    if isinstance(value, str) and NUMBER.fullmatch(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def _match(pattern: re.Pattern[str], value: Any) -> tuple[float, str] | None:
    """Number and unit of a size or an offset."""
    if not isinstance(value, str):
        number = read_number(value)
        return None if number is None else (number, "")
    match = pattern.fullmatch(value)
    return None if match is None else (float(match.group(1)), match.group(2) or "")
