"""Every field of every transformation: what is taken, what is refused, and what is made of it."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from jobs.models import Job
from tests.dialects.slashed.calls import count_rows, create, message, post, refusal, request_of, taken
from tests.dialects.slashed.values import FIELDS, SMALLEST, Kind

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shop")]

EVERY_FIELD = [(kind, field) for kind, fields in FIELDS.items() for field in fields]
TYPES = sorted(SMALLEST)
AT = "jobs[0].transformations[0]"


def changed(kind: str, field: str, value: Any) -> dict[str, Any]:
    return {"type": kind, **SMALLEST[kind], field: value}


def without(kind: str, *fields: str) -> dict[str, Any]:
    return {key: value for key, value in {"type": kind, **SMALLEST[kind]}.items() if key not in fields}


def refuse(client: Client, transformation: Any) -> str:
    return refusal(post(client, "/request", request_of(transformation)))


def steps(job: Job) -> list[dict[str, Any]]:
    """The parameters of the first output's steps, as they were stored."""
    return [step["params"] for step in job.variants[0]["steps"]]


def test_the_table_of_fields_is_about_the_fifteen_documented_types() -> None:
    assert len(FIELDS) == 15
    assert set(FIELDS) == set(SMALLEST)


@pytest.mark.parametrize("kind", TYPES)
def test_the_smallest_transformation_of_each_type_is_taken(client: Client, kind: str) -> None:
    assert create(client, {"type": kind, **SMALLEST[kind]}).variants[0]["steps"][0]["operation"] == kind


@pytest.mark.parametrize(("kind", "field"), EVERY_FIELD)
def test_every_right_value_is_taken(client: Client, kind: str, field: str) -> None:
    values = FIELDS[kind][field].right
    jobs = [
        {"destination": f"/out/{number}.png", "transformations": [changed(kind, field, value)]}
        for number, value in enumerate(values)
    ]
    job = taken(post(client, "/request", request_of(jobs=jobs)))
    assert len(job.variants) == len(values)


@pytest.mark.parametrize(("kind", "field"), EVERY_FIELD)
def test_every_wrong_value_is_refused_by_the_path_of_its_field(client: Client, kind: str, field: str) -> None:
    for value in FIELDS[kind][field].wrong:
        said = message(post(client, "/request", request_of(changed(kind, field, value))), 400)
        assert said.startswith(f"{AT}.{field} "), (value, said)
    assert count_rows() == 0


@pytest.mark.parametrize(("kind", "field"), [pair for pair in EVERY_FIELD if FIELDS[pair[0]][pair[1]].is_required])
def test_a_required_field_is_missed_by_its_path_and_null_is_none(client: Client, kind: str, field: str) -> None:
    assert refuse(client, without(kind, field)) == f"{AT}.{field} is required"
    assert refuse(client, changed(kind, field, None)) == f"{AT}.{field} is required"


@pytest.mark.parametrize(("kind", "field"), [pair for pair in EVERY_FIELD if not FIELDS[pair[0]][pair[1]].is_required])
def test_any_other_field_may_be_left_out_or_null(client: Client, kind: str, field: str) -> None:
    assert steps(create(client, without(kind, field))) == steps(create(client, changed(kind, field, None)))


@pytest.mark.parametrize("kind", [kind for kind in FIELDS if "width" in FIELDS[kind] and kind != "watermark"])
def test_width_or_height_is_enough_and_one_is_needed(client: Client, kind: str) -> None:
    said = refuse(client, without(kind, "width", "height"))
    assert said.startswith(f"{AT}.width ")
    assert "height" in said
    assert "height" not in steps(create(client, without(kind, "height")))[0]
    assert "width" not in steps(create(client, without(kind, "width")))[0]


@pytest.mark.parametrize("value", [5, True, [], ["flip"], {}, "", "Flip", " flip", "unknown", "lambda", "__init__"])
def test_an_unknown_type_is_refused(client: Client, value: Any) -> None:
    assert refuse(client, {"type": value}).startswith(f"{AT}.type must be one of annotation, blur, ")


