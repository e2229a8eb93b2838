"""Running chains through the pipeline."""

from pathlib import Path
from typing import Any

import skimage
from PIL import Image

from processing.base import Step
from processing.formats import Output
from processing.limits import Limits
from processing.pipeline import Result, Variant, run
from tests.images import decode

LIMITS = Limits()
PNG = Output(format="png")


def step(operation: str, **params: Any) -> Step:
    return Step(operation=operation, params=params)


def variant(*steps: Step, output: Output = PNG) -> Variant:
    return Variant(steps, output)


def process(data: bytes, *variants: Variant, limits: Limits = LIMITS) -> Result:
    return run(data, variants, limits=limits)


def result(data: bytes, *steps: Step, output: Output = PNG) -> Image.Image:
    """The only result, decoded."""
    outcome = process(data, variant(*steps, output=output)).outcomes[0]
    assert outcome.encoded is not None, outcome.error
    return decode(outcome.encoded.data)


def losses(data: bytes, *steps: Step, output: Output = PNG) -> list[str]:
    encoded = process(data, variant(*steps, output=output)).outcomes[0].encoded
    assert encoded is not None
    return [loss.code for loss in encoded.losses]


def photo() -> Image.Image:
    return Image.open(Path(skimage.__file__).with_name("data") / "astronaut.png").convert("RGB")
