"""The bodies of requests for pictures that are generated: read, so that a mistake in them is named first."""

from enum import Enum
from typing import Literal

from pydantic.v1 import ConstrainedStr, Extra, Field

from jobs.dialects.claid.schemas.base import Fields, Uri
from jobs.dialects.claid.schemas.operations import Padding
from jobs.dialects.claid.schemas.outputs import Format


class Prompt(ConstrainedStr):
    min_length = 3
    max_length = 5000


class ShortPrompt(Prompt):
    max_length = 1024


class ScenePrompt(Prompt):
    max_length = 2048


class Guidelines(Prompt):
    max_length = 1000


# --- /image/generate -----------------------------------------------------------------------------------------------


class GenerateOptions(Fields):
    number_of_images: int | None = Field(None, ge=1, le=4)
    guidance_scale: float | None = Field(None, ge=1, lt=50)


class Generate(Fields):
    """A picture from words."""

    input: ShortPrompt
    options: GenerateOptions | None
    output: Uri | None


# --- /scene/create -------------------------------------------------------------------------------------------------


class Position(Fields):
    x: float | None = Field(None, ge=0, le=1)
    y: float | None = Field(None, ge=0, le=1)


class Absolute(Fields):
    image_url: Uri
    placement_type: Literal["absolute"] | None
    rotation_degree: float | None = Field(None, ge=0, le=360)
    scale: float | None = Field(None, ge=0.01, le=1)
    position: Position | None


class Original(Fields):
    image_url: Uri
    placement_type: Literal["original"]


class Padded(Fields):
    image_url: Uri
    placement_type: Literal["padding"]
    padding: Padding


SceneRatio = Literal["21:9", "1:1", "4:3", "3:2", "2:3", "5:4", "4:5", "3:4", "16:9", "9:16"]


class WrittenPrompt(Fields):
    text: ScenePrompt | None
    generate: bool | None
    guidelines: Guidelines | None


class Preference(Enum):
    fast = "fast"
    optimal = "optimal"
    best = "best"


class PromptScene(Fields):
    prompt: ScenePrompt | WrittenPrompt
    negative_prompt: ScenePrompt | None
    steps: int | None = Field(None, ge=1, le=49)
    color: str | None
    aspect_ratio: SceneRatio | None
    preference: Preference | None


class TemplateScene(PromptScene):
    template_url: Uri
    view: Literal["top", "front"]
    template_mode: Literal["transform", "lock", "adjust"] | None
    prompt: ScenePrompt | WrittenPrompt | None  # type: ignore[assignment]


class EffectScene(Fields):
    effect: Literal["shadows"]
    color: str | None
    view: Literal["auto", "top", "front"] | None
    aspect_ratio: SceneRatio | None


class SceneOutput(Fields):
    number_of_images: int | None = Field(None, ge=1, le=4)
    destination: Uri | None
    format: Format | None


class Scene(Fields):
    """A thing in new surroundings."""

    object: Absolute | Original | Padded
    scene: PromptScene | TemplateScene | EffectScene
    model: Literal["v1", "v2-beta", "v2"] | None
    output: SceneOutput | None


# --- /image/ai-edit, /image/ai-fashion-models ----------------------------------------------------------------------

Ratio = Literal["1:1", "2:3", "3:2", "3:4", "4:3", "9:16", "16:9", "9:21", "21:9"]


class AiOutput(Fields):
    number_of_images: int | None = Field(None, ge=1, le=4)
    destination: Uri | None
    format: Literal["jpeg", "png"] | None


class AiEditOptions(Fields):
    prompt: Prompt
    model: Literal["v1", "v2"] | None
    aspect_ratio: Ratio | None
    inference_steps: int | None = Field(None, ge=1, le=50)
    guidance_scale: float | None = Field(None, ge=1, le=10)


class AiEdit(Fields):
    """A picture changed by words."""

    input: Uri
    options: AiEditOptions
    output: AiOutput | None


class FashionInput(Fields):
    clothing: list[Uri] = Field(min_items=1, max_items=5)
    model: Uri | None


class FashionOptions(Fields):
    pose: Prompt | None
    background: Prompt | None
    aspect_ratio: Ratio | None


class FashionModels(Fields):
    """Clothes on somebody."""

    input: FashionInput
    options: FashionOptions
    output: AiOutput | None


# --- /video/generate -----------------------------------------------------------------------------------------------


class VideoPrompt(Fields):
    """Other keys are let pass."""

    class Config(Fields.Config):
        extra = Extra.ignore

    text: Prompt | None
    generate: bool | None
    guidelines: Guidelines | None


class VideoOptions(Fields):
    prompt: Prompt | VideoPrompt
    negative_prompt: Prompt | None
    duration: Literal["5", "10"] | None
    guidance_scale: float | None = Field(None, ge=0, le=1)


class Video(Fields):
    """A picture that moves."""

    input: Uri
    options: VideoOptions
    output: Uri | None
