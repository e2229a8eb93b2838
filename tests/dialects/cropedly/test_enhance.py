"""Pictures enhanced while the caller waits: all of them, or none and nothing kept or charged."""

import json
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from wsgiref.util import setup_testing_defaults

import numpy as np
import pytest
from django.http import HttpResponse
from django.test import Client
from django.test.client import encode_multipart
from django.utils import timezone
from PIL import Image

from accounts.models import Account, User
from jobs.checks import check_settings
from jobs.models import Node
from project.wsgi import application
from tests.dialects.cropedly.calls import ENHANCE, JPEG, PNG, WEBP, enhance, file, message, send_form, stored, token_of
from tests.dialects.workers import Worker
from tests.images import decode, encode, noise, ramps, see_through, turned
from tests.processing.subjects import needs_model, photo

pytestmark = pytest.mark.django_db(transaction=True)

KEYS = ["id", "name", "url", "mime", "mimeType", "size"]
LUMA = np.array([0.299, 0.587, 0.114])


def results(answer: HttpResponse) -> list[dict[str, Any]]:
    """The enhanced-image objects of an answer."""
    assert answer.status_code == 200, answer.content
    made = json.loads(answer.content)
    assert [list(one) for one in made] == [KEYS] * len(made)
    return made


def fetch(client: Client, image: dict[str, Any]) -> Image.Image:
    """What an image's address gives to anybody."""
    answer = client.get(urlsplit(image["url"]).path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == image["mime"] == image["mimeType"]
    assert len(answer.content) == image["size"] == int(answer.headers["content-length"])
    return decode(answer.content)


# --- What comes back -----------------------------------------------------------------------------------------------


def test_a_picture_comes_back_enhanced_in_its_own_format_and_size(
    client: Client, people: dict[str, User], worker: Worker
) -> None:
    answer = enhance(client, people["pro"], JPEG)
    (image,) = results(answer)
    assert (image["name"], image["mime"]) == ("1.jpg", "image/jpeg")
    made = fetch(client, image)
    assert (made.format, made.size) == ("JPEG", (48, 36))
    assert made.tobytes() != decode(JPEG).tobytes()
    assert answer.headers["cache-control"] == "no-store"


def test_several_come_back_in_their_order_each_in_its_own_format(
    client: Client, people: dict[str, User], worker: Worker
) -> None:
    files = [file(JPEG, "b.jpg"), file(PNG, "a.png"), file(WEBP, "c.webp"), file(PNG, "a.png")]
    made = results(send_form(client, ENHANCE, {"images": files}, user=people["pro"]))
    assert [image["name"] for image in made] == ["b.jpg", "a.png", "c.webp", "a.png"]
    assert [image["mime"] for image in made] == ["image/jpeg", "image/png", "image/webp", "image/png"]
    assert [fetch(client, image).size for image in made] == [(48, 36), (40, 30), (32, 24), (40, 30)]
    assert len({image["id"] for image in made}) == len({image["url"] for image in made}) == 4
    assert len(worker.done) == 4


def test_images_with_brackets_are_the_same_field_and_keep_their_place(
    client: Client, people: dict[str, User], worker: Worker
) -> None:
    form = {"images[]": [file(JPEG, "1.jpg")], "images": [file(PNG, "2.png")], "images[] ": [file(WEBP, "3.webp")]}
    made = results(send_form(client, ENHANCE, form, user=people["pro"]))
    assert [image["name"] for image in made] == ["1.jpg", "2.png", "3.webp"]


def test_the_kind_is_told_by_content_whatever_name_and_type_say(
    client: Client, people: dict[str, User], worker: Worker
) -> None:
    form = {"images": [file(PNG, "photo.gif", "text/plain"), file(WEBP, "photo.jpg", "image/jpeg")]}
    assert [image["mime"] for image in results(send_form(client, ENHANCE, form, user=people["pro"]))] == [
        "image/png",
        "image/webp",
    ]


def test_other_fields_are_ignored_and_named(client: Client, people: dict[str, User], worker: Worker) -> None:
    form = {"images": file(PNG), "scale": "2", "mask": file(b"whatever")}
    answer = send_form(client, ENHANCE, form, user=people["pro"])
    assert len(results(answer)) == 1
    assert answer.headers["x-photomill-ignored"] == "mask, scale"


def test_a_strange_name_comes_back_without_its_folders(client: Client, people: dict[str, User], worker: Worker) -> None:
    form = {"images": file(PNG, 'naïve "1" ☕.png')}
    (image,) = results(send_form(client, ENHANCE, form, user=people["pro"]))
    assert image["name"] == 'naïve "1" ☕.png'
    fetch(client, image)


def test_transparency_is_kept(client: Client, people: dict[str, User], worker: Worker) -> None:
    source = see_through((40, 30))
    (image,) = results(enhance(client, people["pro"], encode(source)))
    made = fetch(client, image)
    assert made.mode == "RGBA"
    assert made.getchannel("A").tobytes() == source.getchannel("A").tobytes()


def test_a_turned_photo_comes_back_upright_and_says_nothing_of_itself(
    client: Client, people: dict[str, User], worker: Worker
) -> None:
    (image,) = results(enhance(client, people["pro"], turned(ramps((48, 36)), 6)))
    made = fetch(client, image)
    assert made.size == (48, 36)
    assert not made.getexif()
    pixels = np.asarray(made.convert("RGB")).astype(int)
    assert pixels[18, 44, 0] > pixels[18, 4, 0] + 100
    assert pixels[33, 24, 1] > pixels[3, 24, 1] + 100


def test_a_pale_picture_gets_more_contrast_and_a_flat_one_stays_flat(
    client: Client, people: dict[str, User], worker: Worker
) -> None:
    pale = Image.blend(noise((60, 40)), Image.new("RGB", (60, 40), (128, 128, 128)), 0.6)
    flat = Image.new("RGB", (60, 40), (90, 140, 60))
    made = [fetch(client, image) for image in results(enhance(client, people["pro"], encode(pale), encode(flat)))]
    assert width_of_luma(made[0]) > width_of_luma(pale)
    assert len(made[1].getcolors() or []) == 1


def width_of_luma(image: Image.Image) -> float:
    values = np.asarray(image.convert("RGB")) @ LUMA
    return float(values.max() - values.min())


def test_an_address_cannot_be_guessed_from_another(client: Client, people: dict[str, User], worker: Worker) -> None:
    (image,) = results(enhance(client, people["pro"], PNG))
    path = urlsplit(image["url"]).path
    # What comes last is the file's name; what is signed stands before it.
    ticket, _, name = path.rpartition("/")
    for other in (ticket[:-1] + ("A" if ticket[-1] != "A" else "B"), ticket.swapcase(), "/files/x"):
        assert client.get(f"{other}/{name}").status_code == 404
    assert client.get(path, headers={"Authorization": "Bearer nonsense"}).status_code == 200


def test_nothing_but_the_results_is_kept(client: Client, people: dict[str, User], worker: Worker, house: Path) -> None:
    results(enhance(client, people["pro"], JPEG, PNG))
    kept = stored(house)
    assert [Path(key).suffix for key in kept] == [".jpg", ".png"]
    assert not any("upload" in key for key in kept)


def test_a_body_that_comes_in_chunks_is_read_to_its_end(people: dict[str, User], worker: Worker) -> None:
    """Some clients of Node send forms without a length. The web server hands on what is in the chunks."""
    body = encode_multipart("gate", {"images": [file(PNG, "1.png"), file(JPEG, "2.jpg")]})
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": ENHANCE,
        "CONTENT_TYPE": "multipart/form-data; boundary=gate",
        "HTTP_AUTHORIZATION": f"Bearer {token_of(people['pro'])}",
        "wsgi.input": BytesIO(body),
        "wsgi.input_terminated": True,
    }
    setup_testing_defaults(environ)
    said: list[str] = []
    parts = application(environ, lambda status, _headers: said.append(status))
    made = json.loads(b"".join(parts))
    assert said == ["200 OK"]
    assert [image["name"] for image in made] == ["1.png", "2.jpg"]


