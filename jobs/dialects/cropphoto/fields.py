"""Crop.photo's request bodies, field by field. A body that breaks a rule is refused with the field's path."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeVar

from django.conf import settings
from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo

from jobs.dialects.cropphoto import guesses
from jobs.errors import MalformedRequest

Body = TypeVar("Body", bound="Fields")
MARGINS_RULE = "margins value should be in range 0 to 100"
DIMENSION = re.compile(r"match_to_original|trim_to_subject|(\d{1,4})x(\d{1,4})")
SENTENCES = {"missing": "is required", "model_type": "should be an object", "list_type": "should be an array"}
SIDES = ("top", "right", "bottom", "left")
REQUIRED_BY_THE_PAGES = ("background", "output_format", "output_dimension", "response_type")

Text = Annotated[str, Field(strict=True)]
Format = Literal["auto", "jpeg", "png", "webp"]
Answer = Literal["stream", "url"]
Percent = Annotated[str, Field(strict=True, pattern=r"^\d{1,4}(\.\d+)?%$")]


class Fields(BaseModel):
    """What is not known is passed over, and named in the answer's header."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


def read(model: type[Body], body: Any) -> tuple[Body, list[str]]:
    """The fields of a body, and the paths of what nobody reads. Raises MalformedRequest for the first at fault."""
    if not isinstance(body, dict):
        raise MalformedRequest("The body should be a JSON object")
    _check_strictness(model, body)
    try:
        return model.model_validate(body), list(_find_unread(model, body))
    except ValidationError as error:
        raise _translate(error) from None


def _check_strictness(model: type[Fields], body: dict[str, Any]) -> None:
    """The pages call some fields required and give them a default: PHOTOMILL_CROPPHOTO_STRICT takes them at that."""
    if settings.PHOTOMILL_CROPPHOTO_STRICT:
        for name in REQUIRED_BY_THE_PAGES:
            if name in model.model_fields and name not in body:
                raise MalformedRequest(f"{name} is required", param=name)


def _translate(error: ValidationError) -> MalformedRequest:
    first = error.errors(include_url=False)[0]
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).removeprefix(".")
    if path.startswith("margins"):
        return MalformedRequest(MARGINS_RULE, param=path)
    words = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
    words = SENTENCES.get(first["type"]) or words[:1].lower() + words[1:]
    return MalformedRequest(f"{path} {words}".strip(), param=path or None)


def _find_unread(model: type[BaseModel], body: Any, path: str = "") -> Iterator[str]:
    known = {alias: field for name, field in model.model_fields.items() for alias in _aliases(name, field)}
    for name, value in body.items():
        inner = known[name].annotation if name in known else None
        if name not in known:
            yield f"{path}{name}"
        elif isinstance(value, dict) and isinstance(inner, type) and issubclass(inner, Fields):
            yield from _find_unread(inner, value, f"{path}{name}.")


def _aliases(name: str, field: FieldInfo) -> tuple[str, ...]:
    return guesses.MARKER_NAMES if field.validation_alias else (name,)


# --- Single fields ---------------------------------------------------------------------------------------------------


def check_url(text: str) -> str:
    """An address that could be fetched: whether it may be is judged where it is used."""
    if not re.fullmatch(r"https?://[^\s/?#]+\S*", text, re.IGNORECASE):
        raise ValueError("should be the http or https address of a picture")
    if len(text) > guesses.LONGEST_URL:
        raise ValueError(f"should have at most {guesses.LONGEST_URL} characters")
    return text


def _check_dimension(text: str) -> str:
    found = DIMENSION.fullmatch(text)
    if not found or 0 in (int(side) for side in found.groups("1")):
        raise ValueError("should be match_to_original, trim_to_subject or WIDTHxHEIGHT with sides of 1 to 9999")
    return text


def _check_background(text: str) -> str:
    if text in ("transparent", "white", "none") or re.fullmatch(r"#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})", text):
        return text
    if text.startswith("storage://reference/"):
        return text
    try:
        return check_url(text)
    except ValueError:
        raise ValueError(
            "should be transparent, white, none, a colour as #RRGGBB, or the address of a picture"
        ) from None


