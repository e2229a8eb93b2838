"""What cannot be enhanced fails as a whole, is named, and leaves nothing behind."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.test.client import encode_multipart

from accounts.models import Account, User
from jobs.models import Job, Node
from tests.dialects.cropedly.calls import (
    ENHANCE,
    JPEG,
    PNG,
    WEBP,
    call,
    credits_of,
    enhance,
    file,
    message,
    send_form,
    stored,
)
from tests.dialects.workers import Worker
from tests.images import encode, noise, ramps

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("form", [{}, {"x": "1"}, {"image": file(JPEG)}, {"images": "text"}, {"Images": file(JPEG)}])
def test_without_images_it_is_400(client: Client, people: dict[str, User], node: Node, form: dict[str, Any]) -> None:
    answer = send_form(client, ENHANCE, form, user=people["pro"])
    assert message(answer, 400, ENHANCE) == "Required part 'images' is not present."


@pytest.mark.parametrize("kind", ["", "application/x-www-form-urlencoded"])
def test_a_form_that_cannot_hold_files_lacks_them(client: Client, people: dict[str, User], kind: str) -> None:
    answer = call(client, "POST", ENHANCE, user=people["pro"], data=b"x=1" if kind else b"", content_type=kind)
    assert "'images'" in message(answer, 400)


@pytest.mark.parametrize("kind", ["application/json", "image/jpeg", "text/plain", "multipart/mixed; boundary=x"])
def test_anything_but_a_form_is_415(client: Client, people: dict[str, User], node: Node, kind: str) -> None:
    answer = call(client, "POST", ENHANCE, user=people["pro"], data=JPEG, content_type=kind)
    message(answer, 415, ENHANCE)


BAD_FILES: dict[str, tuple[bytes, int]] = {
    "empty": (b"", 400),
    "text": (b"hello, this is text", 415),
    "a page": (b"<html><svg xmlns='http://www.w3.org/2000/svg'/></html>", 415),
    "GIF": (encode(ramps((8, 8)), "GIF"), 415),
    "TIFF": (encode(ramps((8, 8)), "TIFF"), 415),
    "BMP": (encode(ramps((8, 8)), "BMP"), 415),
    "AVIF": (encode(ramps((8, 8)), "AVIF"), 415),
    "half a header": (JPEG[:20], 400),
    "a PNG of nothing": (PNG[:8], 400),
}


@pytest.mark.parametrize("name", BAD_FILES)
@pytest.mark.parametrize("called", ["photo.jpg", "photo.txt"])
def test_a_file_that_is_no_picture_fails_all_at_once(
    client: Client, people: dict[str, User], node: Node, house: Path, name: str, called: str
) -> None:
    data, status = BAD_FILES[name]
    Account.objects.update(credits=5)
    form = {"images": [file(JPEG), file(data, called), file(PNG)]}
    answer = send_form(client, ENHANCE, form, user=people["pro"])
    assert called in message(answer, status, ENHANCE)
    assert stored(house) == []
    assert (credits_of("pro"), Job.objects.count()) == (5, 0)


def broken(data: bytes) -> bytes:
    """A picture whose header is whole and whose pixels are not there."""
    return data[: len(data) // 2]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_that_breaks_while_it_is_decoded_fails_all_and_nothing_is_kept_or_charged(
    client: Client, people: dict[str, User], worker: Worker, house: Path, form: str
) -> None:
    data = broken(encode(noise((200, 200)), form))
    Account.objects.update(credits=5)
    said = message(enhance(client, people["pro"], JPEG, data, PNG), 400, ENHANCE)
    assert "2.jpg" in said
    assert stored(house) == []
    assert credits_of("pro") == 5


def test_a_file_over_25_mb_is_413_and_one_under_it_is_not(
    client: Client, people: dict[str, User], node: Node, house: Path
) -> None:
    padded = JPEG + b"\0" * (25_000_001 - len(JPEG))
    assert "25000000" in message(enhance(client, people["pro"], padded), 413, ENHANCE)
    assert "'2.jpg'" in message(enhance(client, people["ent"], PNG, padded), 413, ENHANCE)
    Node.objects.all().delete()
    message(enhance(client, people["pro"], padded[:-1]), 503)
    assert stored(house) == []


def test_an_account_with_an_unpaid_balance_is_403_and_nothing_is_kept(
    client: Client, people: dict[str, User], node: Node, house: Path
) -> None:
    Account.objects.filter(name="pro").update(payment_due=True, credits=5)
    assert "unpaid" in message(enhance(client, people["pro"], JPEG), 403, ENHANCE)
    assert stored(house) == []
    assert credits_of("pro") == 5
    assert not Job.objects.exists()


def test_too_many_items_at_once_are_429_and_cost_nothing(
    client: Client, people: dict[str, User], node: Node, house: Path
) -> None:
    Account.objects.filter(name="pro").update(max_items_in_flight=2, credits=5)
    answer = enhance(client, people["pro"], JPEG, PNG, JPEG)
    assert "this request has 3" in message(answer, 429, ENHANCE)
    assert answer.headers["retry-after"] == "10"
    assert stored(house) == []
    assert credits_of("pro") == 5


def test_an_account_or_a_plan_with_a_limit_of_its_own_has_that_one(
    client: Client, people: dict[str, User], settings: Any
) -> None:
    Account.objects.filter(name="pro").update(max_source_bytes=len(JPEG) - 1)
    settings.PHOTOMILL_PLAN_LIMITS = {"enterprise": {"max_source_bytes": 30_000_000}}
    assert str(len(JPEG) - 1) in message(enhance(client, people["pro"], JPEG), 413, ENHANCE)
    # Past its size, what is missing is a worker.
    message(enhance(client, people["ent"], JPEG + b"\0" * 26_000_000), 503)
    settings.PHOTOMILL_MAX_SOURCE_BYTES = 1000
    assert "1000" in message(enhance(client, people["ent"], JPEG + b"\0" * 1000), 413, ENHANCE)


def test_a_picture_with_more_pixels_than_its_account_may_have_is_refused_before_it_is_kept(
    client: Client, people: dict[str, User], house: Path
) -> None:
    Account.objects.filter(name="pro").update(max_pixels=1)
    assert "pixels" in message(enhance(client, people["pro"], JPEG), 400, ENHANCE)
    assert stored(house) == []


def test_files_that_are_too_large_together_are_413(
    client: Client, people: dict[str, User], node: Node, house: Path
) -> None:
    padded = JPEG + b"\0" * (21_000_000 - len(JPEG))
    message(enhance(client, people["pro"], *[padded] * 5), 413, ENHANCE)
    assert stored(house) == []


def test_more_than_twenty_files_are_400(client: Client, people: dict[str, User], node: Node) -> None:
    assert "20" in message(enhance(client, people["pro"], *[PNG] * 21), 400, ENHANCE)


HEAD = b'--gate\r\nContent-Disposition: form-data; name="images"; filename="a.png"\r\n'
GARBAGE = {
    "nothing": b"",
    "noise": b"\0\xff" * 500,
    "no end": HEAD + b"\r\n" + PNG,
    "an end at once": b"--gate--\r\n",
    "half a header": HEAD[:40],
    "no name": b"--gate\r\nContent-Disposition: form-data; filename=a\r\n\r\nx\r\n--gate--\r\n",
    "broken base64": HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n###\r\n--gate--\r\n",
    "an unknown codec": HEAD.replace(b'filename="a', b"filename*=nonsense''%41").replace(b'g"', b"g")
    + b"\r\nx\r\n--gate--\r\n",
    "many fields": b'--gate\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n' * 1200 + b"--gate--\r\n",
    "a long header": b"--gate\r\nX: " + b"x" * 5000 + b"\r\n\r\nx\r\n--gate--\r\n",
    "another gate": HEAD.replace(b"gate", b"door") + b"\r\n" + PNG + b"\r\n--door--\r\n",
}


@pytest.mark.parametrize("name", GARBAGE)
def test_a_garbled_form_is_400(client: Client, people: dict[str, User], node: Node, house: Path, name: str) -> None:
    kind = "multipart/form-data; boundary=gate"
    answer = call(client, "POST", ENHANCE, user=people["pro"], data=GARBAGE[name], content_type=kind)
    message(answer, 400, ENHANCE)
    assert stored(house) == []


def test_a_form_that_ends_within_its_second_file_is_not_taken_for_one_of_one_file(
    client: Client, people: dict[str, User], node: Node, house: Path
) -> None:
    whole = encode_multipart("gate", {"images": [file(PNG, "1.png"), file(JPEG, "2.jpg")]})
    kind = "multipart/form-data; boundary=gate"
    answer = call(client, "POST", ENHANCE, user=people["pro"], data=whole[:-200], content_type=kind)
    assert "2.jpg" in message(answer, 400, ENHANCE)
    assert Job.objects.count() == 0


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; x"])
def test_a_form_without_a_boundary_is_400(client: Client, people: dict[str, User], kind: str) -> None:
    body = encode_multipart("gate", {"images": file(PNG)})
    message(call(client, "POST", ENHANCE, user=people["pro"], data=body, content_type=kind), 400)


@pytest.mark.parametrize("seed", range(5))
def test_a_form_with_bytes_turned_over_is_never_our_fault(client: Client, people: dict[str, User], seed: int) -> None:
    random = np.random.default_rng(seed)
    whole = encode_multipart("gate", {"images": [file(PNG, "a.png"), file(WEBP, "ä.webp")], "x": "1"})
    for _ in range(40):
        body = bytearray(whole)
        for place in random.integers(0, len(body), random.integers(1, 30)):
            body[place] = random.integers(0, 256)
        kind = "multipart/form-data; boundary=gate"
        answer = call(client, "POST", ENHANCE, user=people["pro"], data=bytes(body), content_type=kind)
        # Nobody works: what could be read is turned away.
        assert answer.status_code in (400, 413, 415, 503)
