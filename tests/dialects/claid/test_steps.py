"""Operations of a request as steps: which, in which order, with which parameters."""

from typing import Any

import pytest

from jobs.dialects.claid.schemas.base import parse
from jobs.dialects.claid.schemas.operations import Operations
from jobs.dialects.claid.steps import find_faults, plan_steps
from processing import operations

SIDES = ("top", "right", "bottom", "left")
SOURCE = {"value": 100, "unit": "%", "of": "source"}


def plan(asked: dict[str, Any], *, has_alpha: bool = True) -> list[tuple[str, dict[str, Any]]]:
    """The steps of these operations; every one that there is takes its parameters."""
    planned = plan_steps(parse(Operations, asked), has_alpha=has_alpha)
    for one in planned:
        if one.step.operation in operations.all():
            operations.parse(one.step.operation, one.step.params)
    return [(one.step.operation, one.step.params) for one in planned]


def one(asked: dict[str, Any], **more: Any) -> tuple[str, dict[str, Any]]:
    [step] = plan(asked, **more)
    return step


EVERYTHING = {
    "privacy": {"blur_car_plate": True, "identity_crop": True},
    "padding": "10%",
    "resizing": {"width": "200%", "fit": "canvas"},
    "background": {"remove": {"clipping": True}, "color": "#123456"},
    "adjustments": {"exposure": 10},
    "restorations": {"decompress": "auto", "upscale": "photo", "polish": True},
}


def test_steps_come_in_one_order_whatever_the_request_s_order_is() -> None:
    expected = [
        *("decompress", "adjust", "blur_plates", "identity_crop", "remove_background", "upscale", "place"),
        *("backdrop", "polish"),
    ]
    assert [name for name, _ in plan(EVERYTHING)] == expected
    assert plan(dict(reversed(EVERYTHING.items()))) == plan(EVERYTHING)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"restorations": {}, "adjustments": {}, "background": {}, "resizing": {}, "privacy": {}, "generative": {}},
        {"restorations": None, "adjustments": None, "background": None, "resizing": None, "padding": None},
        {"restorations": {"decompress": None, "upscale": None, "polish": False}},
        {"adjustments": {"hdr": 0, "exposure": 0, "saturation": 0, "contrast": 0, "sharpness": 0}},
        {"adjustments": {"hdr": {"intensity": 0, "stitching": True}}},
        {"background": {"remove": False, "blur": False}},
        {"background": {"color": "transparent"}},
        {"resizing": {"width": "auto", "height": "auto", "fit": "crop"}},
        {"resizing": {"fit": {"type": "crop", "crop": "smart"}}},
        {"privacy": {"blur_car_plate": False, "identity_crop": None}},
        {"restorations": {"upscale": "smart_enhance"}},
        {"restorations": {"upscale": "faces"}, "resizing": {"fit": "bounds"}},
    ],
)
def test_what_asks_for_nothing_is_nothing(asked: dict[str, Any]) -> None:
    assert plan(asked) == []


@pytest.mark.parametrize("strength", ["moderate", "strong", "auto"])
def test_decompressing_has_its_strength(strength: str) -> None:
    assert one({"restorations": {"decompress": strength}}) == ("decompress", {"strength": strength})


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"exposure": -100}, {"exposure": -100}),
        ({"hdr": 70}, {"hdr": 70}),
        ({"hdr": {}}, {"hdr": 100}),
        ({"hdr": {"intensity": 30, "stitching": True}}, {"hdr": 30, "stitching": True}),
        ({"sharpness": 5, "contrast": 6, "saturation": 7}, {"sharpness": 5, "contrast": 6, "saturation": 7}),
    ],
)
def test_adjustments_are_one_step(asked: dict[str, Any], expected: dict[str, Any]) -> None:
    none = dict.fromkeys(("exposure", "saturation", "contrast", "sharpness", "hdr"), 0)
    assert one({"adjustments": asked}) == ("adjust", {**none, **expected})


# --- Background ----------------------------------------------------------------------------------------------------


def test_removing_cuts_out_and_lays_white_behind_where_the_source_was_opaque() -> None:
    cut = {"fill": "transparent", "clip": False, "category": "products", "on_missing": "keep"}
    ground = {"color": "#ffffff", "sources": "opaque"}
    assert plan({"background": {"remove": True}}) == [("remove_background", cut), ("backdrop", ground)]


