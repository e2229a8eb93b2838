"""Request bodies, field by field. What is not named here is refused."""

from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from jobs.dialect import to_storable
from jobs.errors import MalformedRequest
from jobs.recipes import ChainFields
from jobs.spec import Collision

MOST_SOURCES, MOST_OUTPUTS, MOST_FOLDERS, MOST_VARIANTS = 1000, 3000, 20, 100
"""Of one job. What folders hold is not counted: it is not known beforehand."""

MOST_META_BYTES = 8192
DEFAULT_NAME = "{recipe}/{folder}{stem}.{ext}"

Read = TypeVar("Read", bound=BaseModel)
Address = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Meta = dict[Annotated[str, StringConstraints(min_length=1, max_length=64)], str | int | float | bool | None]


class Fields(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class SourceFields(Fields):
    """One picture: at an address, in a connected storage, or among the files that come with the request."""

    url: Address | None = Field(
        None, description="`https://…`, `storage://NAME/KEY`, or `storage://reference/ID` for a reference image"
    )
    storage: str | None = Field(None, description="name of the storage that `key` lies in")
    key: Address | None = Field(None, description="key in `storage`")
    upload: str | None = Field(None, description="name of a file of the form, or of a file in a ZIP of it")
    name: str | None = Field(None, min_length=1, max_length=255, description="what it is called; else its file's name")
    meta: Meta = Field({}, description="handed back with the results; may be part of their names")

    @model_validator(mode="after")
    def _check_place(self) -> Self:
        named = [self.url, self.storage and self.key, self.upload]
        if sum(value is not None for value in named) != 1 or bool(self.storage) != bool(self.key):
            raise ValueError("exactly one of url, storage with key, and upload is required")
        return self


class FolderFields(Fields):
    """A folder of a connected storage: every picture in it."""

    storage: str = Field(description="name of the storage")
    prefix: str = Field("", max_length=1024, description="the folder in it; empty for all of it")
    recursive: bool = Field(True, description="whether folders in it are read too")


class InlineChain(ChainFields):
    """Steps that no recipe is kept of."""

    name: str = Field(min_length=1, max_length=64, description="what stands for `{recipe}` in the names of results")


class DestinationFields(Fields):
    """Where results go, and what they are called."""

    storage: str = Field(description="name of a connected storage that can be written to")
    name: str = Field(
        DEFAULT_NAME,
        min_length=1,
        max_length=1024,
        description="a key made of `{stem}`, `{ext}`, `{index}`, `{folder}`, `{recipe}` and `{meta.NAME}`",
    )
    on_collision: Collision = Field(
        "number", description="where the name is taken: add a number, take the place, or fail the result"
    )


class CallbackFields(Fields):
    """Who is told when the job has ended."""

    url: Address = Field(description="an http or https address")
    secret: str | None = Field(
        None,
        min_length=24,
        max_length=200,
        repr=False,
        description="`whsec_` and Base64 of 24 to 64 bytes: messages are signed with it after Standard Webhooks",
    )


EXAMPLE: dict[str, Any] = {
    "sources": [
        {"url": "https://shop.example/shoe.jpg", "meta": {"product_id": "sku-1"}},
        {"storage": "photos", "key": "in/bag.jpg", "meta": {"product_id": "sku-2"}},
    ],
    "recipes": ["marketplace-white", "web-small@1"],
    "destination": {"storage": "photos", "name": "out/{meta.product_id}/{recipe}.{ext}", "on_collision": "number"},
    "labels": ["spring"],
    "callback": {"url": "https://shop.example/photomill"},
}


class JobFields(Fields):
    """A job: every source by every recipe and chain."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    sources: list[SourceFields] = Field([], max_length=MOST_SOURCES)
    folders: list[FolderFields] = Field([], max_length=MOST_FOLDERS)
    recipes: list[Annotated[str, StringConstraints(min_length=1, max_length=80)]] = Field(
        [], max_length=MOST_VARIANTS, description="ids; `ID@3` for the third version, else the newest"
    )
    chains: list[InlineChain] = Field([], max_length=MOST_VARIANTS)
    destination: DestinationFields | None = Field(
        None, description="left out: results are kept for a while, each at a link"
    )
    labels: list[Label] = Field([], max_length=20, description="words to find the job again by")
    callback: CallbackFields | None = None
    priority: int = Field(0, ge=-100, le=100, description="of the account's jobs, those with a higher number go first")

    @model_validator(mode="after")
    def _check_variants(self) -> Self:
        if not self.recipes and not self.chains:
            raise ValueError("recipes or chains is required")
        return self


def read(model: type[Read], body: Any, *, param: str = "") -> Read:
    """The fields of a body. Raises MalformedRequest for the first that is at fault."""
    if not isinstance(body, dict):
        raise MalformedRequest("The body should be a JSON object.")
    if to_storable(body) != body:
        raise MalformedRequest("The body holds characters or numbers that cannot be kept.")
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise _explain(error, param) from None


def _explain(error: ValidationError, param: str) -> MalformedRequest:
    first = error.errors(include_url=False, include_input=False)[0]
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]]
    path = f"{param}{''.join(parts)}".removeprefix(".")
    said = first["msg"].removeprefix("Value error, ")
    return MalformedRequest(f"{path}: {said}" if path else said, param=path or None)
