"""Repairing what JPEG did."""

from typing import Literal

from PIL import Image
from pydantic import Field

from processing import base, upscaling
from processing.base import Context, Example, Illustration, Operation
from processing.bleeding import change_visible
from processing.blockiness import HEAVY, MEDIUM, measure
from processing.picture import Picture
from processing.upscaling import MODERATE, STRONG, Network, check_work, repair

NETWORKS: dict[str, Network] = {"moderate": MODERATE, "strong": STRONG}


class Decompress(Operation):
    """Take away what compression as a JPEG has left in the picture: blocks, rings beside edges, blotches of colour.

    `auto` looks how strongly the picture seems to be compressed, from its blocks: below a quality of about 60 it is
    `strong`, up to about 80 `moderate`, and better pictures stay as they are, for they would lose detail. The other two
    are done to any picture.
    """

    class Params(base.Params):
        strength: Literal["moderate", "strong", "auto"] = Field("auto", description="how much is cleaned away")

    needs_model = True
    examples = [Example({}), Example({"strength": "moderate"}), Example({"strength": "strong"})]
    illustrations = [
        Illustration({"strength": "strong"}, photo="blocky"),
        Illustration({"strength": "moderate"}, photo="blocky"),
        Illustration({}, photo="blocky"),
    ]

    @classmethod
    def missing(cls) -> str | None:
        return upscaling.missing(MODERATE, STRONG)

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        network = _choose(picture.frames[0], params.strength)
        if network is None:
            return picture
        check_work(picture.size, len(picture.frames))
        return picture.map(lambda frame: change_visible(frame, lambda colors: repair(colors, network)))


def _choose(image: Image.Image, strength: str) -> Network | None:
    if strength != "auto":
        return NETWORKS[strength]
    blockiness = measure(image)
    if blockiness < MEDIUM:
        return None
    return MODERATE if blockiness < HEAVY else STRONG
