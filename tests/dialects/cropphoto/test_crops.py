"""The five crops on results: sizes, places, grounds, markers, formats, and what is refused once the picture is seen."""

import io
from typing import Any

import numpy as np
import pytest
from django.test import Client
from PIL import Image

from accounts.models import Account
from processing.detectors import faces
from tests.dialects.cropphoto.calls import crop, problem, read
from tests.dialects.cropphoto.photos import PRODUCT, Photos
from tests.dialects.workers import Worker
from tests.processing.subjects import needs_model

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("account", "worker"), needs_model]

BODY_MARKERS = (
    "FACE", "HEAD", "HEAD_TO_SHOULDER", "HEAD_TO_ELBOWS", "UPPER_HALF",
    "HEAD_TO_KNEES", "HIPS", "MID_HALF", "LOWER_HALF", "PERSON",
)  # fmt: skip
FACE_MARKERS = ("eyes", "between_eyes_and_nose", "nose", "between_nose_and_mouth", "mouth", "face")
WIDTH, HEIGHT = PRODUCT[2] - PRODUCT[0], PRODUCT[3] - PRODUCT[1]


class Asker:
    """Asks for crops of the pictures on the web."""

    def __init__(self, client: Client, photos: Photos) -> None:
        self.client, self.photos = client, photos

    def answer(self, name: str, picture: str, **body: Any) -> Any:
        body = {"image_url": self.photos.url(picture), "response_type": "stream", "output_format": "png"} | body
        return crop(self.client, name, body)

    def show(self, name: str, picture: str, **body: Any) -> Image.Image:
        answer = self.answer(name, picture, **body)
        assert answer.status_code == 200, answer.content
        shown = Image.open(io.BytesIO(answer.content))
        shown.load()
        return shown


@pytest.fixture
def ask(client: Client, photos: Photos) -> Asker:
    return Asker(client, photos)


def red_box(image: Image.Image) -> tuple[int, int, int, int]:
    """Around what is as red as the product's body."""
    colors = np.asarray(image.convert("RGB")).astype(int)
    red = (colors[..., 0] > 130) & (colors[..., 1] < 90) & (colors[..., 2] < 100)
    rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


# --- Auto Resize & Align -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "box"),
    [
        ({"minimum_margins": "8%"}, (138, 638, 1862, 2362)),
        ({"minimum_margins": "200px"}, (200, 700, 1800, 2300)),
        ({"vertical_alignment": "top"}, (0, 0, 2000, 2000)),
        ({"vertical_alignment": "bottom", "vertical_margin": "10%"}, (0, 800, 2000, 2800)),
        (
            {"horizontal_alignment": "left", "horizontal_margin": "5%", "output_dimension": "3000x2000"},
            (100, 0, 2100, 2000),
        ),
        ({"horizontal_alignment": "right", "output_dimension": "3000x2000"}, (1000, 0, 3000, 2000)),
    ],
)
def test_the_product_lies_where_it_was_asked_for(ask: Asker, params: dict[str, str], box: tuple[int, ...]) -> None:
    body = {"background": "white", "output_dimension": "2000x3000"} | params
    shown = ask.show("auto-resize-align", "product.jpg", **body)
    assert "x".join(map(str, shown.size)) == body["output_dimension"]
    # Two pixels of the source are seven here.
    assert red_box(shown) == pytest.approx(box, abs=7)


@pytest.mark.parametrize(("background", "corner"), [("#FF5733", (255, 87, 51, 255)), ("transparent", None)])
def test_the_ground_is_what_was_asked_for(ask: Asker, background: str, corner: tuple[int, ...] | None) -> None:
    shown = ask.show("auto-resize-align", "product.jpg", background=background, output_dimension="400x500")
    found = shown.convert("RGBA").getpixel((3, 3))
    assert found == corner if corner else found[3] == 0


def test_a_picture_may_be_the_ground(ask: Asker) -> None:
    url = ask.photos.url("empty.jpg")
    shown = ask.show("auto-resize-align", "product.jpg", background=url, output_dimension="400x500")
    assert shown.convert("RGB").getpixel((3, 3)) == pytest.approx((128, 128, 128), abs=2)


def test_without_a_size_the_frame_is_the_sources(ask: Asker) -> None:
    shown = ask.show("auto-resize-align", "product.jpg", background="white", output_dimension="match_to_original")
    assert shown.size == (1200, 900)


@pytest.mark.parametrize("form", ["jpeg", "png", "webp", "auto"])
def test_every_format_is_what_the_answer_says(ask: Asker, form: str) -> None:
    answer = ask.answer(
        "auto-resize-align", "product.jpg", background="white", output_dimension="90x90", output_format=form
    )
    mime = "image/jpeg" if form == "auto" else f"image/{form}"
    assert (answer.status_code, answer.headers["content-type"]) == (200, mime)
    assert Image.MIME[str(Image.open(io.BytesIO(answer.content)).format)] == mime


# --- People --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("marker", BODY_MARKERS)
def test_every_part_of_a_person_has_the_size_that_was_asked_for(ask: Asker, marker: str) -> None:
    shown = ask.show("body-aware-crop", "person.jpg", background="none", crop_marker=marker, output_dimension="300x400")
    assert shown.size == (300, 400)


