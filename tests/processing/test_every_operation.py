"""What holds for every operation, whatever it does."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from processing import operations
from processing.base import Context, Example, Operation, Step, find_assets
from processing.decoders import load
from processing.errors import ImageError
from processing.formats import Output
from processing.limits import Limits
from processing.picture import Picture
from processing.pipeline import Outcome, Variant, run
from tests.images import decode, encode, every_source, film, see_through

NAMES = sorted(operations.all())
EXAMPLES = [
    pytest.param(name, example, id=f"{name}-{number}")
    for name in NAMES
    for number, example in enumerate(operations.get(name).examples)
]
SOURCES = list(every_source((2, 2)))
TOGETHER = ("auto_levels", "ulb")
"""Operations that look at a film as a whole, so that it does not flicker or jump."""


def usable(name: str) -> type[Operation]:
    operation = operations.get(name)
    reason = operation.missing()
    if reason:
        pytest.skip(f"{name} is not available here: {reason}")
    return operation


def assets_of(name: str, example: Example) -> dict[str, bytes]:
    params = operations.parse(name, example.params)
    return {ref.name: encode(see_through(example.assets[ref.location])) for ref in find_assets(params)}


def run_example(name: str, example: Example, data: bytes) -> Outcome:
    variant = Variant((Step(operation=name, params=example.params),), Output(format="png"))
    return run(data, [variant], limits=Limits(), assets=assets_of(name, example)).outcomes[0]


def apply_example(name: str, example: Example, data: bytes) -> tuple[Picture, Picture]:
    """The picture before and after, with all its frames."""
    picture = load(data, Limits(), animated=True)
    params = operations.parse(name, example.params)
    return picture, operations.get(name).apply(picture, params, Context(assets=assets_of(name, example)))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_an_example_works_on_every_kind_of_source(name: str, example: Example, source: str):
    usable(name)
    outcome = run_example(name, example, every_source(example.source)[source])
    assert outcome.error is None
    assert outcome.encoded is not None
    assert outcome.encoded.size == (example.size or example.source)
    assert decode(outcome.encoded.data).size == outcome.encoded.size


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_the_smallest_picture_is_changed_or_refused(name: str, example: Example, source: str):
    usable(name)
    outcome = run_example(name, example, every_source((1, 1))[source])
    assert (outcome.error is None) != (outcome.encoded is None)
    assert outcome.error is None or isinstance(outcome.error, ImageError)


@pytest.mark.parametrize("source", ["RGB", "RGBA", "animated"])
@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_the_result_is_whole_and_its_source_unchanged(name: str, example: Example, source: str):
    usable(name)
    data = every_source(example.source)[source]
    before, after = apply_example(name, example, data)
    again = load(data, Limits(), animated=True)
    assert [frame.tobytes() for frame in before.frames] == [frame.tobytes() for frame in again.frames]
    assert {frame.mode for frame in after.frames} <= {"RGB", "RGBA"}
    assert {frame.size for frame in after.frames} == {after.size}
    assert after.source == before.source


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_a_film_keeps_its_frames_their_durations_and_its_plays(name: str, example: Example):
    usable(name)
    before, after = apply_example(name, example, film(example.source))
    assert (len(after.frames), after.durations_ms, after.plays) == (3, (40, 80, 120), 3)
    assert len({frame.mode for frame in after.frames}) == 1
    for number, frame in enumerate(before.frames):
        alone = replace(before, frames=(frame,), durations_ms=())
        params = operations.parse(name, example.params)
        made = operations.get(name).apply(alone, params, Context(assets=assets_of(name, example)))
        assert made.size == after.size
        if name not in TOGETHER:
            assert made.frames[0].tobytes() == after.frames[number].tobytes()


@pytest.mark.parametrize("form", ["gif", "png", "webp", "avif"])
@pytest.mark.parametrize("name", NAMES)
def test_a_film_is_written_for_as_long_and_as_often(name: str, form: Any):
    operation = usable(name)
    example = operation.examples[0]
    variant = Variant((Step(operation=name, params=example.params),), Output(format=form))
    data, assets = film(example.source), assets_of(name, example)
    encoded = run(data, [variant], limits=Limits(), assets=assets).outcomes[0].encoded
    assert encoded is not None
    made = load(encoded.data, Limits(), animated=True)
    assert (sum(made.durations_ms), made.plays) == (240, 3)
    assert "frames_dropped" not in [loss.code for loss in encoded.losses]


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_parameters_survive_being_written_and_read(name: str, example: Example):
    params = operations.parse(name, example.params)
    assert operations.parse(name, params.model_dump(mode="json")) == params


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_described(name: str):
    schema = operations.get(name).Params.model_json_schema()
    for where in (schema, *schema.get("$defs", {}).values()):
        for field, facts in properties(where).items():
            assert facts.get("description"), f"{name}: {field} has no description"


def properties(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = schema.get("properties", {})
    return found


@pytest.mark.parametrize("name", NAMES)
def test_unknown_parameters_are_refused(name: str):
    with pytest.raises(ImageError) as caught:
        operations.parse(name, operations.get(name).examples[0].params | {"no_such_parameter": 1})
    assert caught.value.param == "no_such_parameter"


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_has_a_docstring_and_a_test_file(name: str):
    assert (operations.get(name).__doc__ or "").strip()
    assert Path(__file__).with_name("operations").joinpath(f"test_{name}.py").is_file()


def test_an_unknown_operation_is_refused_by_naming_those_that_exist():
    with pytest.raises(ImageError, match="known are annotation, ") as caught:
        operations.get("vignette")
    assert caught.value.code == "unknown_operation"
