"""Light and colour, as a photographer sets them."""

from PIL import Image
from pydantic import Field

from processing import base, tones
from processing.base import Context, Example, Illustration, Operation
from processing.bleeding import change_visible
from processing.channels import change_colors
from processing.local_contrast import even_out
from processing.luma import scale_colors
from processing.picture import Picture
from processing.sharpening import sharpen
from processing.tables import apply_table, make_table

MOST_SHARPNESS = 1.5
"""Times that details are added at a sharpness of 100."""

FULL = 255


class Adjust(Operation):
    """Set exposure, contrast, local contrast ("hdr"), saturation and sharpness, in this order. 0 changes nothing.

    Exposure works on light as a camera does: 50 is one stop, and highlights come closer to white without being clipped.
    Contrast runs along an S through black, middle grey and white. `hdr` evens out what is dark or bright over broad
    parts of the picture and brings out details. Sharpness leaves noise alone and adds no fringes of colour.
    """

    class Params(base.Params):
        exposure: int = Field(0, ge=-100, le=100, description="light, in fiftieths of a stop; −100 is a quarter of it")
        contrast: int = Field(0, ge=-100, le=100, description="differences of tone, at most twice as strong")
        hdr: int = Field(0, ge=0, le=100, description="local contrast; 100 is for pictures with deep shadows")
        stitching: bool = Field(
            False, description="whether `hdr` takes the left and right edges for neighbours, as in panoramas all around"
        )
        saturation: int = Field(0, ge=-100, le=100, description="strength of colours; −100 is grey, 100 twice that")
        sharpness: int = Field(0, ge=0, le=100, description="how much details stand out")

    examples = [
        Example({"hdr": 100}),
        Example({"exposure": 40, "contrast": 20, "saturation": -30, "sharpness": 60}),
        Example({"hdr": 50, "stitching": True}),
    ]
    illustrations = [
        Illustration(params, photo="astronaut")
        for params in (
            {"hdr": 100},
            {"hdr": 40},
            {"exposure": 50},
            {"exposure": -50},
            {"contrast": 60},
            {"contrast": -60},
            {"saturation": 60},
            {"saturation": -60},
            {"sharpness": 100},
        )
    ]

    @staticmethod
    def apply(picture: Picture, params: Params, context: Context) -> Picture:
        return picture.map(lambda frame: _adjust(frame, params))


def _adjust(frame: Image.Image, params: Adjust.Params) -> Image.Image:
    if params.exposure or params.contrast:
        frame = apply_table(frame, make_table(lambda value: _change_tone(value, params)))
    if params.hdr:
        frame = change_visible(frame, lambda colors: even_out(colors, params.hdr / 100, wraps=params.stitching))
    if params.saturation:
        frame = change_colors(frame, lambda colors: scale_colors(colors, 1 + params.saturation / 100))
    if params.sharpness:
        frame = change_visible(frame, lambda colors: sharpen(colors, MOST_SHARPNESS * params.sharpness / 100))
    return frame


def _change_tone(value: int, params: Adjust.Params) -> float:
    exposed = tones.expose(value / FULL, params.exposure)
    return tones.contrast(exposed, params.contrast) * FULL + 0.5
