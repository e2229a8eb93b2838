"""Recipes may be written with the names of Crop.photo's endpoints: kept are the steps that these stand for."""

import pytest

from jobs import aliases
from jobs.errors import MalformedRequest
from processing.base import Step
from processing.formats import Output


def step(operation: str, **params: object) -> Step:
    return Step(operation=operation, params=params)


def test_an_endpoints_name_stands_for_its_steps() -> None:
    params = {"background": "#FF5733", "output_dimension": "200x300", "minimum_margins": "8%", "output_format": "jpeg"}
    steps, output = aliases.expand([step("auto-resize-align", **params)], Output())
    assert [each.operation for each in steps] == ["remove_background", "subject_crop", "backdrop"]
    assert steps[1].params["width"] == 200
    assert steps[1].params["margins"]["left"] == {"value": 8.0, "unit": "%"}
    assert steps[2].params == {"color": "#ff5733"}
    assert output.format == "jpeg"


def test_our_own_steps_stay_as_they_are() -> None:
    mine = [step("resize", width={"value": 10}), step("flip", direction="x")]
    assert aliases.expand(mine, Output(format="png")) == (mine, Output(format="png"))


def test_what_the_recipe_says_of_its_result_beats_what_the_step_says() -> None:
    output = aliases.expand([step("remove-background")], Output(format="webp", quality=50))[1]
    assert output == Output(format="webp", quality=50)


def test_a_step_before_the_last_says_nothing_of_the_result() -> None:
    steps, output = aliases.expand([step("remove-background"), step("blur", sigma=1.0)], Output())
    assert [each.operation for each in steps] == ["remove_background", "blur"]
    assert output == Output()


@pytest.mark.parametrize(
    ("params", "word"),
    [({"background": "blue"}, "background"), ({"colour": "white"}, "colour"), ({"output_dimension": "1"}, "output_")],
)
def test_parameters_that_the_endpoint_refuses_are_refused(params: dict[str, str], word: str) -> None:
    with pytest.raises(MalformedRequest, match=word):
        aliases.expand([step("auto-resize-align", **params)], Output())