@pytest.mark.parametrize(("color", "expected"), [("#FfF", "#ffffff"), ("#12Ab9f", "#12ab9f")])
def test_a_colour_lies_behind_in_whatever_case_it_is_written(color: str, expected: str) -> None:
    assert plan({"background": {"remove": True, "color": color}})[1] == ("backdrop", {"color": expected})
    assert one({"background": {"color": color}}) == ("backdrop", {"color": expected})


@pytest.mark.parametrize("color", ["transparent", "Transparent"])
def test_a_transparent_background_stays_so(color: str) -> None:
    assert [name for name, _ in plan({"background": {"remove": True, "color": color}})] == ["remove_background"]


def test_where_the_format_has_no_transparency_white_is_the_format_s_business() -> None:
    assert one({"background": {"remove": True}}, has_alpha=False)[0] == "remove_background"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"category": "cars"}, {"category": "cars"}),
        ({"clipping": True}, {"clip": True, "category": "products"}),
        ({"selective": {"object_to_keep": "the red shoe"}}, {"hints": ["the red shoe"]}),
    ],
)
def test_what_is_cut_out_can_be_named(asked: dict[str, Any], expected: dict[str, Any]) -> None:
    assert expected.items() <= plan({"background": {"remove": asked}})[0][1].items()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (True, {"blur": "regular", "level": "medium", "category": "products"}),
        ({}, {"blur": "regular", "level": "medium", "category": "products"}),
        ({"type": "lens", "level": "high"}, {"blur": "lens", "level": "high"}),
        ({"category": "general"}, {"category": "general"}),
        ({"selective": {"object_to_keep": "dog"}}, {"hints": ["dog"]}),
    ],
)
def test_a_background_is_blurred(asked: Any, expected: dict[str, Any]) -> None:
    name, params = one({"background": {"blur": asked}})
    assert name == "remove_background"
    assert {"fill": "blur", **expected}.items() <= params.items()


# --- Layout --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        (1, {"value": 1}),
        ("1000", {"value": 1000}),
        ("200%", {**SOURCE, "value": 200}),
        ("5%", {**SOURCE, "value": 5}),
    ],
)
def test_a_side_is_in_pixels_or_in_per_cent_of_the_source(side: Any, expected: dict[str, Any]) -> None:
    for name, other in (("width", "height"), ("height", "width")):
        made = one({"resizing": {name: side, other: "auto"}})
        assert made == ("place", {name: expected, "fit": "crop", "background": None})


@pytest.mark.parametrize("fit", ["crop", "cover", "bounds", "canvas", "outpaint"])
def test_a_fit_is_a_word_or_an_object(fit: str) -> None:
    asked = {"width": 10, "height": 20}
    short = plan({"resizing": {**asked, "fit": fit}})
    assert short == plan({"resizing": {**asked, "fit": {"type": fit}}})
    assert short[0][1]["fit"] == fit


def test_a_smart_crop_is_one() -> None:
    fit = {"type": "crop", "crop": "smart"}
    assert one({"resizing": {"width": 10, "height": 10, "fit": fit}})[1]["crop"] == "smart"
    assert "crop" not in one({"resizing": {"width": 10, "height": 10, "fit": {"type": "crop"}}})[1]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("10%", [(10, "%"), (10, "%")]),
        ("5% 0%", [(5, "%"), (0, "%")]),
        ("0px 1024px", [(0, "px"), (1024, "px")]),
    ],
)
def test_outpainting_grows_across_and_then_down(asked: str, expected: list[tuple[int, str]]) -> None:
    params = one({"resizing": {"fit": {"type": "outpaint", "outpaint_by": asked, "feathering": "20%"}}})[1]
    growth = params["outpaint_by"]
    assert [(growth[side]["value"], growth[side]["unit"]) for side in ("width", "height")] == expected
    assert (params["fit"], params["feathering"]) == ("outpaint", 20.0)


