"""Addresses of a request: what they name, and where results go."""

from pathlib import Path
from typing import Any

import pytest

from accounts.models import Account
from jobs.dialects.claid.places import Places, clean_name, name_of_url
from storage.models import Connection

pytestmark = pytest.mark.django_db


@pytest.fixture
def places(account: Account, bucket: Path) -> Places:
    """Acme's, which has a storage `storage_1`, one of the web, and one with a name of several words."""
    parameters = {"base_url": "https://files.example/shop"}
    Connection.objects.create(account=account, name="web", kind="web_folder", parameters=parameters)
    Connection.objects.create(account=account, name="my ü bucket", kind="gcs", parameters={"bucket": "b"})
    rival = Account.objects.get(name="rival")
    Connection.objects.create(account=rival, name="theirs", kind="gcs", parameters={"bucket": "b"})
    return Places(account)


def id_of(name: str) -> int:
    return Connection.objects.get(name=name).pk


def destination(places: Places, uri: str | None, *, name: str | None = "shoe.jpg", extension: str = "jpeg") -> Any:
    """Where a result goes: of one picture of this name, or of a batch."""
    source = places.find_source(f"https://shop.example/{name}", "input") if name else None
    made = places.find_destination(uri, "output", source=source, extension=extension)
    return made.key or made.pattern


# --- Sources -------------------------------------------------------------------------------------------------------


def test_an_address_on_the_web_is_taken_as_it_is(places: Places) -> None:
    uri = "https://shop.example/a%20b/ü.jpg?x=1#y"
    source = places.find_source(uri, "input")
    assert source is not None
    assert (source.ref.kind, source.ref.location, source.name) == ("web", uri, "ü.jpg")


@pytest.mark.parametrize(
    ("uri", "storage", "key", "name"),
    [
        ("storage://storage_1/path/image.jpg", "storage_1", "path/image.jpg", "image.jpg"),
        ("STORAGE://storage_1/image.jpg", "storage_1", "image.jpg", "image.jpg"),
        ("storage://my ü bucket/a b/ü%20.png", "my ü bucket", "a b/ü%20.png", "ü%20.png"),
        ("storage://web/noextension", "web", "noextension", "noextension"),
    ],
)
def test_an_address_in_a_storage_is_a_key_of_it(places: Places, uri: str, storage: str, key: str, name: str) -> None:
    source = places.find_source(uri, "input")
    assert source is not None
    assert (source.ref.storage_id, source.ref.location, source.name) == (id_of(storage), key, name)
    assert not places.faults


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("storage://theirs/a.jpg", "There is no storage 'theirs'."),
        ("storage://nothing/a.jpg", "There is no storage 'nothing'."),
        ("storage://\0\ud800/a.jpg", "There is no storage"),
        ("storage://storage_1/", "must not be empty"),
        ("storage://storage_1", "must not be empty"),
        ("storage://storage_1/../a.jpg", "'..'"),
        ("storage://storage_1/%2e%2e/a.jpg", "'..'"),
        ("storage://storage_1/a//b.jpg", "empty segments"),
        ("storage://storage_1/a\\b.jpg", "backslashes"),
        ("storage://storage_1/a\0.jpg", "control characters"),
        ("storage://storage_1/" + "a" * 1025, "longer than 1024 bytes"),
        ("http://10.0.0.1/a.jpg", "not public"),
        ("http://169.254.169.254/latest", "not public"),
        ("https://user:word@shop.example/a.jpg", "user name"),
    ],
)
def test_what_names_nothing_is_a_fault_at_its_field(places: Places, uri: str, said: str) -> None:
    assert places.find_source(uri, "input.3") is None
    assert list(places.faults) == ["input.3"]
    assert said in places.faults["input.3"][0]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://a.example/200.jpg", "200.jpg"),
        ("https://a.example/x/y%20z.png?b=c/d.jpg", "y z.png"),
        ("https://a.example", "image"),
        ("https://a.example/folder/", "image"),
        ("https://a.example/..", "image"),
        ("https://a.example/%2e%2e%2fetc%2fpasswd", "passwd"),
        ("https://a.example/a%00%5cb.jpg", "a__b.jpg"),
        ("https://a.example/" + "x" * 900 + ".jpg", "x" * 200 + ".jpg"),
    ],
)
def test_a_picture_on_the_web_is_called_as_its_path_ends(url: str, name: str) -> None:
    assert name_of_url(url) == name


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("", "image"),
        ("  ", "image"),
        ("a/b.jpg", "a_b.jpg"),
        ("...", "image"),
        ("a.b.c", "a.b.c"),
        ("ü ☕.png", "ü ☕.png"),
    ],
)
def test_a_file_s_name_becomes_one_that_a_key_can_end_in(given: str, name: str) -> None:
    assert clean_name(given) == name