def _check_hints(hints: list[str]) -> list[str]:
    if len(hints) > guesses.MOST_HINTS:
        raise ValueError(f"should have at most {guesses.MOST_HINTS} hints")
    if any(not hint.strip() or len(hint) > guesses.LONGEST_HINT for hint in hints):
        raise ValueError(f"should have hints of 1 to {guesses.LONGEST_HINT} characters")
    return hints


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _refuse_text_and_bool(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(MARGINS_RULE)
    return value


def _spread_number(value: Any) -> Any:
    """One number for all four sides, as the pages' own sample has it."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return dict.fromkeys(SIDES, value) if is_number else value


def _spread_text(value: Any) -> Any:
    """`8%` or `30px` for all four sides."""
    found = re.fullmatch(r"(\d{1,4}(?:\.\d+)?)(%|px)", value) if isinstance(value, str) else None
    return {**dict.fromkeys(SIDES, float(found[1])), "unit": found[2]} if found else value


def _spread_flag(value: Any) -> Any:
    return dict.fromkeys(SIDES, value) if isinstance(value, bool) else value


def _read_whole(value: Any) -> Any:
    """A whole number, also as the digits that the pages' own example sends."""
    return int(value) if isinstance(value, str) and re.fullmatch(r"\d{1,4}", value) else value


Url = Annotated[Text, AfterValidator(check_url)]
Background = Annotated[Text, AfterValidator(_check_background)]
Dimension = Annotated[Text, AfterValidator(_check_dimension)]
Hints = Annotated[list[Text], AfterValidator(_check_hints)]
Share = Annotated[float, Field(ge=0, le=100), BeforeValidator(_refuse_text_and_bool)]
Whole = Annotated[StrictInt, Field(ge=0, le=3000), BeforeValidator(_read_whole)]
Flag = Annotated[bool, Field(strict=True)]
BodyMarker = Annotated[
    Literal[
        "face",
        "head",
        "head_to_shoulder",
        "head_to_elbows",
        "upper_half",
        "head_to_knees",
        "hips",
        "mid_half",
        "lower_half",
        "person",
    ],
    BeforeValidator(_lower),
]
FaceMarker = Annotated[
    Literal["eyes", "between_eyes_and_nose", "nose", "between_nose_and_mouth", "mouth", "face"],
    BeforeValidator(_lower),
]
MARKER: Any = Field(validation_alias=AliasChoices(*guesses.MARKER_NAMES))


# --- Parts of bodies -------------------------------------------------------------------------------------------------


class WholeSides(Fields):
    """Margins of the lifestyle crop: whole numbers, also written as texts."""

    top: Whole
    right: Whole
    bottom: Whole
    left: Whole
    unit: Literal["px", "%"]


class AnySides(Fields):
    """Margins of the resize: one for all sides as `8%`, or four."""

    top: Annotated[float, Field(ge=0, lt=10_000)]
    right: Annotated[float, Field(ge=0, lt=10_000)]
    bottom: Annotated[float, Field(ge=0, lt=10_000)]
    left: Annotated[float, Field(ge=0, lt=10_000)]
    unit: Literal["px", "%"]


class BodySides(Fields):
    top: Share = 0
    right: Share = 0
    bottom: Share = 0
    left: Share = 0


class CutSides(Fields):
    top: Share = 0
    right: Share = 100
    bottom: Share = 0
    left: Share = 100

    @model_validator(mode="after")
    def leave_something(self) -> "CutSides":
        if not self.left and not self.right:
            raise ValueError("left and right are both 0")
        return self


class FlagSides(Fields):
    top: Flag = False
    right: Flag = False
    bottom: Flag = False
    left: Flag = False


NO_SIDES = AnySides(top=0, right=0, bottom=0, left=0, unit="%")

# --- Bodies ----------------------------------------------------------------------------------------------------------


class Picture(Fields):
    image_url: Url
    response_type: Answer = "stream"


class Sized(Picture):
    output_format: Format = "auto"
    output_dimension: Dimension = "match_to_original"

    @property
    def pixels(self) -> tuple[int, int] | None:
        """Width and height where the dimension names them."""
        found = DIMENSION.fullmatch(self.output_dimension)
        return (int(found[1]), int(found[2])) if found and found[1] else None


class Grounded(Sized):
    background: Background = "white"

    @model_validator(mode="after")
    def fit_together(self) -> "Grounded":
        if self.background == "transparent" and self.output_format == "jpeg":
            raise ValueError("output_format should be png or webp where the background is transparent")
        if self.output_dimension == "trim_to_subject":
            raise ValueError("output_dimension trim_to_subject is for the lifestyle crop alone")
        return self


class AutoResizeBody(Grounded):
    horizontal_alignment: Literal["left", "right", "center"] = "center"
    horizontal_margin: Percent = "0%"
    vertical_alignment: Literal["top", "bottom", "center", ""] = "center"
    vertical_margin: Percent = "0%"
    minimum_margins: Annotated[AnySides, BeforeValidator(_spread_text)] = NO_SIDES

    @model_validator(mode="after")
    def have_a_ground(self) -> "AutoResizeBody":
        if self.background == "none":
            raise ValueError("background none is not for this crop")
        return self


class LifestyleBody(Sized):
    minimum_margins: WholeSides
    ai_model: Annotated[Literal["scene_v1", "auto"], BeforeValidator(_lower)] = "auto"
    analysis_hints: Hints = []


class BodyAwareBody(Grounded):
    crop_marker: BodyMarker = MARKER
    margins: BodySides = BodySides()
    preserve_edge_contact: Annotated[FlagSides, BeforeValidator(_spread_flag)] = FlagSides()
    center_around_face: Flag = False


class UnrecognizableBody(Grounded):
    crop_marker: FaceMarker = MARKER
    margins: Annotated[CutSides, BeforeValidator(_spread_number)] = CutSides()


class RemoveBackgroundBody(Picture):
    """The result is a PNG, whatever `output_format` says."""
