"""What a request may say of its results: `output`."""

from enum import Enum
from typing import Literal

from pydantic.v1 import ConstrainedInt, validator

from jobs.dialects.claid.schemas.base import Fields, Uri


class FormatName(Enum):
    jpeg = "jpeg"
    png = "png"
    webp = "webp"
    avif = "avif"
    tiff = "tiff"


class Quality(ConstrainedInt):
    ge = 1
    le = 100


class Dpi(ConstrainedInt):
    ge = 1
    le = 10_000


class PngCompression(Enum):
    fast = "fast"
    best = "best"
    optimal = "optimal"


class CompressionName(Enum):
    lossy = "lossy"
    lossless = "lossless"


class Lossy(Fields):
    type: Literal["lossy"]
    quality: Quality | None


class Lossless(Fields):
    type: Literal["lossless"]


Compression = CompressionName | Lossy | Lossless


class Jpeg(Fields):
    type: Literal["jpeg"]
    quality: Quality | None
    progressive: bool | None


class Png(Fields):
    type: Literal["png"]
    compression: PngCompression | None


class Webp(Fields):
    type: Literal["webp"]
    compression: Compression | None


class Avif(Fields):
    type: Literal["avif"]
    compression: Compression | None


class Tiff(Fields):
    type: Literal["tiff"]
    compression: Compression | None


Format = FormatName | Jpeg | Png | Webp | Avif | Tiff


class ColorSpaceName(Enum):
    RGB = "RGB"
    CMYK = "CMYK"


class CmykProfile(Enum):
    ISO_Coated = "ISO_Coated"
    ISO_Uncoated = "ISO_Uncoated"
    USWeb_Coated = "USWeb_Coated"
    USWeb_Uncoated = "USWeb_Uncoated"


class Rgb(Fields):
    type: Literal["RGB"]


class Cmyk(Fields):
    type: Literal["CMYK"]
    color_profile: CmykProfile | None


ColorSpace = ColorSpaceName | Rgb | Cmyk


class Metadata(Fields):
    dpi: Dpi | None
    color_space: ColorSpace | None


class Output(Fields):
    format: Format | None
    destination: Uri | None
    metadata: Metadata | None

    @validator("metadata")
    @classmethod
    def must_fit_the_format(cls, metadata: Metadata | None, values: dict[str, object]) -> Metadata | None:
        space = metadata and metadata.color_space
        if is_cmyk(space) and format_name(values.get("format")) not in ("jpeg", "tiff"):
            raise ValueError("CMYK is for jpeg and tiff alone")
        return metadata


def format_name(form: object) -> str:
    """The name of a format, however it was given. `jpeg` where none was."""
    return str(getattr(form, "type", None) or form or "jpeg")


def is_cmyk(space: object) -> bool:
    """Whether a colour space is one of ink, however it was given."""
    return getattr(space, "type", space) == "CMYK"
