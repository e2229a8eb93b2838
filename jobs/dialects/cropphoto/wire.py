"""Crop.photo's crops as steps of ours. No HTTP, no writes."""

from typing import Any
from urllib.parse import unquote, urlsplit

from jobs.dialects.cropphoto import guesses
from jobs.dialects.cropphoto.fields import (
    SIDES,
    AnySides,
    AutoResizeBody,
    BodyAwareBody,
    Fields,
    Grounded,
    LifestyleBody,
    Picture,
    RemoveBackgroundBody,
    Sized,
    UnrecognizableBody,
    WholeSides,
    read,
)
from jobs.errors import MalformedRequest
from jobs.spec import JobSpec, Source, Variant
from processing.base import AssetRef, Step
from processing.formats import FormatName, Output
from storage import http
from storage.errors import UrlRefused

ANY_ADDRESS = "https://example.com/"
"""Stands for the picture where a crop is a step of a recipe."""

REFERENCE = "storage://reference/"
KEPT_FORMATS: tuple[FormatName, ...] = ("jpeg", "png", "webp")
"""Formats that `auto` leaves as they are; of others it makes the first."""

Chain = tuple[tuple[Step, ...], Output]


def to_spec(body: Picture, request: Any) -> JobSpec:
    """A job of one picture and one crop. Raises MalformedRequest for an address that may not be fetched."""
    steps, output = to_chain(body)
    return JobSpec(
        dialect="cropphoto",
        sources=(to_source(body.image_url, param="image_url"),),
        variants=(Variant(name="crop", steps=steps, output=output),),
        request=request,
        dialect_data={"kind": "crop"},
    )


def to_source(url: str, *, param: str, meta: dict[str, Any] | None = None) -> Source:
    """A picture on the web. Raises MalformedRequest where its address may not be fetched."""
    check_address(url, param)
    return Source(ref=AssetRef(kind="web", location=url), name=name_of(url), meta=meta or {})


def check_address(url: str, param: str) -> None:
    """Raises MalformedRequest for an address that this server fetches nothing from."""
    try:
        http.refuse_early(url)
    except UrlRefused as error:
        raise MalformedRequest(f"{param} {error.message}", param=param) from None


def name_of(url: str) -> str:
    """What a picture is called: the last part of its address."""
    return unquote(urlsplit(url).path).rpartition("/")[2].replace("\0", "") or "image"


def to_chain(body: Fields) -> Chain:
    """The steps of a crop, and how its result is written."""
    steps, output = READERS[type(body)](body)
    return tuple(Step(operation=name, params=params) for name, params in steps), output


def expand(step: Step) -> Chain | None:
    """What a step of a recipe stands for that has the name of a crop, with its parameters; None for other names.

    Raises MalformedRequest for parameters that the crop would not take, and for any that nobody reads.
    """
    model = ENDPOINTS.get(step.operation)
    if model is None:
        return None
    body, unread = read(model, {**step.params, "image_url": ANY_ADDRESS})
    if unread:
        raise MalformedRequest(f"{unread[0]} is not a parameter of {step.operation}", param=unread[0])
    return to_chain(body)


_Steps = tuple[list[tuple[str, dict[str, Any]]], Output]


def _read_auto_resize(body: AutoResizeBody) -> _Steps:
    resize = {
        **_sides(body.pixels),
        "margins": _to_margins(body.minimum_margins),
        "horizontal": body.horizontal_alignment,
        "vertical": body.vertical_alignment or "center",
        "horizontal_margin": float(body.horizontal_margin[:-1]),
        "vertical_margin": float(body.vertical_margin[:-1]),
    }
    steps = [("remove_background", {}), ("subject_crop", resize), *_lay_on_ground(body)]
    return steps, _to_output(body, is_transparent=body.background == "transparent")


def _read_body_aware(body: BodyAwareBody) -> _Steps:
    crop = {
        "marker": body.crop_marker,
        "margins": body.margins.model_dump(),
        "preserve_edge_contact": body.preserve_edge_contact.model_dump(),
        "center_around_face": body.center_around_face,
        "size": _to_size(body),
    }
    return _crop_person(body, "body_crop", crop)


def _read_unrecognizable(body: UnrecognizableBody) -> _Steps:
    crop = {"marker": body.crop_marker, "margins": body.margins.model_dump(), "size": _to_size(body)}
    if "output_dimension" not in body.model_fields_set:
        # The source's size would need room above the line, where the face was.
        crop["size"] = "trim"
    return _crop_person(body, "unrecognizable_crop", crop)


def _crop_person(body: Grounded, operation: str, crop: dict[str, Any]) -> _Steps:
    """The crop of a person, cut out and laid on a ground unless the background stays."""
    if body.background == "none":
        return [(operation, {**crop, "fill": "edge"})], _to_output(body)
    steps = [("remove_background", {"category": "people"}), (operation, crop), *_lay_on_ground(body)]
    return steps, _to_output(body, is_transparent=body.background == "transparent")


def _read_lifestyle(body: LifestyleBody) -> _Steps:
    crop = {
        "margins": _to_margins(body.minimum_margins),
        "size": "trim" if body.output_dimension == "trim_to_subject" else _to_size(body),
        "hints": tuple(body.analysis_hints),
    }
    return [("lifestyle_crop", crop)], _to_output(body)


def _read_remove_background(_body: RemoveBackgroundBody) -> _Steps:
    return [("remove_background", {})], Output(format="png")


READERS: dict[type[Fields], Any] = {
    AutoResizeBody: _read_auto_resize,
    BodyAwareBody: _read_body_aware,
    UnrecognizableBody: _read_unrecognizable,
    LifestyleBody: _read_lifestyle,
    RemoveBackgroundBody: _read_remove_background,
}


def _to_margins(sides: AnySides | WholeSides) -> dict[str, Any]:
    return {side: {"value": float(getattr(sides, side)), "unit": sides.unit} for side in SIDES}


def _sides(pixels: tuple[int, int] | None) -> dict[str, int]:
    return {"width": pixels[0], "height": pixels[1]} if pixels else {}


def _to_size(body: Sized) -> Any:
    return _sides(body.pixels) or "source"


def _lay_on_ground(body: Grounded) -> list[tuple[str, dict[str, Any]]]:
    """What lies behind the cut-out: nothing, a colour, or a picture that covers the result."""
    text = body.background
    if text == "transparent":
        return []
    if text == "white":
        return [("backdrop", {"color": "#ffffff"})]
    if text.startswith("#"):
        return [("backdrop", {"color": _to_color(text)})]
    if text.startswith(REFERENCE):
        return [("backdrop", {"image": {"kind": "reference", "location": text.removeprefix(REFERENCE) or "none"}})]
    check_address(text, "background")
    return [("backdrop", {"image": {"kind": "web", "location": text}})]


def _to_color(text: str) -> str:
    digits = text[1:] if len(text) == 7 else "".join(digit * 2 for digit in text[1:])
    return f"#{digits.lower()}"


def _to_output(body: Sized, *, is_transparent: bool = False) -> Output:
    quality = guesses.QUALITY
    if body.output_format != "auto":
        return Output(format=body.output_format, quality=quality)
    return Output(format="png") if is_transparent else Output(formats=KEPT_FORMATS, quality=quality)


ENDPOINTS: dict[str, type[Picture]] = {
    "auto-resize-align": AutoResizeBody,
    "body-aware-crop": BodyAwareBody,
    "unrecognizable-crop": UnrecognizableBody,
    "remove-background": RemoveBackgroundBody,
    "lifestyle": LifestyleBody,
}
