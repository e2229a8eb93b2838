from collections.abc import Iterator

import pytest

from processing import base, operations
from processing.base import Context, Example, Operation, Step
from processing.errors import EmptyResult, InvalidParams, UnavailableOperation, UnknownOperation
from processing.picture import Picture
from tests.images import decode, encode, ramps
from tests.processing.chains import process, result, step, variant
from tests.processing.running import per_cent, px

SIZE = (100, 80)


class Counting(Operation):
    """Count how often it is applied."""

    class Params(base.Params):
        label: str = ""

    examples = [Example({})]
    calls: list[str] = []
    reason: str | None = None

    @classmethod
    def missing(cls) -> str | None:
        return cls.reason

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        Counting.calls.append(params.label)
        return picture.lose(f"counted_{params.label}", "counted")


@pytest.fixture
def counting() -> Iterator[type[Counting]]:
    """One more operation, called `counting`."""
    Counting.calls, Counting.reason = [], None
    operations.all()["counting"] = Counting
    yield Counting
    del operations.all()["counting"]


def test_a_chain_hands_each_result_to_the_next_step():
    made = result(encode(ramps(SIZE)), step("resize", width=per_cent(50)), step("resize", width=per_cent(50)))
    assert made.size == (25, 20)


def test_results_come_in_the_order_of_their_variants():
    widths = [30, 10, 20]
    outcomes = process(encode(ramps(SIZE)), *(variant(step("resize", width=px(width))) for width in widths)).outcomes
    assert [outcome.encoded.size[0] for outcome in outcomes if outcome.encoded] == widths


def test_steps_that_variants_have_in_common_run_once(counting: type[Counting]):
    shared = [step("counting", label="a"), step("counting", label="b")]
    made = process(
        encode(ramps(SIZE)),
        variant(*shared),
        variant(*shared, step("counting", label="c")),
        variant(*shared, step("counting", label="d")),
        variant(step("counting", label="b")),
    )
    assert sorted(counting.calls) == ["a", "b", "b", "c", "d"]
    reports = [[loss.code[-1] for loss in outcome.encoded.losses] for outcome in made.outcomes if outcome.encoded]
    assert reports == [["a", "b"], ["a", "b", "c"], ["a", "b", "d"], ["b"]]


def test_steps_that_differ_in_one_parameter_are_not_shared(counting: type[Counting]):
    process(encode(ramps(SIZE)), variant(step("counting")), variant(step("counting", label="a")))
    assert sorted(counting.calls) == ["", "a"]


def test_a_variant_is_not_touched_by_what_another_does_next():
    resize = step("resize", width=px(50))
    alone = result(encode(ramps(SIZE)), resize)
    outcomes = process(encode(ramps(SIZE)), variant(resize), variant(resize, step("filter", filter="negate"))).outcomes
    assert outcomes[0].encoded is not None
    assert decode(outcomes[0].encoded.data).tobytes() == alone.tobytes()


def test_no_steps_only_encode_again():
    assert result(encode(ramps(SIZE))).tobytes() == ramps(SIZE).tobytes()


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (step("vignette"), UnknownOperation),
        (step("resize"), InvalidParams),
        (step("crop", width=px(5), x=px(500), fit=False), EmptyResult),
    ],
)
def test_an_error_is_its_own_variants_alone(bad: Step, error: type[Exception]):
    good = variant(step("flip", direction="vertical"))
    outcomes = process(encode(ramps(SIZE)), good, variant(bad), good).outcomes
    assert [type(outcome.error) for outcome in outcomes] == [type(None), error, type(None)]
    assert outcomes[1].encoded is None
    assert outcomes[0].encoded
    assert outcomes[2].encoded


def test_a_failing_shared_step_fails_all_that_share_it():
    bad = step("crop", width=px(5), x=px(500), fit=False)
    outcomes = process(encode(ramps(SIZE)), variant(bad), variant(bad, step("enhance")), variant()).outcomes
    assert [type(outcome.error) for outcome in outcomes] == [EmptyResult, EmptyResult, type(None)]


def test_an_operation_whose_model_is_missing_says_so(counting: type[Counting]):
    counting.reason = "no model file"
    error = process(encode(ramps(SIZE)), variant(step("counting"))).outcomes[0].error
    assert isinstance(error, UnavailableOperation)
    assert "no model file" in error.message
    assert counting.calls == []


def test_times_are_told_for_decoding_and_for_each_variant():
    made = process(encode(ramps(SIZE)), variant(), variant(step("blur", sigma=3)))
    assert made.decode_milliseconds > 0
    assert all(outcome.milliseconds > 0 for outcome in made.outcomes)


def test_a_jpeg_whose_every_chain_is_wrong_is_still_read():
    wrong = variant(step("resize", width=px(0)))
    outcomes = process(encode(ramps(SIZE), "JPEG"), wrong).outcomes
    assert outcomes[0].error is not None
    assert outcomes[0].error.code == "invalid_parameters"
