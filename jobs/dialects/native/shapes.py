"""What answers look like. The description in OpenAPI is made of these, and so are the answers."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

JobState = Literal["queued", "running", "finished", "cancelled"]
ItemState = Literal["queued", "running", "done", "failed", "cancelled"]


class Shape(BaseModel):
    model_config = ConfigDict(frozen=True)


class ErrorFacts(Shape):
    """What went wrong."""

    code: str = Field(description="stays the same, for programs")
    message: str = Field(description="a sentence for people")
    param: str | None = Field(description="path of the field at fault")
    request_id: str = Field(description="what the server's logs have it under")


class Error(Shape):
    """The one shape of every error."""

    error: ErrorFacts


class StepShape(Shape):
    """One operation. Pictures that it names are addresses."""

    operation: str
    params: dict[str, Any]


class VersionShape(Shape):
    """One state of a recipe, which never changes."""

    number: int
    created_at: datetime
    steps: list[StepShape]
    output: dict[str, Any] = Field(description="what differs from the defaults")


class RecipeShape(Shape):
    """A recipe and its newest version."""

    id: str
    name: str
    description: str
    created_at: datetime
    newest: VersionShape | None


class RecipeDetail(RecipeShape):
    """The same with every version, the newest first."""

    versions: list[VersionShape]


class RecipePage(Shape):
    """Recipes in the order of their ids."""

    recipes: list[RecipeShape]
    next: str | None = Field(description="`after` of the next page; null at the end")


class ImportedRecipe(Shape):
    """What became of one recipe of a file."""

    id: str
    version: int
    changed: bool


class Imported(Shape):
    """What became of the recipes of a file, in its order."""

    recipes: list[ImportedRecipe]


class UsedRecipe(Shape):
    """What a job works by. id and version: null of a chain that came with the request."""

    name: str = Field(description="what stands for `{recipe}` in names")
    id: str | None
    version: int | None


class ItemCounters(Shape):
    total: int = Field(description="rises while folders are read")
    ended: int
    failed: int


class OutputCounters(Shape):
    total: int
    stored: int
    failed: int


class JobShape(Shape):
    """A job, from its own row: this costs the same at ten items and at a hundred thousand."""

    id: str
    state: JobState
    run: int = Field(description="1 at first, one more with each retry")
    is_complete: bool = Field(description="whether all its folders have been read")
    items: ItemCounters
    outputs: OutputCounters
    recipes: list[UsedRecipe]
    labels: list[str]
    message: str = Field(description="why the job as a whole went wrong, where it did")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class Skipped(Shape):
    """A file of a ZIP that was passed over."""

    name: str
    reason: str


class CreatedJob(JobShape):
    """A job that has been taken, and what of its uploads was not."""

    skipped: list[Skipped]


class JobPage(Shape):
    """Jobs, the newest first."""

    jobs: list[JobShape]
    next: str | None = Field(description="`after` of the next page; null at the end")


class Reason(Shape):
    code: str
    message: str


class Picture(Shape):
    """What the source is."""

    format: str
    width: int
    height: int
    bytes: int


class OutputShape(Shape):
    """The result of one recipe. url: where it can be read for a while; storage and key: where it was put for good."""

    recipe: str
    state: Literal["stored", "failed"]
    url: str | None
    storage: str | None
    key: str | None
    format: str | None
    width: int | None
    height: int | None
    bytes: int | None
    losses: list[Reason] = Field(description="what the source had and this has not")
    error: Reason | None


class ItemShape(Shape):
    """One source, and what was made of it in its last run."""

    index: int = Field(description="its place in the job, from 1 on")
    name: str
    source: str | None = Field(description="its address; null of an upload, or where its storage is gone")
    meta: dict[str, Any]
    state: ItemState
    error: Reason | None
    picture: Picture | None
    outputs: list[OutputShape]


class ItemPage(Shape):
    """Items in the order of the request."""

    items: list[ItemShape]
    next: int | None = Field(description="`after` of the next page; null at the end")


class Message(Shape):
    """What a callback says."""

    type: Literal["job.finished", "job.failed"]
    job: JobShape
