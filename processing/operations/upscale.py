"""Enlarging with detail."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PIL import Image
from pydantic import Field, model_validator

from processing import placement, upscaling
from processing.base import Context, Example, Illustration, Operation, Step
from processing.bleeding import spread_colors
from processing.blockiness import HEAVY, LIGHT, MEDIUM, measure
from processing.geometry import Size, round_half_up, scaling
from processing.picture import Picture, check_result, scale
from processing.placement import scaled_size
from processing.upscaling import CLEAN, DRAWING, FACTOR, GENTLE, MODERATE, STRONG, Network, check_work, double

MOST = 8
"""Times the size along each side."""

ROUNDING = 1e-6

Choice = Sequence[tuple[float, Network]]
"""Networks with the blockiness from which on each is taken, the first from 0."""

CHOICES: dict[str, Choice] = {
    "photo": [(0, GENTLE), (MEDIUM, MODERATE), (HEAVY, STRONG)],
    "smart_enhance": [(0, MODERATE), (HEAVY, STRONG)],
    "smart_resize": [(0, CLEAN), (LIGHT, GENTLE), (MEDIUM, MODERATE)],
    "faces": [(0, GENTLE), (MEDIUM, MODERATE)],
    "digital_art": [(0, DRAWING)],
}
AGAIN = {"digital_art": DRAWING}
"""What doubles a second and a third time; CLEAN where nothing is said."""

SMALL = {"width": {"value": 120}}


class Upscale(Operation):
    """Enlarge the picture by a network that knows what detail looks like, up to eight times along each side.

    How far is said by `scale`, or as in `place` by width, height and fit: the picture is then as large as `place` with
    the same would scale it, and never smaller than it was. Beyond eight times it is left to `place`. Networks double a
    picture; where less is wanted, it is scaled down from there.

    Which network is run also depends on how strongly the picture looks compressed as a JPEG: the stronger, the more of
    that is cleaned away. `smart_resize` expects good pictures and keeps most detail, `photo` those of cameras,
    `smart_enhance` poor ones; `faces` cleans most gently, and `digital_art` is for drawings.
    """

    class Params(placement.Target):
        network: Literal["photo", "smart_enhance", "smart_resize", "faces", "digital_art"] = Field(
            "photo", description="what the picture is like"
        )
        scale: float | None = Field(
            None, ge=1, le=MOST, description="how many times as large, in place of width and height"
        )

        @model_validator(mode="after")
        def need_one_way(self) -> "Upscale.Params":
            if self.scale is not None and (self.width or self.height):
                raise ValueError("scale takes the place of width and height")
            return self

    needs_model = True
    examples = [
        Example({"scale": 2}, source=(30, 20), size=(60, 40)),
        Example({"width": {"value": 45}, "fit": "bounds", "network": "smart_resize"}, source=(30, 20), size=(45, 30)),
        Example(
            {"width": {"value": 50}, "height": {"value": 50}, "network": "digital_art"}, source=(20, 40), size=(50, 100)
        ),
        Example({"width": {"value": 30}}, source=(60, 40)),
    ]
    illustrations = [
        Illustration({"scale": 2, "network": network}, "astronaut", before=(Step(operation="resize", params=SMALL),))
        for network in CHOICES
    ]

    @classmethod
    def missing(cls) -> str | None:
        return upscaling.missing(CLEAN, GENTLE, MODERATE, STRONG, DRAWING)

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        size = _find_size(picture, params)
        if size == picture.size:
            return picture
        check_result(size, context.limits)
        plan = _make_plan(picture, params.network, size)
        check_work(picture.size, len(picture.frames), len(plan.networks))
        made = picture.map(lambda frame: _enlarge(frame, plan), moved=scaling(picture.size, size))
        return made.lose("enlarged", "the result has more pixels than the picture that it was made from")


@dataclass(frozen=True)
class Plan:
    """size: the result's. networks: which are run one after the other; each doubles."""

    size: Size
    networks: tuple[Network, ...]


def _find_size(picture: Picture, params: Upscale.Params) -> Size:
    """The size of the result, along each side between the picture's own and eight times that."""
    if params.scale is not None:
        wanted = round_half_up(picture.size[0] * params.scale), round_half_up(picture.size[1] * params.scale)
    else:
        wanted = scaled_size(params, picture=picture.size, source=picture.source.size)
    wide, high = (min(max(want, side), MOST * side) for want, side in zip(wanted, picture.size, strict=True))
    return wide, high


def _make_plan(picture: Picture, name: str, size: Size) -> Plan:
    factor = max(size[0] / picture.size[0], size[1] / picture.size[1])
    doublings = math.ceil(math.log(factor, FACTOR) - ROUNDING)
    blockiness = measure(picture.frames[0])
    first = [network for least, network in CHOICES[name] if blockiness >= least][-1]
    return Plan(size, (first, *[AGAIN.get(name, CLEAN)] * (doublings - 1)))


def _enlarge(frame: Image.Image, plan: Plan) -> Image.Image:
    """The frame at the plan's size. Alpha is scaled by itself: it has no detail to be guessed."""
    colors = spread_colors(frame) if frame.mode == "RGBA" else frame
    for network in plan.networks:
        colors = double(colors, network)
    made = scale(colors, plan.size)
    if frame.mode == "RGBA":
        made.putalpha(scale(frame.getchannel("A"), plan.size))
    return made