# --- Folders -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "prefix"),
    [
        ("storage://storage_1/in/sub/", "in/sub"),
        ("storage://storage_1/in", "in"),
        ("storage://storage_1/", ""),
        ("storage://storage_1", ""),
    ],
)
def test_a_folder_is_a_prefix_of_a_storage(places: Places, uri: str, prefix: str) -> None:
    folder = places.find_folder(uri, "input", is_recursive=True)
    assert folder is not None
    assert (folder.storage_id, folder.prefix, folder.is_recursive) == (id_of("storage_1"), prefix, True)


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("storage://web/in/", "cannot be listed"),
        ("storage://none/in/", "no storage"),
        ("storage://storage_1/../", "'..'"),
    ],
)
def test_what_cannot_be_listed_is_a_fault(places: Places, uri: str, said: str) -> None:
    assert places.find_folder(uri, "input.source", is_recursive=False) is None
    assert said in places.faults["input.source"][0]


# --- Destinations --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "key"),
    [
        ("storage://storage_1/out/pic.jpg", "out/pic.jpg"),
        ("storage://storage_1/out/pic.png", "out/pic.png"),
        ("storage://storage_1/out/", "out/shoe.jpeg"),
        ("storage://storage_1/out", "out/shoe.jpeg"),
        ("storage://storage_1/", "shoe.jpeg"),
        ("storage://storage_1", "shoe.jpeg"),
        ("storage://storage_1/a.b/", "a.b/shoe.jpeg"),
    ],
)
def test_a_destination_is_a_path_or_a_folder(places: Places, uri: str, key: str) -> None:
    assert destination(places, uri) == key


def test_a_name_has_the_format_s_extension(places: Places) -> None:
    assert destination(places, "storage://storage_1/out/", extension="webp") == "out/shoe.webp"
    assert destination(places, "storage://storage_1/out/pic.jpg", extension="webp") == "out/pic.jpg"


def test_without_a_destination_a_result_stays_here(places: Places) -> None:
    assert destination(places, None) is None


@pytest.mark.parametrize("uri", ["storage://storage_1/out/", "storage://storage_1/out"])
def test_results_of_a_batch_go_to_a_folder(places: Places, uri: str) -> None:
    assert destination(places, uri, name=None, extension="png") == "out/{folder}{stem}.png"


@pytest.mark.parametrize(
    ("uri", "name", "said"),
    [
        ("https://shop.example/out/", "a.jpg", "connected storage"),
        ("storage://web/out/", "a.jpg", "cannot be written to"),
        ("storage://theirs/out/", "a.jpg", "no storage"),
        ("storage://storage_1/../out/", "a.jpg", "'..'"),
        ("storage://storage_1/out/pic.jpg", None, "go to a folder"),
        ("storage://storage_1/{stem}/", None, "placeholder"),
    ],
)
def test_where_nothing_can_go_is_a_fault(places: Places, uri: str, name: str | None, said: str) -> None:
    destination(places, uri, name=name)
    assert said in places.faults["output"][0]
