"""What a request may ask to be done: `operations`."""

import re
from enum import Enum
from typing import Any, Literal

from pydantic.v1 import ConstrainedFloat, ConstrainedInt, ConstrainedStr, validator

from jobs.dialects.claid.schemas.base import PERCENT, Fields, Uri

COLOR = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})|transparent", re.IGNORECASE)
PIXELS = re.compile(r"[0-9]{1,6}px")
LARGEST_PIXELS = 1_000_000


class Share(ConstrainedInt):
    ge = 0
    le = 100


class Shift(ConstrainedInt):
    ge = -100
    le = 100


class Fraction(ConstrainedFloat):
    ge = 0
    le = 1


class PixelSide(ConstrainedInt):
    ge = 1
    le = LARGEST_PIXELS


class Percent(ConstrainedStr):
    regex = re.compile(PERCENT)


class SidePercent(Percent):
    """Per cent of a side: a result has one pixel at least."""

    @classmethod
    def __get_validators__(cls) -> Any:
        yield from super().__get_validators__()
        yield refuse_nothing


def refuse_nothing(text: str) -> str:
    if not 0 < int(text[:-1]) <= LARGEST_PIXELS:
        raise ValueError("ensure this percentage is greater than 0")
    return text


class Auto(Enum):
    auto = "auto"


Side = PixelSide | Auto | SidePercent

# --- Restorations and adjustments ----------------------------------------------------------------------------------


class Decompress(Enum):
    moderate = "moderate"
    strong = "strong"
    auto = "auto"


class Network(Enum):
    smart_enhance = "smart_enhance"
    smart_resize = "smart_resize"
    faces = "faces"
    digital_art = "digital_art"
    photo = "photo"


class PhotoVersion(Enum):
    first = "1"
    second = "2"
    third = "3"


class Photo(Fields):
    type: Literal["photo"]
    version: PhotoVersion


class Restorations(Fields):
    decompress: Decompress | None
    upscale: Network | Photo | None
    polish: bool | None


class Hdr(Fields):
    intensity: Share | None
    stitching: bool | None


class Adjustments(Fields):
    hdr: Share | Hdr | None
    exposure: Shift | None
    saturation: Shift | None
    contrast: Shift | None
    sharpness: Share | None


# --- Background ----------------------------------------------------------------------------------------------------


class Category(Enum):
    general = "general"
    cars = "cars"
    products = "products"


class ObjectName(ConstrainedStr):
    min_length = 3
    max_length = 128


class Selective(Fields):
    object_to_keep: ObjectName


class Sought(Fields):
    """What is looked for: things of a category, or what has a name."""

    category: Category | None
    selective: Selective | None

    @validator("selective")
    @classmethod
    def must_stand_alone(cls, selective: Selective | None, values: dict[str, object]) -> Selective | None:
        if selective and values.get("category"):
            raise ValueError("selective and category exclude each other")
        return selective


class Remove(Sought):
    clipping: bool | None


class BlurType(Enum):
    regular = "regular"
    lens = "lens"


class BlurLevel(Enum):
    low = "low"
    medium = "medium"
    high = "high"


class Blur(Sought):
    type: BlurType | None
    level: BlurLevel | None


class Background(Fields):
    remove: bool | Remove | None
    blur: bool | Blur | None
    color: str | None

    @validator("blur")
    @classmethod
    def must_have_a_background(cls, blur: Any, values: dict[str, Any]) -> Any:
        if is_on(blur) and is_on(values.get("remove")):
            raise ValueError("blur and remove exclude each other")
        return blur

    @validator("color")
    @classmethod
    def must_be_a_color(cls, color: str | None) -> str | None:
        if color is not None and not COLOR.fullmatch(color):
            raise ValueError("value is not a valid color: use #rgb, #rrggbb or transparent")
        return color


def is_on(switch: Any) -> bool:
    """Whether something is asked for: by true, or by its options."""
    return switch not in (None, False)


# --- Layout --------------------------------------------------------------------------------------------------------


