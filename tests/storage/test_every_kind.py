"""One suite for every kind of storage: what a caller may rely on, whatever lies behind."""

import threading
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from storage import kinds
from storage.base import ObjectFacts, Storage
from storage.errors import AccessDenied, BadKey, ObjectMissing, ReadOnly, TooLarge
from tests.storage.places import KINDS, Place

ODD_KEYS = [
    *(
        "plain.jpg",
        "a folder/with spaces.jpg",
        "deep/er/and/deep/er/1.jpg",
        " leading",
        "trailing ",
        "dots..jpg",
        "..a",
    ),
    *(".hidden/file", "plus+plus.jpg", "per%cent.jpg", "100%25.jpg", "a%2Fb.jpg", "hash#tag.jpg", "what?.jpg", "a&b=c"),
    *("'single' and \"double\".jpg", "semi;colon,comma.jpg", "star*[1](2){3}.jpg", "back`tick^|~!$@:.jpg", "<tag>.jpg"),
    *("ü/日本語/emoji 😀.jpg", "e\u0301 and é.jpg", "\u00a0\u3000.jpg", "x" * 200 + "/" + "y" * 200 + ".jpg"),
]
SOME = [
    *("a.jpg", "a/1.jpg", "a/2.jpg", "a/b/1.jpg", "a/b/c/1.jpg", "a-b/1.jpg", "a b/1.jpg", "a0", "ab/1.jpg"),
    *("b/ü.jpg", "b/日本.jpg", "b/+%#?.jpg", "b/10.jpg", "b/9.jpg", "B/1.jpg", "c/1/2/3/4.jpg"),
]
REFUSED = ["..", "../x", "a/../b", "a/..", "./a", "a/.", "a\0b", "\ud800"]
MEGABYTE = 1_000_000


def list_all(storage: Storage, prefix: str = "", limit: int = 1000) -> list[ObjectFacts]:
    found, cursor = [], None
    while True:
        page = storage.list(prefix, cursor=cursor, limit=limit)
        assert len(page.objects) <= limit
        found += page.objects
        if page.cursor is None:
            return found
        assert page.cursor != cursor
        cursor = page.cursor


def keys_of(storage: Storage, prefix: str = "", limit: int = 1000) -> list[str]:
    return [facts.key for facts in list_all(storage, prefix, limit)]


def fill(place: Place, keys: list[str]) -> None:
    for key in keys:
        place.put(key, key.encode())


def test_the_suite_has_a_place_of_every_kind() -> None:
    assert sorted(kinds.all()) == sorted(KINDS)


# --- Reading ---


@pytest.mark.parametrize("key", ODD_KEYS)
def test_an_object_is_read_under_its_key(place: Place, key: str) -> None:
    place.put(key, b"what lies under " + key.encode())
    assert place.storage.read(key, max_bytes=MEGABYTE).data == b"what lies under " + key.encode()


def test_an_empty_object_is_read(place: Place) -> None:
    place.put("empty", b"")
    assert place.storage.read("empty", max_bytes=0).data == b""


@pytest.mark.parametrize("key", ["missing.jpg", "a", "a/missing.jpg", "a/1.jpg/below.jpg", "A/1.jpg"])
def test_what_is_not_there_is_missing(place: Place, key: str) -> None:
    place.put("a/1.jpg", b"x")
    with pytest.raises(ObjectMissing):
        place.storage.read(key, max_bytes=MEGABYTE)
    with pytest.raises(ObjectMissing):
        place.storage.read_if_changed(key, etag="any", max_bytes=MEGABYTE)


@pytest.mark.parametrize("size", [1000, 100_000])
def test_an_object_is_read_up_to_the_limit_and_refused_above_it(place: Place, size: int) -> None:
    place.put("k", b"x" * size)
    assert len(place.storage.read("k", max_bytes=size).data) == size
    with pytest.raises(TooLarge, match=str(size - 1)) as caught:
        place.storage.read("k", max_bytes=size - 1)
    assert not caught.value.retryable


