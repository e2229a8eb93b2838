"""The 15 transformations: SlashedCloud's fields read into the steps of a chain."""

from collections.abc import Callable
from typing import Any

from jobs.dialects.slashed.fields import Fields
from jobs.errors import MalformedRequest
from processing import operations
from processing.base import Step
from processing.errors import InvalidParams, UnknownOperation

LONGEST_TEXT = 2000
LARGEST_FONT = 2000
LONGEST_FONT = 200
DEFAULT_FONT = "Arial"
FILTERS = (
    "bw",
    "sepia",
    "negate",
    "grayscale",
    "edgedetect",
    "emboss",
    "blurgaussian",
    "blurselective",
    "meanremoval",
    "smooth",
)
FIT_TYPES = ("box", "stretch", "cropbox", "letterbox", "outside")
REFERENCE = "storage://reference/"
FLIPS = {"x": "horizontal", "horizontal": "horizontal", "y": "vertical", "vertical": "vertical"}
FIT_WORDS = {True: True, False: False, "true": True, "false": False, "crop": True}


def to_step(fields: Fields, *, storage_id: int, keeps_alpha: bool) -> Step:
    """One transformation as a step. Raises MalformedRequest that names the field.

    keeps_alpha: whether the result can be transparent.
    """
    kind = fields.choice("type", tuple(READERS))
    params = READERS[kind](fields)
    if kind == "watermark" and params["source"]["kind"] == "storage":
        params["source"]["storage_id"] = storage_id
    if kind == "rotate" and not keeps_alpha:
        params["background"] = "#000000"
    return _check(fields, Step(operation=kind, params=params))


def _check(fields: Fields, step: Step) -> Step:
    """What the operation itself has to say about the parameters."""
    try:
        operations.parse(step.operation, step.params)
    except UnknownOperation:
        raise fields.fail("type", f"{step.operation!r} is not offered by this server yet") from None
    except InvalidParams as error:
        path = f"{fields.path}.{error.param}" if error.param else fields.path
        raise MalformedRequest(f"{fields.path}: {error.message}", param=path) from None
    return step


def _read_annotation(fields: Fields) -> dict[str, Any]:
    text = fields.text("text")
    if not 1 <= len(text) <= LONGEST_TEXT:
        raise fields.fail("text", f"must have 1 to {LONGEST_TEXT} characters")
    size = fields.number("size", 0, LARGEST_FONT, default=12)
    if size == 0:
        raise fields.fail("size", "must be above 0")
    # Any name will do: one that no font has falls back to the default face.
    font = fields.text("font", default=DEFAULT_FONT)[:LONGEST_FONT] or DEFAULT_FONT
    color = fields.color("color", default="#000000")
    place = {"gravity": fields.gravity(), **fields.offsets()}
    return {"text": text, "font": font, "size": size, "color": color, **place}


def _read_blur(fields: Fields) -> dict[str, Any]:
    return {"sigma": fields.distance("sigma"), "radius": fields.distance("radius")}


def _read_brightness(fields: Fields) -> dict[str, Any]:
    return {"level": int(fields.number("bright_level", -255, 255))}


def _read_colorize(fields: Fields) -> dict[str, Any]:
    return {name: fields.number(name, 0, 255) for name in ("red", "green", "blue")}


def _read_contrast(fields: Fields) -> dict[str, Any]:
    return {"level": fields.number("level", -100, 100)}


def _read_crop(fields: Fields) -> dict[str, Any]:
    fit = fields.values["fit"] if fields.has("fit") else True
    word = fit.lower() if isinstance(fit, str) else fit
    if not isinstance(word, str | bool) or word not in FIT_WORDS:
        raise fields.fail("fit", "must be a boolean")
    return {**fields.sizes(), "gravity": fields.gravity(), **fields.offsets(), "fit": FIT_WORDS[word]}


def _read_filter(fields: Fields) -> dict[str, Any]:
    return {"filter": fields.choice("filter", FILTERS)}


def _read_fitmethod(fields: Fields) -> dict[str, Any]:
    return {
        "fit_type": fields.choice("fit_type", FIT_TYPES),
        **fields.sizes(),
        "color": fields.color("color", default="#000000"),
        "gravity": fields.gravity(),
        "opacity": fields.number("opacity", 0, 10, default=10),
    }


def _read_flip(fields: Fields) -> dict[str, Any]:
    return {"direction": FLIPS[fields.choice("direction", tuple(FLIPS))]}


def _read_rotate(fields: Fields) -> dict[str, Any]:
    degrees = fields.number("degrees", 0, 360)
    if abs(degrees * 100 - round(degrees * 100)) >= 1e-6:
        raise fields.fail("degrees", "must be a number between 0 and 360 with at most two decimals")
    return {"degrees": degrees}


def _read_watermark(fields: Fields) -> dict[str, Any]:
    # The documented list spells it `Source`, the documented sample `source`; the sample's spelling wins.
    fields.has("Source")
    name = "source" if fields.has("source") or not fields.has("Source") else "Source"
    place = {"gravity": fields.gravity(), **fields.offsets()}
    return {"source": _read_asset(fields, name), **fields.sizes(required=False), **place}


def _read_asset(fields: Fields, name: str) -> dict[str, Any]:
    """A path in the service's storage, or one of the account's reference images."""
    image_id = fields.text(name).removeprefix(REFERENCE)
    if image_id != fields.text(name):
        return {"kind": "reference", "location": image_id or "none"}
    return {"kind": "storage", "location": fields.key(name)}


def _read_zoom(fields: Fields) -> dict[str, Any]:
    return {**fields.sizes(), "level": fields.number("level", 0, 10)}


READERS: dict[str, Callable[[Fields], dict[str, Any]]] = {
    "annotation": _read_annotation,
    "blur": _read_blur,
    "brightness": _read_brightness,
    "colorize": _read_colorize,
    "contrast": _read_contrast,
    "crop": _read_crop,
    "enhance": lambda _fields: {},
    "filter": _read_filter,
    "fitmethod": _read_fitmethod,
    "flip": _read_flip,
    "resize": Fields.sizes,
    "rotate": _read_rotate,
    "ulb": lambda _fields: {},
    "watermark": _read_watermark,
    "zoom": _read_zoom,
}
