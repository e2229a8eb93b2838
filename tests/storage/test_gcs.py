"""Google Cloud Storage: what it is asked for, and where. What it does as a storage is in `test_every_kind`."""

import pytest

from storage import kinds
from storage.base import Storage
from storage.errors import BadParameters, Unreachable
from storage.kinds.gcs import ENDPOINT_URL
from tests.storage.hostile import connects
from tests.storage.places import every_call

KEYS = {"access_key": "GOOG1EXAMPLE", "secret_access_key": "secret"}


def open_gcs(**parameters: str) -> Storage:
    checked = kinds.check("gcs", {"bucket": "photos"} | parameters, KEYS)
    return kinds.get("gcs").open(*checked, private=False)


def test_objects_are_asked_of_google() -> None:
    link = open_gcs(path="/shop/").link("a/ü 1.jpg", seconds=60, filename="1.jpg")
    assert link.startswith(f"{ENDPOINT_URL}/photos/shop/a/%C3%BC%201.jpg?")
    assert "X-Amz-Credential=GOOG1EXAMPLE%2F" in link
    assert "%2Fauto%2Fs3%2Faws4_request" in link


@pytest.mark.parametrize("field", ["endpoint_url", "region", "acl"])
def test_no_other_address_can_be_given(field: str) -> None:
    with pytest.raises(BadParameters) as caught:
        open_gcs(**{field: "https://elsewhere.example"})
    assert caught.value.param == f"parameters.{field}"


def test_a_service_account_s_file_is_no_pair_of_keys() -> None:
    with pytest.raises(BadParameters) as caught:
        kinds.check("gcs", {"bucket": "photos"}, {"private_key": "-----BEGIN PRIVATE KEY-----"})
    assert caught.value.param == "parameters.credentials.private_key"
    assert "BEGIN" not in caught.value.message


def test_an_address_that_google_s_name_must_not_lead_to_is_not_reached(names: dict[str, list[list[str]]]) -> None:
    names["storage.googleapis.com"] = [["169.254.169.254"]]
    for name in ("read", "list"):
        with pytest.raises(Unreachable):
            every_call(open_gcs())[name]()
    assert connects == []