def test_a_transformation_without_a_type_is_refused(client: Client) -> None:
    assert refuse(client, {"width": 100}) == f"{AT}.type is required"
    assert refuse(client, {"type": None}) == f"{AT}.type is required"


@pytest.mark.parametrize("value", [None, 5, True, "flip", [], [{"type": "ulb"}]])
def test_a_transformation_that_is_no_object_is_refused(client: Client, value: Any) -> None:
    assert refuse(client, value) == f"{AT} must be an object"


def test_the_first_failure_is_the_one_that_is_named(client: Client) -> None:
    right, wrong = {"type": "ulb"}, {"type": "flip", "direction": "z"}
    jobs = [
        {"destination": "/a.png", "transformations": [right]},
        {"destination": "/b.png", "transformations": [right, right, wrong, {"type": "blur"}]},
        {"destination": "/a.png"},
    ]
    said = refusal(post(client, "/request", request_of(jobs=jobs)))
    assert said == "jobs[1].transformations[2].direction must be one of x, horizontal, y, vertical"


def test_the_message_of_the_contract_is_said_word_for_word(client: Client) -> None:
    said = refuse(client, {"type": "brightness", "bright_level": 256})
    assert said == "jobs[0].transformations[0].bright_level must be a number between -255 and 255"


PX, PERCENT = {"unit": "px"}, {"unit": "%"}
HALF = {"value": 50, **PERCENT}
MEANINGS = [
    (
        "resize",
        {"width": "100px", "height": "50%"},
        {"width": {"value": 100, **PX}, "height": {"value": 50, **PERCENT}},
    ),
    ("resize", {"width": "50h"}, {"width": {"value": 50, "unit": "%h"}}),
    ("resize", {"height": "12.5w"}, {"height": {"value": 12.5, "unit": "%w"}}),
    ("resize", {"width": 100.4}, {"width": {"value": 100.4, **PX}}),
    ("resize", {"width": 10**30}, {"width": {"value": 1_000_000, **PX}}),
    ("brightness", {"bright_level": "-12.9"}, {"level": -12}),
    ("brightness", {"bright_level": 12.9}, {"level": 12}),
    ("contrast", {"level": " 55 "}, {"level": 55}),
    ("colorize", {"red": "1", "green": 2.5, "blue": 255}, {"red": 1, "green": 2.5, "blue": 255}),
    ("blur", {"sigma": 10**30, "radius": "465"}, {"sigma": 1_000_000, "radius": 465}),
    ("flip", {"direction": "x"}, {"direction": "horizontal"}),
    ("flip", {"direction": "horizontal"}, {"direction": "horizontal"}),
    ("flip", {"direction": "y"}, {"direction": "vertical"}),
    ("flip", {"direction": "vertical"}, {"direction": "vertical"}),
    ("rotate", {"degrees": "12.340"}, {"degrees": 12.34}),
]
PARTS = [
    ("crop", {"gravity": "MIDDLE"}, {"gravity": "center"}),
    ("crop", {"gravity": "NorthEast"}, {"gravity": "northeast"}),
    ("crop", {}, {"gravity": "center", "fit": True, "x": {"value": 0, **PX}, "y": {"value": 0, **PX}}),
    ("crop", {"fit": "crop"}, {"fit": True}),
    ("crop", {"fit": "true"}, {"fit": True}),
    ("crop", {"fit": "False"}, {"fit": False}),
    ("crop", {"xoffset": "-25%"}, {"x": {"value": -25, **PERCENT}}),
    ("crop", {"xoffset": -(10**30), "yoffset": 10**30}, {"x": {"value": -(10**6), **PX}, "y": {"value": 10**6, **PX}}),
    ("annotation", {}, {"font": "Arial", "color": "#000000", "size": 12, "gravity": "center"}),
    ("annotation", {"color": "#aBc"}, {"color": "#aabbcc"}),
    ("annotation", {"color": "ABCDEF", "size": "10"}, {"color": "#abcdef", "size": 10}),
    ("annotation", {"font": ""}, {"font": "Arial"}),
    ("fitmethod", {}, {"color": "#000000", "gravity": "center", "opacity": 10}),
    ("fitmethod", {"opacity": "2.5"}, {"opacity": 2.5}),
    ("watermark", {}, {"gravity": "center"}),
]