def test_a_missing_object_is_missing_however_small_the_limit_is(place: Place) -> None:
    with pytest.raises(ObjectMissing):
        place.storage.read("missing", max_bytes=0)


def test_an_object_that_may_not_be_read_is_denied(place: Place) -> None:
    place.put("secret.jpg", b"x")
    with place.denying("secret.jpg") as storage, pytest.raises(AccessDenied) as caught:
        storage.read("secret.jpg", max_bytes=MEGABYTE)
    assert not caught.value.retryable
    assert place.storage.read("secret.jpg", max_bytes=MEGABYTE).data == b"x"


def test_an_object_is_read_again_only_when_it_has_changed(place: Place) -> None:
    place.put("k", b"first")
    first = place.storage.read("k", max_bytes=MEGABYTE)
    assert first.etag
    assert place.storage.read_if_changed("k", etag=first.etag, max_bytes=MEGABYTE) is None
    place.put("k", b"later")
    later = place.storage.read_if_changed("k", etag=first.etag, max_bytes=MEGABYTE)
    assert later is not None
    assert (later.data, later.etag != first.etag) == (b"later", True)
    assert place.storage.read_if_changed("k", etag="another", max_bytes=MEGABYTE) == later


def test_an_object_that_changed_and_grew_too_large_is_refused(place: Place) -> None:
    place.put("k", b"x" * 1000)
    with pytest.raises(TooLarge):
        place.storage.read_if_changed("k", etag="another", max_bytes=999)


@pytest.mark.parametrize("key", REFUSED)
def test_a_key_that_leads_elsewhere_is_refused(place: Place, key: str) -> None:
    with pytest.raises(BadKey):
        place.storage.read(key, max_bytes=MEGABYTE)


# --- Writing ---


@pytest.mark.parametrize("key", ODD_KEYS)
def test_an_object_is_written_under_its_key_and_no_other(writable: Place, key: str) -> None:
    tag = writable.storage.write(key, b"bytes", content_type="image/jpeg")
    assert (writable.get(key), writable.keys()) == (b"bytes", {key})
    assert writable.storage.read(key, max_bytes=MEGABYTE).etag == tag
    assert [(facts.key, facts.etag) for facts in list_all(writable.storage)] == [(key, tag)]
    assert writable.storage.exists(key)
    writable.storage.delete(key)
    assert writable.keys() == set()


def test_an_object_is_overwritten(writable: Place) -> None:
    tags = {
        writable.storage.write("a/k", data, content_type="image/png")
        for data in (b"one", b"two" * 100_000, b"", b"four")
    }
    assert (writable.get("a/k"), writable.keys(), len(tags)) == (b"four", {"a/k"}, 4)


def test_writes_in_quick_succession_have_different_tags(writable: Place) -> None:
    data = [f"{number:03}".encode() for number in range(50)]
    assert len({writable.storage.write("k", one, content_type="text/plain") for one in data}) == 50


@pytest.mark.parametrize("key", REFUSED)
def test_nothing_is_written_deleted_or_found_under_a_key_that_leads_elsewhere(writable: Place, key: str) -> None:
    storage = writable.storage
    with pytest.raises(BadKey):
        storage.write(key, b"x", content_type="text/plain")
    with pytest.raises(BadKey):
        storage.delete(key)
    with pytest.raises(BadKey):
        storage.delete_many([key])
    with pytest.raises(BadKey):
        storage.exists(key)
    with pytest.raises(BadKey):
        storage.measure(key)
    assert writable.keys() == set()


def test_only_an_object_exists_and_no_folder_of_one(writable: Place) -> None:
    writable.put("a/b/1.jpg", b"x")
    asked = ["a/b/1.jpg", "a/b", "a", "a/b/2.jpg", "a/b/1.jpg/x"]
    assert [key for key in asked if writable.storage.exists(key)] == ["a/b/1.jpg"]