# --- Who may not ---------------------------------------------------------------------------------------------------


def test_without_a_token_it_is_401(client: Client, people: dict[str, User]) -> None:
    answer = send_form(client, ENHANCE, {"images": file(JPEG)})
    message(answer, 401, ENHANCE)
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_is_good_for_three_days_and_not_a_second_longer(
    client: Client, people: dict[str, User], worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for age, status in ((259_190, 200), (259_201, 401)):
        then = timezone.now() - timedelta(seconds=age)
        with monkeypatch.context() as patched:
            patched.setattr("rest_framework_simplejwt.tokens.aware_utcnow", lambda: then)  # noqa: B023
            answer = enhance(client, people["pro"], PNG)
        assert answer.status_code == status


def test_the_free_plan_is_too_low(client: Client, people: dict[str, User], node: Node) -> None:
    assert message(enhance(client, people["free"], JPEG), 403, ENHANCE) == "Pro plan required"


def test_a_downgrade_and_an_upgrade_bite_at_once(client: Client, people: dict[str, User], worker: Worker) -> None:
    Account.objects.filter(name="pro").update(plan="free")
    Account.objects.filter(name="free").update(plan="pro")
    assert enhance(client, people["pro"], PNG).status_code == 403
    assert enhance(client, people["free"], PNG).status_code == 200


@needs_model
def test_a_network_may_clean_the_picture_in_place_of_the_filter(
    client: Client, people: dict[str, User], worker: Worker, settings: Any
) -> None:
    source = photo("coffee.png", (300, 200))
    data = encode(source, "JPEG", quality=30)
    made = {}
    for way in ("plain", "model"):
        settings.PHOTOMILL_ENHANCE = way
        (image,) = results(enhance(client, people["pro"], data))
        made[way] = fetch(client, image)
    assert made["plain"].size == made["model"].size == source.size
    assert made["plain"].tobytes() != made["model"].tobytes()


def test_another_way_of_enhancing_stops_the_start(settings: Any) -> None:
    settings.PHOTOMILL_ENHANCE = "magic"
    assert "PHOTOMILL_ENHANCE must be one of plain, model" in [error.msg for error in check_settings()]