class Fit(Enum):
    crop = "crop"
    cover = "cover"
    bounds = "bounds"
    canvas = "canvas"
    outpaint = "outpaint"


class CropTo(Enum):
    center = "center"
    smart = "smart"


class Crop(Fields):
    type: Literal["crop"]
    crop: CropTo | None


class Cover(Fields):
    type: Literal["cover"]


class Bounds(Fields):
    type: Literal["bounds"]


class Canvas(Fields):
    type: Literal["canvas"]


class Outpaint(Fields):
    type: Literal["outpaint"]
    feathering: Percent | None
    outpaint_by: str | None

    @validator("feathering")
    @classmethod
    def must_leave_something(cls, feathering: str | None) -> str | None:
        if feathering is not None and int(feathering[:-1]) > 100:
            raise ValueError("ensure this percentage is at most 100")
        return feathering

    @validator("outpaint_by")
    @classmethod
    def must_be_one_or_two(cls, text: str | None) -> str | None:
        if text is not None:
            check_distances(text, counts=(1, 2))
        return text


class Resizing(Fields):
    width: Side | None
    fit: Fit | Crop | Cover | Bounds | Canvas | Outpaint | None
    height: Side | None

    @validator("height")
    @classmethod
    def must_go_with_width(cls, height: Any, values: dict[str, Any]) -> Any:
        sides = [side for side in (values.get("width"), height) if side not in (None, "auto")]
        if len(sides) == 2:
            if isinstance(sides[0], str) != isinstance(sides[1], str):
                raise ValueError("width and height must both be pixels or both be percentages")
            is_outpaint = getattr(values.get("fit"), "type", values.get("fit")) == "outpaint"
            if isinstance(sides[0], str) and sides[0] != sides[1] and not is_outpaint:
                raise ValueError("width and height must be the same percentage, or one of them auto")
        return height


def check_distances(text: str, *, counts: tuple[int, ...]) -> list[str]:
    """The parts of distances with spaces between them, all in per cent or all in pixels. Raises ValueError."""
    parts = text.split(" ")
    kinds = {"%" if re.match(PERCENT, part) else "px" if PIXELS.fullmatch(part) else "" for part in parts}
    if len(parts) not in counts or kinds not in ({"%"}, {"px"}):
        shown = " or ".join(map(str, counts))
        raise ValueError(f"value is not {shown} distances such as 10% or 30px, all of one kind")
    return parts


class Padding(ConstrainedStr):
    """Two percentages are horizontal and vertical; half of a side leaves nothing of it."""

    @classmethod
    def __get_validators__(cls) -> Any:
        yield from super().__get_validators__()
        yield check_padding


def check_padding(text: str) -> str:
    parts = check_distances(text, counts=(1, 2, 4))
    if text.endswith("%"):
        if len(parts) == 4:
            raise ValueError("four distances must be in pixels")
        if any(int(part[:-1]) >= 50 for part in parts):
            raise ValueError("ensure this padding is less than 50%")
    return text


# --- Privacy and what is generated ---------------------------------------------------------------------------------


class Privacy(Fields):
    blur_car_plate: bool | None
    identity_crop: bool | None


class StylePrompt(ConstrainedStr):
    min_length = 3
    max_length = 1024


class StyleTransfer(Fields):
    style_reference_image: Uri
    prompt: StylePrompt | None
    depth_strength: Fraction | None
    denoising_strength: Fraction | None
    style_strength: Fraction | None


class Generative(Fields):
    style_transfer: StyleTransfer | None


class Operations(Fields):
    restorations: Restorations | None
    adjustments: Adjustments | None
    background: Background | None
    resizing: Resizing | None
    padding: Padding | None
    privacy: Privacy | None
    generative: Generative | None

    @validator("generative")
    @classmethod
    def must_keep_its_background(cls, generative: Generative | None, values: dict[str, Any]) -> Generative | None:
        background = values.get("background")
        is_cut_out = background and (is_on(background.remove) or is_on(background.blur))
        if generative and generative.style_transfer and is_cut_out:
            raise ValueError("style_transfer excludes background.remove and background.blur")
        return generative
