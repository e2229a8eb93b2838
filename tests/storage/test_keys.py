"""Keys: no spelling of a path leads out of the folder that a storage is confined to."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from storage import kinds
from storage.base import Storage
from storage.errors import BadKey, ObjectMissing, StorageError
from storage.keys import MAX_KEY_BYTES, clean_key, join_keys, refuse_escape
from tests.storage.places import LocalPlace, S3Place

UP = [
    # plain, escaped once and twice, in parts, overlong UTF-8, UTF-16, HTML
    *("..", "%2e%2e", "%2E%2E", ".%2e", "%2e.", "%252e%252e", "%25252e%25252e", "%c0%ae%c0%ae", "%e0%80%ae%e0%80%ae"),
    *(
        "%uff0e%uff0e",
        "&#46;&#46;",
        "\\u002e\\u002e",
        "\\x2e\\x2e",
        "..%00",
        "..\0",
        "..%0a",
        "..\n",
        "..%0d%0a",
        "..\t",
    ),
    # what servers and file systems may drop or fold
    *(
        "..;",
        "..;x=y",
        ".. ",
        " ..",
        "...",
        "....",
        ".\u200b.",
        "\uff0e\uff0e",
        "\u2024\u2024",
        "\u2025",
        "․․",
        "..\u00a0",
    ),
    *("..?", "..#", "..*", "~", "~root", "$HOME", "%2e%2e%3b", "..%20", "..%09", "..::$DATA", ".", "%2e", ""),
]
BETWEEN = ["/", "%2f", "%2F", "%252f", "\\", "%5c", "%5C", "%255c", "//", "/./", "%c0%af", "\u2215", "\uff0f", "%u2215"]
PLACES = [
    "{up}{sep}outside.jpg",
    "a{sep}{up}{sep}{up}{sep}outside.jpg",
    "/{up}{sep}{up}{sep}{up}{sep}outside.jpg",
    "a/{up}{sep}{up}{sep}tenant-b{sep}1.jpg",
]
ABSOLUTE = [
    *(
        "/outside.jpg",
        "//outside.jpg",
        "///tenant-b/1.jpg",
        "file:///outside.jpg",
        "C:\\outside.jpg",
        "\\\\host\\share\\x",
    ),
    *("/etc/passwd", "//etc/passwd", "/proc/self/environ", "s3://tenant-b/1.jpg", "http://127.0.0.1/tenant-b/1.jpg"),
    *("\0", "a\0/../../outside.jpg", "\0../outside.jpg", "a/\ud800/x", "\udcff/../x", "tenant-a/../tenant-b/1.jpg"),
    *("?prefix=../", "#/../outside.jpg", "a?/../../outside.jpg", ".photomill/x", "/.photomill/x", "//.photomill/x"),
]
SPELLINGS = sorted(
    {
        place.format(up=up, sep=sep)
        for up, (number, sep), place in itertools.product(UP, enumerate(BETWEEN), PLACES)
        # Every way up with a slash, every separator with the plain way up, and some of the rest.
        if sep == "/" or up == ".." or (len(up) + number) % 9 == 0
    }
    | set(ABSOLUTE)
)
SECRET = b"another tenant's"


def try_everything(storage: Storage, key: str) -> list[bytes]:
    """What a key makes the storage do. Returns what it could read before it wrote."""
    read: list[bytes] = []
    acts: list[Callable[[], object]] = [
        lambda: read.append(storage.read(key, max_bytes=1000).data),
        lambda: storage.write(key, b"mine", content_type="image/jpeg"),
        lambda: storage.delete(key),
    ]
    for act in acts:
        try:
            act()
        except StorageError:
            continue
    return read


def test_the_spellings_are_many() -> None:
    assert len(SPELLINGS) >= 200


def test_no_spelling_leads_out_of_the_folder_of_a_disk(tmp_path: Path) -> None:
    for key in ("outside.jpg", "tenant-b/1.jpg", "a/tenant-b/1.jpg"):
        (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / key).write_bytes(SECRET)
    place = LocalPlace(tmp_path / "tenant-a")
    before = survey(tmp_path, place)
    for key in SPELLINGS:
        assert SECRET not in try_everything(place.storage, key), key
        place.storage.list("")
        assert survey(tmp_path, place) == before, key


def survey(folder: Path, place: LocalPlace) -> dict[str, bytes]:
    """What lies in the folder beside the place."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_relative_to(place.root))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.s3
