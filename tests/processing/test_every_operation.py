"""What holds for every operation, whatever it does.

An example with a photograph runs over that photograph in every kind of source; a plain picture has nothing to be found.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

from processing import operations
from processing.analysis import Analysis
from processing.base import Context, Example, Operation, Step, find_assets
from processing.decoders import load
from processing.errors import ImageError
from processing.formats import Output
from processing.limits import Limits
from processing.picture import LOSSES, Picture
from processing.pipeline import Outcome, Variant, run
from tests.images import decode, empty_sources, encode, every_source, film, see_through

NAMES = sorted(operations.all())
EXAMPLES = [
    pytest.param(name, example, id=f"{name}-{number}")
    for name in NAMES
    for number, example in enumerate(operations.get(name).examples)
]
LOOKING = [name for name in NAMES if "on_missing" in operations.get(name).Params.model_fields]
"""Operations that look for something, and may be told what to do without it."""

SOURCES = list(every_source((2, 2)))
DOTTED = "1"
"""Black and white dots. Nobody need be recognized in them."""

MISSED = {code for code in LOSSES if code.startswith("no_")}
SEEN = ("identity_crop",)
"""Operations whose result is as large as what is seen, which grain and dots move by a pixel."""

TOGETHER = ("auto_enhance", "auto_levels", "ulb")
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


def data_of(example: Example, source: str) -> bytes:
    return every_source(example.source, example.photo)[source]


def found_nothing(outcome: Outcome) -> bool:
    """Whether the outcome says that what was looked for is not there: by its error, or in its report."""
    if outcome.encoded is None:
        return outcome.error is not None and outcome.error.code == "subject_not_found"
    return any(loss.code in MISSED for loss in outcome.encoded.losses)


def run_example(name: str, example: Example, data: bytes) -> Outcome:
    variant = Variant((Step(operation=name, params=example.params),), Output(format="png"))
    return run(data, [variant], limits=Limits(), assets=assets_of(name, example)).outcomes[0]


def apply_example(name: str, example: Example, data: bytes) -> tuple[Picture, Picture]:
    """The picture before and after, with all its frames."""
    picture = load(data, Limits(), animated=True)
    return picture, apply_to(picture, name, example, seen=picture)


def apply_to(picture: Picture, name: str, example: Example, *, seen: Picture) -> Picture:
    """seen: the source that detectors look at, as the pipeline does it once for all."""
    context = Context(assets=assets_of(name, example), analysis=Analysis(seen))
    return operations.get(name).apply(picture, operations.parse(name, example.params), context)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_an_example_works_on_every_kind_of_source(name: str, example: Example, source: str):
    usable(name)
    outcome = run_example(name, example, data_of(example, source))
    if example.photo and source == DOTTED and found_nothing(outcome):
        return
    assert outcome.error is None
    assert outcome.encoded is not None
    slack = 2 if name in SEEN else 0
    assert outcome.encoded.size == pytest.approx(example.size or example.source, abs=slack)
    assert decode(outcome.encoded.data).size == outcome.encoded.size


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_the_smallest_picture_is_changed_or_refused(name: str, example: Example, source: str):
    usable(name)
    outcome = run_example(name, example, every_source((1, 1))[source])
    assert (outcome.error is None) != (outcome.encoded is None)
    assert outcome.error is None or isinstance(outcome.error, ImageError)


@pytest.mark.parametrize("source", list(empty_sources((2, 2))))
@pytest.mark.parametrize("name", LOOKING)
def test_what_is_not_there_is_refused_or_reported_and_the_picture_kept(name: str, source: str):
    example = usable(name).examples[0]
    data = empty_sources(example.source)[source]
    for on_missing in get_args(operations.get(name).Params.model_fields["on_missing"].annotation):
        asked = replace(example, params=example.params | {"on_missing": on_missing})
        outcome = run_example(name, asked, data)
        assert found_nothing(outcome)
        assert (outcome.error is None) == (on_missing == "keep")
        if outcome.encoded:
            kept = run(data, [Variant((), Output(format="png"))], limits=Limits()).outcomes[0].encoded
            assert kept is not None
            assert kept.data == outcome.encoded.data


@pytest.mark.parametrize("source", ["RGB", "RGBA", "animated"])
@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_the_result_is_whole_and_its_source_unchanged(name: str, example: Example, source: str):
    usable(name)
    data = data_of(example, source)
    before, after = apply_example(name, example, data)
    again = load(data, Limits(), animated=True)
    assert [frame.tobytes() for frame in before.frames] == [frame.tobytes() for frame in again.frames]
    assert {frame.mode for frame in after.frames} <= {"RGB", "RGBA"}
    assert {frame.size for frame in after.frames} == {after.size}
    assert after.source == before.source


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_a_film_keeps_its_frames_their_durations_and_its_plays(name: str, example: Example):
    usable(name)
    before, after = apply_example(name, example, film(example.source, photo=example.photo))
    assert (len(after.frames), after.durations_ms, after.plays) == (3, (40, 80, 120), 3)
    assert len({frame.mode for frame in after.frames}) == 1
    for number, frame in enumerate(before.frames):
        made = apply_to(replace(before, frames=(frame,), durations_ms=()), name, example, seen=before)
        assert made.size == after.size
        if name not in TOGETHER:
            assert made.frames[0].tobytes() == after.frames[number].tobytes()


@pytest.mark.parametrize("form", ["gif", "png", "webp", "avif"])
@pytest.mark.parametrize("name", NAMES)
def test_a_film_is_written_for_as_long_and_as_often(name: str, form: Any):
    operation = usable(name)
    example = operation.examples[0]
    variant = Variant((Step(operation=name, params=example.params),), Output(format=form))
    data, assets = film(example.source, photo=example.photo), assets_of(name, example)
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
    with pytest.raises(ImageError, match="known are adjust, annotation, ") as caught:
        operations.get("vignette")
    assert caught.value.code == "unknown_operation"