def test_more_of_a_person_makes_a_smaller_face(ask: Asker) -> None:
    shares = []
    for marker in ("HEAD", "HEAD_TO_SHOULDER", "PERSON"):
        shown = ask.show(
            "body-aware-crop", "person.jpg", background="none", crop_marker=marker, output_dimension="600x800"
        )
        (face,) = faces.find(shown.convert("RGB"))
        shares.append((face.box[3] - face.box[1]) / shown.height)
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 1.5 * shares[-1]


@pytest.mark.parametrize("marker", FACE_MARKERS)
def test_nobody_is_to_be_seen_who_should_not_be(ask: Asker, marker: str) -> None:
    shown = ask.show("unrecognizable-crop", "person.jpg", background="none", crop_marker=marker)
    assert shown.width == 1000
    assert shown.height < 1500
    assert not faces.find(shown.convert("RGB"))


@pytest.mark.parametrize(
    ("name", "picture"),
    [
        ("body-aware-crop", "product.jpg"),
        ("body-aware-crop", "empty.jpg"),
        ("unrecognizable-crop", "product.jpg"),
        ("unrecognizable-crop", "empty.jpg"),
        ("auto-resize-align", "empty.jpg"),
        ("lifestyle", "empty.jpg"),
        ("remove-background", "empty.jpg"),
    ],
)
def test_where_nothing_is_found_nothing_is_made(ask: Asker, name: str, picture: str) -> None:
    own: dict[str, dict[str, Any]] = {
        "body-aware-crop": {"background": "none", "crop_marker": "FACE"},
        "unrecognizable-crop": {"background": "none", "crop_marker": "nose"},
        "auto-resize-align": {"background": "white"},
        "lifestyle": {"minimum_margins": dict.fromkeys(("top", "bottom", "left", "right"), 5) | {"unit": "%"}},
    }
    problem(ask.answer(name, picture, **own.get(name, {})), 400, "subject_not_found")


# --- Lifestyle and cut-outs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("margin", "unit"), [(10, "px"), (50, "px"), (10, "%"), (50, "%")])
def test_a_product_keeps_its_margins_and_its_surroundings(ask: Asker, margin: int, unit: str) -> None:
    margins = dict.fromkeys(("top", "bottom", "left", "right"), margin) | {"unit": unit}
    shown = ask.show(
        "lifestyle", "product.jpg", minimum_margins=margins, output_dimension="trim_to_subject", output_format="png"
    )
    across, down = (margin, margin) if unit == "px" else (WIDTH * margin / 100, HEIGHT * margin / 100)
    left, top, right, bottom = PRODUCT
    window = max(0, left - across), max(0, top - down), min(1200, right + across), min(900, bottom + down)
    assert shown.size == pytest.approx((window[2] - window[0], window[3] - window[1]), abs=4)
    assert red_box(shown)[:2] == pytest.approx((left - window[0], top - window[1]), abs=3)


def test_a_cut_out_has_the_product_s_outline(ask: Asker) -> None:
    shown = ask.show("remove-background", "product.jpg")
    assert (shown.format, shown.size) == ("PNG", (1200, 900))
    assert shown.getchannel("A").point(lambda value: 255 * (value >= 128)).getbbox() == pytest.approx(PRODUCT, abs=2)


def test_an_answer_may_be_an_address(ask: Asker) -> None:
    body = read(ask.answer("remove-background", "product.jpg", response_type="url"))
    answer = ask.client.get("/" + body["url"].split("/", 3)[3])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"


def test_hints_that_lead_to_nothing_change_nothing(ask: Asker) -> None:
    margins = dict.fromkeys(("top", "bottom", "left", "right"), 5) | {"unit": "px"}
    body = {"minimum_margins": margins, "output_dimension": "trim_to_subject"}
    plain = ask.show("lifestyle", "product.jpg", **body)
    assert ask.show("lifestyle", "product.jpg", analysis_hints=["flux capacitor"], **body).size == plain.size


def test_a_picture_that_is_not_there_is_named(ask: Asker) -> None:
    assert "image_url" in problem(ask.answer("remove-background", "missing.jpg"), 400, "invalid_payload")


def test_a_ground_that_is_not_there_is_named(ask: Asker) -> None:
    answer = ask.answer("auto-resize-align", "product.jpg", background=ask.photos.url("missing.jpg"))
    assert "background" in problem(answer, 400, "invalid_payload")


def test_what_was_charged_for_nothing_is_given_back(account: Account, ask: Asker) -> None:
    Account.objects.filter(pk=account.pk).update(credits=5)
    problem(ask.answer("remove-background", "empty.jpg"), 400, "subject_not_found")
    assert Account.objects.get(pk=account.pk).credits == 5


def test_a_worker_is_left_with_nothing_of_a_streamed_answer(ask: Asker, house: Any, worker: Worker) -> None:
    ask.show("remove-background", "product.jpg")
    assert not [path for path in house.rglob("*") if path.is_file()]
