"""What the child and its parent say to each other, as JSON. The parent checks every answer against these."""

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    StringConstraints,
    model_validator,
)

from processing.base import Step
from processing.errors import ChildDied, ImageError, OutOfMemory, all_codes
from processing.formats import FORMATS, FormatName, Output

MAX_OUTPUT_BYTES = 1 << 30
"""All results of one picture together."""

MAX_TEXT = 10_000
NO_MEMORY = "the picture needs more memory than it may use"

Pixels = Annotated[int, Field(ge=1, le=2**31 - 1)]
Text = Annotated[str, StringConstraints(max_length=MAX_TEXT)]


class Message(BaseModel):
    """Strict: a wrong type, a missing or an unknown name, a number that is not finite are all refused."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


class Start(Message):
    """What a child is told on its command line. The descriptors are numbers in the child.

    fonts: folders that fonts are looked for in, in this order; they are readable too.
    models: the operator's folder of model files, which goes before those that are installed. model_threads: how many
    threads one model may use.
    dies_with: id of the process whose end is to end this one at once, or None where only a closed pipe tells.
    """

    requests: int
    answers: int
    lifeline: int
    inbox: int
    outbox: int
    memory_bytes: int
    readable: tuple[str, ...] = ()
    fonts: tuple[str, ...] = ()
    models: str | None = None
    model_threads: Annotated[int, Field(ge=1)] = 1
    dies_with: int | None = None


class Hello(Message):
    """The first message of a child: what protects the machine from it, by name."""

    protection: dict[Text, Text]


class Chain(Message):
    """One variant."""

    steps: tuple[Step, ...]
    output: Output


class Request(Message):
    """One picture to make. The inbox holds the source and then the assets, one behind the other."""

    chains: tuple[Chain, ...]
    limits: dict[str, Any]
    source_bytes: int
    asset_bytes: dict[str, int]


def _check_code(code: str) -> str:
    kind = all_codes().get(code)
    if kind is None or (issubclass(kind, ChildDied) and kind is not OutOfMemory):
        raise ValueError("not an error that a living process can have")
    return code


def _check_format(name: str) -> str:
    if all(form.name != name for form in FORMATS):
        raise ValueError("not a format that is read here")
    return name


class Fault(Message):
    """An error, by its code in `errors`."""

    code: Annotated[Text, AfterValidator(_check_code)]
    message: Text
    param: Text | None = None

    @classmethod
    def of(cls, error: ImageError) -> "Fault":
        param = None if error.param is None else error.param[:MAX_TEXT]
        return cls(code=error.code, message=error.message[:MAX_TEXT], param=param)

    def rebuild(self) -> ImageError:
        return all_codes()[self.code](self.message, param=self.param)


class Facts(Message):
    """What the source was."""

    format: Annotated[str, AfterValidator(_check_format)]
    size: tuple[Pixels, Pixels]
    mode: Annotated[str, StringConstraints(max_length=16)]
    frames: Annotated[int, Field(ge=1, le=2**31 - 1)]


class Made(Message):
    """One result. The outbox holds the results in their order, one behind the other."""

    format: FormatName
    size: tuple[Pixels, Pixels]
    covers: tuple[float, float, float, float]
    losses: tuple[tuple[Text, Text], ...]
    data_bytes: NonNegativeInt


class Report(Message):
    """What became of one variant: it was made, or it has a fault."""

    made: Made | None = None
    fault: Fault | None = None
    milliseconds: NonNegativeFloat

    @model_validator(mode="after")
    def be_one_of_both(self) -> "Report":
        if (self.made is None) == (self.fault is None):
            raise ValueError("a variant is made or has a fault")
        return self


class Answer(Message):
    """What became of one picture: a fault of the source, or its facts and one report per chain.

    models: the models that were loaded for it, each with the milliseconds that this took.
    """

    fault: Fault | None = None
    source: Facts | None = None
    reports: tuple[Report, ...] = ()
    decode_milliseconds: NonNegativeFloat = 0.0
    cpu_milliseconds: NonNegativeFloat = 0.0
    max_rss_bytes: NonNegativeInt = 0
    models: dict[Text, NonNegativeFloat] = {}

    @model_validator(mode="after")
    def be_one_of_both(self) -> "Answer":
        if (self.source is None) == (self.fault is None):
            raise ValueError("a source has facts or a fault")
        return self
