"""What an operation is: its parameters, its examples, and a pure function on a picture."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from processing.limits import Limits

if TYPE_CHECKING:
    from processing.analysis import Analysis
    from processing.picture import Picture


class Params(BaseModel):
    """Typed parameters: frozen, strict, no unknown names, no NaN or infinity."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


class AssetRef(Params):
    """A picture that a step names beside its source: a watermark, a background, a mask.

    The engine checks who may read it when the job is made, fetches it, and hands it to the child.
    """

    kind: Literal["storage", "reference", "house", "web"] = Field(description="where it lies")
    storage_id: int | None = Field(None, description="the connected storage, when kind is `storage`")
    location: str = Field(
        min_length=1, max_length=4096, description="key in that storage, id of the reference image, or address"
    )

    @property
    def name(self) -> str:
        """A key that is the same for the same asset and differs for any other."""
        return f"{self.kind}:{self.storage_id or ''}:{self.location}"


@dataclass(frozen=True)
class Context:
    """What an operation may use beside the picture: the assets that its parameters name, the limits, and what is
    seen in the source.

    analysis: None for a picture that is its own source, which nothing has been asked about yet.
    """

    limits: Limits = field(default_factory=Limits)
    assets: dict[str, bytes] = field(default_factory=dict)
    decoded: dict[str, "Picture"] = field(default_factory=dict)
    analysis: "Analysis | None" = None

    def look_at(self, picture: "Picture") -> "Analysis":
        """What is seen in the source of this picture."""
        from processing.analysis import Analysis

        return self.analysis or Analysis(picture)


@dataclass(frozen=True)
class Example:
    """Parameters that work, with what they make of a source: documentation and test at once.

    source: size of a plain RGB picture in pixels. size: the result's, or None where it is the source's.
    photo: one of scikit-image's photographs, scaled to that size, where a plain picture has nothing to be found.
    assets: sizes of the pictures that the parameters name, by location.
    """

    params: dict[str, Any]
    source: tuple[int, int] = (100, 80)
    size: tuple[int, int] | None = None
    photo: str | None = None
    assets: dict[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Illustration:
    """Parameters that show on a photograph what an operation does. The first is pictured in OPERATIONS.md.

    photo: its name in `illustrations.PHOTOS`, a picture of 240×180 pixels.
    before: steps that make of it what the operation starts from. A picture that the parameters name
        is a mask where it is called so, else a logo.
    """

    params: dict[str, Any]
    photo: str = "chelsea"
    before: tuple["Step", ...] = ()


class Operation:
    """One named image function. The subclass's docstring is its public documentation.

    `apply` is pure: it returns a new picture and changes neither its argument nor anything else.
    """

    name: ClassVar[str]
    Params: ClassVar[type[Params]]
    examples: ClassVar[list[Example]]
    illustrations: ClassVar[list[Illustration]] = []
    needs_model: ClassVar[bool] = False

    @staticmethod
    def apply(picture: "Picture", params: Any, context: Context) -> "Picture":
        raise TypeError("an operation brings its own apply")

    @classmethod
    def decode_size(cls, params: Any, size: tuple[int, int]) -> tuple[int, int] | None:
        """The size that this step, coming first, makes of a source; None when it needs every pixel.

        A source that only gets smaller is then decoded at a reduced scale where its format can.
        """
        return None

    @classmethod
    def missing(cls) -> str | None:
        """Why the operation cannot run here (a model or a library that is absent), or None."""
        return None


class Step(BaseModel):
    """One operation with its parameters, as a chain holds it. Parameters are checked by `operations.parse`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operation: str
    params: dict[str, Any] = Field(default_factory=dict)


def find_assets(value: Any) -> Iterator[AssetRef]:
    """Every asset that parameters name, however deep."""
    if isinstance(value, AssetRef):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from find_assets(getattr(value, name))
    elif isinstance(value, list | tuple):
        for part in value:
            yield from find_assets(part)
