"""What the bodies of the crops may hold, and how each breach is named."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Account
from jobs.models import Job
from tests.dialects.cropphoto.calls import crop, problem

URL = "https://example.com/a.jpg"
SIDES = {"top": 5, "bottom": 5, "left": 5, "right": 5, "unit": "%"}
OUT_OF_RANGE = "margins value should be in range 0 to 100"
BODIES: dict[str, dict[str, Any]] = {
    "auto-resize-align": {"image_url": URL},
    "body-aware-crop": {"image_url": URL, "crop_marker": "FACE"},
    "unrecognizable-crop": {"image_url": URL, "crop_marker": "nose"},
    "remove-background": {"image_url": URL},
    "lifestyle": {"image_url": URL, "minimum_margins": SIDES},
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"image_url": None}, "image_url"),
        ({"image_url": 5}, "image_url"),
        ({"image_url": ""}, "image_url"),
        ({"image_url": "data:image/png;base64,AA=="}, "image_url"),
        ({"image_url": "ftp://example.com/a.jpg"}, "image_url"),
        ({"image_url": "a.jpg"}, "image_url"),
        ({"image_url": f"https://example.com/{'a' * 2048}"}, "image_url"),
        ({"image_url": "http://169.254.169.254/latest"}, "image_url"),
        ({"response_type": "file"}, "response_type"),
    ],
)
def test_what_every_crop_refuses(account: Account, client: Client, name: str, changes: dict, word: str) -> None:
    assert word in problem(crop(client, name, {**BODIES[name], **changes}), 400, "invalid_payload")
    assert not Job.objects.exists()


@pytest.mark.parametrize("name", sorted(set(BODIES) - {"remove-background"}))
@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"output_format": "jpg"}, "output_format"),
        ({"output_format": "gif"}, "output_format"),
        ({"output_dimension": "1000"}, "output_dimension"),
        ({"output_dimension": "1000X1000"}, "output_dimension"),
        ({"output_dimension": "16000x1200"}, "output_dimension"),
        ({"output_dimension": "0x100"}, "output_dimension"),
        ({"output_dimension": "100x0"}, "output_dimension"),
        ({"output_dimension": 100}, "output_dimension"),
    ],
)
def test_sizes_and_formats_that_there_are_not(
    account: Account, client: Client, name: str, changes: dict, word: str
) -> None:
    assert word in problem(crop(client, name, {**BODIES[name], **changes}), 400, "invalid_payload")


@pytest.mark.parametrize("name", ["auto-resize-align", "body-aware-crop", "unrecognizable-crop"])
@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"background": "blue"}, "background"),
        ({"background": "#12"}, "background"),
        ({"background": "#12345"}, "background"),
        ({"background": "#gggggg"}, "background"),
        ({"background": "White"}, "background"),
        ({"background": ""}, "background"),
        ({"background": "http://127.0.0.1.nip/../"}, None),
        ({"background": "transparent", "output_format": "jpeg"}, "output_format"),
        ({"output_dimension": "trim_to_subject"}, "output_dimension"),
    ],
)
def test_grounds_that_there_are_not(
    account: Account, client: Client, name: str, changes: dict, word: str | None
) -> None:
    answer = crop(client, name, {**BODIES[name], **changes})
    if word is None:
        assert answer.status_code == 503
    else:
        assert word in problem(answer, 400, "invalid_payload")


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("auto-resize-align", {"background": "none"}, "background"),
    ("auto-resize-align", {"horizontal_alignment": "middle"}, "horizontal_alignment"),
    ("auto-resize-align", {"horizontal_margin": "5px"}, "horizontal_margin"),
    ("auto-resize-align", {"vertical_alignment": "left"}, "vertical_alignment"),
    ("auto-resize-align", {"minimum_margins": "8"}, "minimum_margins"),
    ("auto-resize-align", {"minimum_margins": 8}, "minimum_margins"),
    ("auto-resize-align", {"minimum_margins": {"top": 1}}, "minimum_margins.right"),
    ("body-aware-crop", {"crop_marker": None}, "crop_marker"),
    ("body-aware-crop", {"crop_marker": "FULL_BODY"}, "crop_marker"),
    ("body-aware-crop", {"crop_marker": "HEAD_TO_SHOULDERS"}, "crop_marker"),
    ("body-aware-crop", {"preserve_edge_contact": "yes"}, "preserve_edge_contact"),
    ("body-aware-crop", {"preserve_edge_contact": {"top": 1}}, "preserve_edge_contact.top"),
    ("body-aware-crop", {"center_around_face": "true"}, "center_around_face"),
    ("unrecognizable-crop", {"crop_marker": "chin"}, "crop_marker"),
    ("lifestyle", {"minimum_margins": None}, "minimum_margins"),
    ("lifestyle", {"minimum_margins": "5%"}, "minimum_margins"),
    ("lifestyle", {"minimum_margins": {**SIDES, "top": 3001}}, "minimum_margins.top"),
    ("lifestyle", {"minimum_margins": {**SIDES, "top": -1}}, "minimum_margins.top"),
    ("lifestyle", {"minimum_margins": {**SIDES, "top": 1.5}}, "minimum_margins.top"),
    ("lifestyle", {"minimum_margins": {**SIDES, "top": True}}, "minimum_margins.top"),
    ("lifestyle", {"minimum_margins": {**SIDES, "unit": "em"}}, "minimum_margins.unit"),
    ("lifestyle", {"ai_model": "SCENE_V2"}, "ai_model"),
    ("lifestyle", {"analysis_hints": ["a"] * 6}, "analysis_hints"),
    ("lifestyle", {"analysis_hints": [" "]}, "analysis_hints"),
    ("lifestyle", {"analysis_hints": "shoe"}, "analysis_hints"),
]


@pytest.mark.parametrize(("name", "changes", "word"), REFUSED)
def test_a_field_at_fault_is_named(account: Account, client: Client, name: str, changes: dict, word: str) -> None:
    assert problem(crop(client, name, {**BODIES[name], **changes}), 400, "invalid_payload").startswith(word)


@pytest.mark.parametrize("name", ["body-aware-crop", "unrecognizable-crop"])
@pytest.mark.parametrize(
    "margins", [{"top": 101}, {"top": -1}, {"left": "50"}, {"right": True}, {"bottom": None}, "50", [1], {"top": {}}]
)
def test_margins_have_one_sentence_for_everything(account: Account, client: Client, name: str, margins: Any) -> None:
    answer = crop(client, name, {**BODIES[name], "margins": margins})
    assert problem(answer, 400, "invalid_payload") == OUT_OF_RANGE


def test_margins_that_leave_no_width_are_refused(account: Account, client: Client) -> None:
    body = {**BODIES["unrecognizable-crop"], "margins": {"left": 0, "right": 0}}
    problem(crop(client, "unrecognizable-crop", body), 400, "invalid_payload")


def test_what_nobody_reads_is_named_in_the_header(account: Account, client: Client) -> None:
    body = {**BODIES["body-aware-crop"], "extra": 1, "margins": {"top": 1, "middle": 2}}
    answer = crop(client, "body-aware-crop", body)
    assert answer.headers["x-photomill-ignored"] == "extra, margins.middle"


@pytest.mark.parametrize("name", ["background", "output_format", "output_dimension", "response_type"])
def test_strictness_takes_the_pages_at_their_word(account: Account, client: Client, settings: Any, name: str) -> None:
    settings.PHOTOMILL_CROPPHOTO_STRICT = True
    body = {
        **BODIES["auto-resize-align"],
        "background": "white",
        "output_format": "auto",
        "output_dimension": "10x10",
        "response_type": "url",
    }
    assert crop(client, "auto-resize-align", body).status_code == 503
    del body[name]
    assert problem(crop(client, "auto-resize-align", body), 400, "invalid_payload") == f"{name} is required"