def test_no_spelling_leads_out_of_the_folder_of_a_bucket(s3_place: S3Place) -> None:
    for key in ("outside.jpg", "tenant-b/1.jpg", "tenant-a-too/1.jpg"):
        s3_place.put(key, SECRET)
    before, buckets = s3_place.keys(), s3_place.client.list_buckets()["Buckets"]
    storage = s3_place.folder("tenant-a").storage
    for key in SPELLINGS:
        assert SECRET not in try_everything(storage, key), key
    storage.write("kept.jpg", b"mine", content_type="image/jpeg")
    assert s3_place.keys() == before | {"tenant-a/kept.jpg"}
    assert all(s3_place.get(key) == SECRET for key in before)
    assert s3_place.client.list_buckets()["Buckets"] == buckets


@pytest.mark.s3
def test_no_spelling_lists_what_lies_beside_the_folder(s3_place: S3Place, tmp_path: Path) -> None:
    (tmp_path / "outside.jpg").write_bytes(SECRET)
    local = LocalPlace(tmp_path / "tenant-a")
    s3_place.put("outside.jpg", SECRET)
    s3_place.put("tenant-a-too/1.jpg", SECRET)
    prefixes = [*ABSOLUTE, *(f"{up}/" for up in UP), *UP, str(tmp_path), f"{tmp_path}/", "/", "//", "-too"]
    for prefix, storage in itertools.product(prefixes, [local.storage, s3_place.folder("tenant-a").storage]):
        try:
            assert storage.list(prefix).objects == [], prefix
        except (BadKey, ObjectMissing):
            continue


@pytest.mark.parametrize("path", ["tenant-a/../tenant-b", "..", "a/%2e%2e/b", "a//b", "a\\b", "a\0b"])
def test_a_folder_of_a_bucket_is_a_key(path: str) -> None:
    with pytest.raises(StorageError, match=r"parameters\.path: the path must not contain"):
        kinds.check("s3", {"bucket": "b", "path": path}, {})


def test_the_slashes_around_a_folder_of_a_bucket_mean_nothing() -> None:
    parameters, _ = kinds.check("s3", {"bucket": "b", "path": "/photos/2024/"}, {})
    assert parameters.path == "photos/2024"  # type: ignore[attr-defined]


# --- What a caller may name ---


@pytest.mark.parametrize(
    ("path", "key"),
    [
        *[("a.jpg", "a.jpg"), ("/a/b.jpg", "a/b.jpg"), ("ü/日本 +%.jpg", "ü/日本 +%.jpg"), ("..a/b..", "..a/b..")],
        *[("100%25.jpg", "100%25.jpg"), ("...", "..."), (" ", " "), ("a" * 1024, "a" * 1024), ("~", "~")],
    ],
)
def test_a_path_becomes_a_key(path: str, key: str) -> None:
    assert clean_key(path) == key


@pytest.mark.parametrize("path", ["", "/", "//a", "a//b", "a/", "a/./b", "a%2f%2fb", "%2fa", "a%2f"])
def test_a_path_with_an_empty_or_dotted_segment_is_no_key(path: str) -> None:
    with pytest.raises(BadKey):
        clean_key(path)


@pytest.mark.parametrize("code", [*range(32), 127, 0xD800, 0xDFFF, ord("\\")])
def test_control_characters_surrogates_and_backslashes_are_in_no_key(code: int) -> None:
    with pytest.raises(BadKey):
        clean_key(f"a{chr(code)}b")


@pytest.mark.parametrize("path", ["a" * 1025, "é" * 513, "a/" * 512 + "aa"])
def test_a_key_has_at_most_1024_bytes(path: str) -> None:
    assert len(path.encode()) > MAX_KEY_BYTES
    with pytest.raises(BadKey, match="1024 bytes"):
        clean_key(path)


def test_the_error_names_the_field_at_fault() -> None:
    with pytest.raises(BadKey, match=r"outputs\.0\.destination must not be empty") as caught:
        clean_key("", param="outputs.0.destination")
    assert caught.value.param == "outputs.0.destination"


@pytest.mark.parametrize("key", ["a//b", "/a", "a/", "a\\b", "a\nb", "%2e%2e/a", "...", "x" * 2000])
def test_what_a_bucket_may_hold_can_be_read_although_nobody_may_name_it_so(key: str) -> None:
    refuse_escape(key)


@pytest.mark.parametrize(
    ("prefix", "key", "joined"),
    [("", "a", "a"), ("p", "a", "p/a"), ("/p/q/", "a/b", "p/q/a/b"), ("p", "", "p"), ("", "", "")],
)
def test_a_key_is_put_below_a_prefix(prefix: str, key: str, joined: str) -> None:
    assert join_keys(prefix, key) == joined
