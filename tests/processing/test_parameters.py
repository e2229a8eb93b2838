"""Every number that an operation takes, at the edges of its range and beyond, from what the parameters' classes say.

An operation that is added is covered at once.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest

from processing import operations
from processing.analysis import Analysis
from processing.base import Context, Params, find_assets
from processing.errors import ImageError, InvalidParams
from processing.limits import Limits
from processing.picture import Picture
from tests.images import encode, ramps, see_through
from tests.processing.running import picture_of

SIZE = (64, 48)
LIMITS = Limits(max_pixels=4_000_000, max_side=4096)
MOST_SECONDS = 5.0
SOURCES = (ramps(SIZE), see_through(SIZE))
ASSET = encode(see_through(SIZE))
NEVER = [math.inf, -math.inf, math.nan]
ANYWHERE = [-0.0, 0.0, 1e-300, -1e-300, 1e308, -1e308]

Schema = dict[str, Any]
PLACE: Schema = {"kind": "storage", "location": "a.png"}
"""What names a picture beside the number of its storage."""


@dataclass(frozen=True)
class Number:
    """A numeric parameter: where it stands, from the outside in, and what it may be by its class.

    beside: what is given along with it, such as a unit.
    """

    operation: str
    path: tuple[str, ...]
    form: Schema = field(hash=False)
    beside: Schema = field(hash=False)

    @property
    def low(self) -> float | None:
        return self.form.get("exclusiveMinimum", self.form.get("minimum"))

    @property
    def high(self) -> float | None:
        return self.form.get("exclusiveMaximum", self.form.get("maximum"))

    @property
    def is_whole(self) -> bool:
        return bool(self.form["type"] == "integer")

    def allows(self, value: float) -> bool:
        above = value > self.low if "exclusiveMinimum" in self.form else self.low is None or value >= self.low
        below = value < self.high if "exclusiveMaximum" in self.form else self.high is None or value <= self.high
        return above and below and math.isfinite(value) and (isinstance(value, int) or not self.is_whole)

    def edges(self) -> list[float]:
        """What no number may be, what is small or large, and each bound with what is beside it."""
        found = [*NEVER, *ANYWHERE]
        for bound in (self.low, self.high):
            if bound is not None:
                found += [bound - 1, bound, bound + 1]
                found += [math.nextafter(bound, math.inf), math.nextafter(bound, -math.inf)]
        whole = [int(value) for value in found if math.isfinite(value) and value == int(value)]
        return [*found, *whole]

    def put(self, params: dict[str, Any], value: float) -> dict[str, Any]:
        """The parameters with this number in its place."""
        return _put(params, self.path, value, self.beside)


def _put(params: Any, path: tuple[str, ...], value: float, beside: Schema) -> dict[str, Any]:
    params = dict(params or {})
    name, *rest = path
    if rest:
        return params | {name: _put(params.get(name), tuple(rest), value, beside)}
    return params | beside | {name: value}


def find_numbers(operation: str, schema: Schema, shared: Schema, path: tuple[str, ...] = ()) -> Iterator[Number]:
    units = schema.get("properties", {}).get("unit", {}).get("enum")
    plain = PLACE if PLACE.keys() <= schema.get("properties", {}).keys() else {}
    for name, described in schema.get("properties", {}).items():
        for form in described.get("anyOf", [described]):
            if "$ref" in form:
                yield from find_numbers(operation, shared[form["$ref"].rpartition("/")[2]], shared, (*path, name))
            elif form.get("type") in ("number", "integer"):
                for beside in [{"unit": unit} for unit in units] if units else [plain]:
                    yield Number(operation, (*path, name), form, beside)


def numbers_of(name: str) -> list[Number]:
    schema = operations.get(name).Params.model_json_schema()
    return list(find_numbers(name, schema, schema.get("$defs", {})))


NUMBERS = [
    pytest.param(number, id="-".join([name, ".".join(number.path), *number.beside.values()]))
    for name in sorted(operations.all())
    for number in numbers_of(name)
]
WITH_NUMBERS = [name for name in sorted(operations.all()) if numbers_of(name)]


def example_of(name: str) -> dict[str, Any]:
    return operations.get(name).examples[0].params


@cache
def look_at_sources() -> list[tuple[Picture, Analysis]]:
    """Each source with what is seen in it: models look once, not for every number."""
    return [(picture := picture_of(source), Analysis(picture)) for source in SOURCES]


def check_work(name: str, params: Params) -> None:
    """The operation ends soon with a picture inside the limits, or says why not."""
    assets = {asset.name: ASSET for asset in find_assets(params)}
    for source, analysis in look_at_sources():
        began = time.process_time()
        try:
            context = Context(limits=LIMITS, assets=assets, analysis=analysis)
            made = operations.get(name).apply(source, params, context)
        except ImageError:
            continue
        finally:
            assert time.process_time() - began < MOST_SECONDS
        assert {frame.size for frame in made.frames} == {made.size}
        assert 1 <= min(made.size) <= max(made.size) <= LIMITS.max_side
        assert made.size[0] * made.size[1] <= LIMITS.max_pixels
        assert all(map(math.isfinite, made.to_source))


@pytest.mark.parametrize("number", NUMBERS)
def test_what_the_range_leaves_out_is_refused_by_the_name_of_its_field(number: Number):
    refused = [value for value in number.edges() if not number.allows(value)]
    assert len(refused) >= len(NEVER)
    for value in refused:
        with pytest.raises(InvalidParams) as caught:
            operations.parse(number.operation, number.put(example_of(number.operation), value))
        assert (caught.value.param or "").startswith(".".join(number.path)), value


@pytest.mark.parametrize("number", NUMBERS)
def test_what_the_range_allows_is_refused_or_ends_soon(number: Number):
    for value in filter(number.allows, number.edges()):
        try:
            params = operations.parse(number.operation, number.put(example_of(number.operation), value))
        except InvalidParams:
            continue
        check_work(number.operation, params)


@pytest.mark.parametrize("number", NUMBERS)
def test_every_number_has_bounds_or_is_a_key(number: Number):
    assert (number.low is not None and number.high is not None) or number.path[-1].endswith("_id")


@pytest.mark.parametrize("end", ["low", "high"])
@pytest.mark.parametrize("name", WITH_NUMBERS)
def test_all_numbers_at_the_ends_of_their_ranges_together_end_soon(name: str, end: str):
    params = example_of(name)
    for number in numbers_of(name):
        bound = getattr(number, end)
        if bound is not None and number.allows(bound):
            params = number.put(params, int(bound) if number.is_whole else bound)
    try:
        parsed = operations.parse(name, params)
    except InvalidParams:
        return
    check_work(name, parsed)


def test_numbers_are_found_in_parameters_and_in_what_they_hold():
    found = {(number.path, *number.beside.values()) for number in numbers_of("watermark")}
    assert {(("width", "value"), "%w"), (("x", "value"), "px"), (("source", "storage_id"), *PLACE.values())} <= found


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"size": "large"}, "size: Input should be 'trim' or 'source', or: Input should be an object"),
        ({"size": {"width": 0}}, "size.width: Input should be greater than"),
        ({"size": {}}, "size: Input should be 'trim' or 'source', or: Value error, width or height is required"),
        ({"margins": {"left": -1}}, "margins.left: Input should be greater than"),
    ],
)
def test_a_field_of_several_types_is_named_as_the_caller_wrote_it(wrong: Schema, message: str):
    with pytest.raises(InvalidParams) as caught:
        operations.parse("body_crop", {"marker": "face", **wrong})
    assert caught.value.message.startswith(message)
    assert caught.value.param == message.partition(":")[0]