@pytest.mark.parametrize(("kind", "sent", "meant"), MEANINGS)
def test_a_spelling_becomes_the_value_that_it_means(
    client: Client, kind: str, sent: dict[str, Any], meant: dict[str, Any]
) -> None:
    assert steps(create(client, {"type": kind, **sent})) == [meant]


@pytest.mark.parametrize(("kind", "sent", "meant"), PARTS)
def test_a_field_that_is_left_out_has_its_default_and_an_alias_is_its_word(
    client: Client, kind: str, sent: dict[str, Any], meant: dict[str, Any]
) -> None:
    (params,) = steps(create(client, {"type": kind, **SMALLEST[kind], **sent}))
    assert {key: params[key] for key in meant} == meant


@pytest.mark.parametrize(
    ("sent", "location"),
    [
        ({"source": "/a.png"}, "a.png"),
        ({"Source": "b.png"}, "b.png"),
        ({"source": "a.png", "Source": "b.png"}, "a.png"),
        ({"source": None, "Source": "b.png"}, "b.png"),
    ],
)
def test_a_watermark_takes_both_spellings_of_its_source(client: Client, sent: dict[str, Any], location: str) -> None:
    (params,) = steps(create(client, {"type": "watermark", **sent}))
    assert params["source"]["location"] == location


@pytest.mark.parametrize("source", ["../x.png", 5, ""])
def test_the_other_spelling_of_a_watermark_s_source_is_checked_too(client: Client, source: Any) -> None:
    assert refuse(client, {"type": "watermark", "Source": source}).startswith(f"{AT}.Source ")
    assert refuse(client, {"type": "watermark", "source": source, "Source": "a.png"}).startswith(f"{AT}.source ")


def test_a_watermark_lies_in_the_service_s_own_storage(client: Client, shop: Path) -> None:
    job = create(client, {"type": "watermark", "source": "a.png"})
    assert steps(job)[0]["source"]["storage_id"] == job.service.connection_id


@pytest.mark.parametrize(
    ("source", "destination", "background"),
    [
        ("a.png", "o.jpg", "#000000"),
        ("a.png", "o.JPEG", "#000000"),
        ("a.jpg", "o.png", None),
        ("a.jpg", "o", "#000000"),
        ("a.jpg", "o.xyz", "#000000"),
        ("a.png", "o.xyz", None),
        ("a", "o", None),
    ],
)
def test_corners_are_black_where_the_result_cannot_be_transparent(
    client: Client, source: str, destination: str, background: str | None
) -> None:
    job = create(client, {"type": "rotate", "degrees": 20}, source=source, destination=destination)
    assert steps(job)[0].get("background") == background


def test_the_order_of_transformations_is_kept(client: Client) -> None:
    sent = [{"type": kind, **SMALLEST[kind]} for kind in ("zoom", "ulb", "blur", "ulb", "crop")]
    job = create(client, *sent)
    assert [step["operation"] for step in job.variants[0]["steps"]] == ["zoom", "ulb", "blur", "ulb", "crop"]


def test_every_wrong_value_is_one_that_no_right_value_equals() -> None:
    for kind, fields in FIELDS.items():
        for field, values in fields.items():
            assert not _shared(values), (kind, field)


def _shared(kind: Kind) -> list[Any]:
    return [value for value in kind.wrong if any(value == one and type(value) is type(one) for one in kind.right)]