def test_an_object_is_measured_and_no_folder_of_one(writable: Place) -> None:
    writable.put("a/b/1.jpg", b"x" * 1234)
    writable.put("empty", b"")
    asked = ["a/b/1.jpg", "empty", "a/b", "a", "a/b/2.jpg", "a/b/1.jpg/x"]
    assert [writable.storage.measure(key) for key in asked] == [1234, 0, None, None, None, None]


def test_only_the_object_of_the_key_is_deleted(writable: Place) -> None:
    fill(writable, ["a/1.jpg", "a/1.jpg.txt", "a/10.jpg", "b"])
    writable.storage.delete("a/1.jpg")
    assert writable.keys() == {"a/1.jpg.txt", "a/10.jpg", "b"}


@pytest.mark.parametrize("key", ["a/1.jpg", "missing", "b/below/a/file", "a"])
def test_deleting_what_is_not_there_is_no_error(writable: Place, key: str) -> None:
    fill(writable, ["a/2.jpg", "b/below"])
    writable.storage.delete(key)
    assert writable.keys() == {"a/2.jpg", "b/below"}


@pytest.mark.parametrize("count", [0, 1, 3])
def test_many_objects_are_deleted_and_no_others(writable: Place, count: int) -> None:
    fill(writable, SOME)
    writable.storage.delete_many(SOME[:count])
    assert writable.keys() == set(SOME[count:])


def test_many_are_deleted_under_odd_keys_and_missing_ones_among_them_are_no_error(writable: Place) -> None:
    fill(writable, [*ODD_KEYS, "stays"])
    writable.storage.delete_many(iter(["missing", *ODD_KEYS, "a/missing/below"]))
    assert writable.keys() == {"stays"}


def test_more_are_deleted_than_one_call_can_take(writable: Place) -> None:
    keys = [f"many/{number:04}" for number in range(1005)]
    fill(writable, [keys[0], keys[-1], "stays"])
    writable.storage.delete_many(keys)
    assert writable.keys() == {"stays"}


@pytest.mark.parametrize("prefix", ["a/", "a/b/", "b/", "c/1/2/", "missing/"])
def test_a_folder_is_deleted_with_all_below_it_and_nothing_beside_it(writable: Place, prefix: str) -> None:
    fill(writable, SOME)
    below = {key for key in SOME if key.startswith(prefix)}
    assert writable.storage.delete_folder(prefix) == len(below)
    assert writable.keys() == set(SOME) - below


def test_a_folder_of_more_than_a_page_is_deleted(writable: Place) -> None:
    fill(writable, [f"a/{number:04}" for number in range(1002)])
    assert (writable.storage.delete_folder("a/"), writable.keys()) == (1002, set())


@pytest.mark.parametrize("prefix", ["", "/", "//", "a", "a/1", "../", "a/../"])
def test_what_is_no_folder_is_not_deleted(writable: Place, prefix: str) -> None:
    fill(writable, SOME)
    with pytest.raises(BadKey):
        writable.storage.delete_folder(prefix)
    assert writable.keys() == set(SOME)


def test_whole_writes_leave_no_scraps(writable: Place) -> None:
    writable.storage.write("a/k", b"x", content_type="image/png")
    before = datetime.now(UTC) + timedelta(days=1)
    assert not writable.storage.find_scraps(before=before)
    writable.storage.delete_scraps(before=before)
    assert writable.keys() == {"a/k"}


# --- Listing ---


def test_an_empty_place_lists_nothing(writable: Place) -> None:
    assert (keys_of(writable.storage), keys_of(writable.storage, "a/")) == ([], [])


def test_a_listing_tells_size_tag_and_time(writable: Place) -> None:
    writable.put("a/k", b"x" * 1234)
    (facts,) = list_all(writable.storage)
    assert (facts.key, facts.size_bytes) == ("a/k", 1234)
    assert facts.etag == writable.storage.read("a/k", max_bytes=MEGABYTE).etag
    assert abs(datetime.now(UTC) - facts.modified_at) < timedelta(minutes=1)


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 7, len(SOME) - 1, len(SOME), 1000])
def test_pages_have_every_object_once(writable: Place, limit: int) -> None:
    fill(writable, SOME)
    assert sorted(keys_of(writable.storage, limit=limit)) == sorted(SOME)


