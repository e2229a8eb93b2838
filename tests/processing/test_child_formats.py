"""Every format behind the walls of the child: decoders and encoders find there what they need."""

from collections.abc import Iterator
from typing import Any

import pytest

from processing.base import Step
from processing.child import Child
from processing.decoders import load
from processing.formats import FORMATS, Output
from processing.limits import Limits
from processing.pipeline import Variant
from tests.images import deep_colors, encode, film, ramps, tiff
from tests.profiles import cmyk_profile, grey_profile, rgb_profile

SIZE = (60, 40)
HALF = (Step(operation="resize", params={"width": {"value": 50, "unit": "%"}}),)
WRITTEN: list[Any] = [form.name for form in FORMATS if form.writes]
SOURCES = {
    "deep": tiff(deep_colors(SIZE), photometric="rgb"),
    "film": film(SIZE),
    "grey": encode(ramps(SIZE).convert("L"), icc_profile=grey_profile(1.8)),
    "inks": encode(ramps(SIZE).convert("CMYK"), "JPEG", icc_profile=cmyk_profile(5)),
    "wide": encode(ramps(SIZE), "AVIF", icc_profile=rgb_profile("p3")),
    **{name: encode(ramps(SIZE), name) for name in ("BMP", "GIF", "WEBP")},
}


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    child = Child(memory_bytes=1 << 30)
    yield child
    child.close()


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_becomes_every_format(child: Child, source: str):
    outputs = [
        Output(format=form, lossless=lossless, profile="source", metadata="credit", target_bytes=2000, dpi=72)
        for form in WRITTEN
        for lossless in (None, True, False)
    ]
    variants = [Variant(HALF, output) for output in outputs]
    result = child.run(SOURCES[source], variants, limits=Limits(), assets={}, seconds=60)
    for outcome, output in zip(result.outcomes, outputs, strict=True):
        assert outcome.encoded is not None, (output, outcome.error)
        made = load(outcome.encoded.data, Limits(), animated=True)
        assert (made.source.format, made.size) == (output.format, (30, 20))
        moves = source == "film" and outcome.encoded.format.animates
        assert len(made.frames) == (3 if moves else 1)