def test_bars_are_see_through_until_the_source_is_known_and_in_the_colour_that_is_asked_for() -> None:
    canvas = {"resizing": {"width": 10, "height": 10, "fit": "canvas"}}
    (place, first), (ground, second) = plan(canvas)
    assert (place, first["background"], ground) == ("place", None, "backdrop")
    assert second == {"color": "#ffffff", "sources": "opaque"}
    colored = plan({**canvas, "background": {"color": "#000"}})
    assert (colored[0][1]["background"], colored[1][1]) == ("#000000", {"color": "#000000"})
    assert [name for name, _ in plan({**canvas, "background": {"color": "transparent"}})] == ["place"]


def test_a_crop_needs_no_ground() -> None:
    assert [name for name, _ in plan({"resizing": {"width": 10, "height": 10}})] == ["place"]


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("10%", [(10, "%")] * 4),
        ("5% 25%", [(25, "%"), (5, "%"), (25, "%"), (5, "%")]),
        ("30px", [(30, "px")] * 4),
        ("100px 150px", [(150, "px"), (100, "px"), (150, "px"), (100, "px")]),
        ("1px 2px 3px 4px", [(1, "px"), (2, "px"), (3, "px"), (4, "px")]),
        ("0%", [(0, "%")] * 4),
        ("49%", [(49, "%")] * 4),
    ],
)
def test_padding_is_across_and_then_down(text: str, sides: list[tuple[int, str]]) -> None:
    params = plan({"resizing": {"width": 900, "height": 900}, "padding": text})[0][1]
    made = {side: (params["padding"][side]["value"], params["padding"][side]["unit"]) for side in SIDES}
    assert made == dict(zip(SIDES, sides, strict=True))


def test_padding_without_a_size_is_laid_out_too() -> None:
    name, params = plan({"padding": "10%"})[0]
    assert (name, params.keys()) == ("place", {"padding", "background"})


@pytest.mark.parametrize("fit", [None, "crop", {"type": "crop"}])
def test_what_is_cut_to_its_object_gets_the_source_s_size_back(fit: Any) -> None:
    asked = {"background": {"remove": {"clipping": True}}, "resizing": {"fit": fit}}
    place = plan(asked)[1]
    assert place == ("place", {"width": SOURCE, "height": SOURCE, "fit": "crop", "background": None})


@pytest.mark.parametrize("fit", ["bounds", "canvas", "cover"])
def test_other_fits_leave_it_in_its_own_size(fit: str) -> None:
    asked = {"background": {"remove": {"clipping": True}}, "resizing": {"fit": fit}}
    assert "place" not in [name for name, _ in plan(asked)]


def test_a_network_enlarges_as_far_as_the_size_says() -> None:
    asked = {
        "restorations": {"upscale": "smart_resize"},
        "resizing": {"width": "400%", "height": "400%", "fit": "bounds"},
    }
    upscale, place = plan(asked)
    length = {**SOURCE, "value": 400}
    assert upscale == ("upscale", {"network": "smart_resize", "width": length, "height": length, "fit": "bounds"})
    assert place == ("place", {"width": length, "height": length, "fit": "bounds", "background": None})


@pytest.mark.parametrize("version", ["1", "2", "3"])
def test_a_network_may_be_named_with_its_version(version: str) -> None:
    asked = {"restorations": {"upscale": {"type": "photo", "version": version}}, "resizing": {"width": 10}}
    assert plan(asked)[0] == ("upscale", {"network": "photo", "width": {"value": 10}, "fit": "crop"})


# --- What is not there ---------------------------------------------------------------------------------------------


def test_a_style_is_not_available() -> None:
    asked = parse(Operations, {"generative": {"style_transfer": {"style_reference_image": "https://a.example/b.jpg"}}})
    faults = find_faults(asked, plan_steps(asked, has_alpha=True))
    assert faults == {"operations.generative.style_transfer": ["not available on this server"]}


def test_every_operation_that_is_missing_is_named_at_its_field_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = classmethod(lambda _cls: "the model is not installed")
    monkeypatch.setattr(operations.get("adjust"), "missing", missing)
    monkeypatch.setattr(operations.get("place"), "missing", missing)
    asked = parse(Operations, {"adjustments": {"hdr": 5}, "resizing": {"width": 5}})
    said = ["not available on this server: the model is not installed"]
    assert find_faults(asked, plan_steps(asked, has_alpha=True)) == {
        "operations.adjustments": said,
        "operations.resizing": said,
    }