@pytest.mark.parametrize("limit", [1, 2, 1000])
@pytest.mark.parametrize(
    "prefix", ["a", "a/", "a/b", "a/b/", "a/b/c/1.jpg", "b/1", "b/ü", "c/1/2/", "A", "missing/", "a/1.jpg/"]
)
def test_a_prefix_chooses_by_how_keys_begin(writable: Place, prefix: str, limit: int) -> None:
    fill(writable, SOME)
    expected = {key for key in SOME if key.startswith(prefix)}
    found = keys_of(writable.storage, prefix, limit)
    assert (set(found), len(found)) == (expected, len(expected))


def test_a_listing_goes_on_where_it_was_although_objects_come_and_go(writable: Place) -> None:
    fill(writable, [f"{number:02}" for number in range(10)])
    page = writable.storage.list("", limit=5)
    writable.put("00-new", b"x")
    writable.put("07-new", b"x")
    for key in ("04", "05"):
        writable.storage.delete(key)
    rest = writable.storage.list("", cursor=page.cursor)
    assert [facts.key for facts in rest.objects] == ["06", "07", "07-new", "08", "09"]


@pytest.mark.parametrize("prefix", ["../", "a/../", "./", "../x"])
def test_a_prefix_that_leads_elsewhere_is_refused(writable: Place, prefix: str) -> None:
    with pytest.raises(BadKey):
        writable.storage.list(prefix)


# --- Several at once ---


def test_readers_never_see_half_of_an_object(writable: Place) -> None:
    storage, versions, wrong = writable.storage, [bytes([97 + number]) * 500_000 for number in range(4)], []
    storage.write("k", versions[0], content_type="image/png")
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            data = storage.read("k", max_bytes=MEGABYTE).data
            if data not in versions:
                wrong.append(len(data))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(24):
        storage.write("k", versions[number % 4], content_type="image/png")
    done.set()
    for reader in readers:
        reader.join()
    assert (wrong, writable.keys()) == ([], {"k"})


def test_writers_of_one_key_leave_one_whole_object(writable: Place) -> None:
    storage, versions = writable.storage, [bytes([97 + number]) * 300_000 for number in range(4)]

    def write(data: bytes) -> None:
        for _ in range(5):
            storage.write("a/k", data, content_type="image/png")

    writers = [threading.Thread(target=write, args=(data,)) for data in versions]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert (writable.get("a/k") in versions, writable.keys()) == (True, {"a/k"})


# --- Kinds that only read, and links ---


def test_a_kind_that_only_reads_refuses_everything_else(web_folder_place: Place) -> None:
    storage = web_folder_place.storage
    assert (storage.is_writable, storage.is_listable) == (False, False)
    for act in (
        lambda: storage.write("k", b"x", content_type="text/plain"),
        lambda: storage.delete("k"),
        lambda: storage.delete_many(["k"]),
        lambda: storage.delete_folder("a/"),
        lambda: storage.exists("k"),
        lambda: storage.measure("k"),
        lambda: storage.list(""),
    ):
        with pytest.raises(ReadOnly) as caught:
            act()
        assert not caught.value.retryable
    assert (web_folder_place.keys(), storage.link("k", seconds=60, filename="k")) == (set(), None)


def test_a_link_is_one_that_a_browser_can_open_or_none(place: Place) -> None:
    place.put("a folder/ü+1.jpg", b"bytes")
    link = place.storage.link("a folder/ü+1.jpg", seconds=60, filename="ü.jpg")
    if link is not None:
        with urllib.request.urlopen(link, timeout=5) as answer:
            assert answer.read() == b"bytes"
    assert (link is not None) == isinstance(place.storage, kinds.get("s3"))
