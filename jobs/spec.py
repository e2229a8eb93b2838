"""The vocabulary that every dialect translates into: one screen, no behaviour."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from processing.base import AssetRef, Step
from processing.formats import Output

PREVIEW = "preview"
"""The kind in the `dialect_data` of a job that is made for one look and deleted after it: no webhook hears of it."""


class _Spec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Spec):
    """One picture to work on. name: what people call it. meta: handed back as it came."""

    ref: AssetRef
    name: str
    meta: dict[str, Any] = Field(default_factory=dict)


class Folder(_Spec):
    """A folder of a connected storage, each picture of which becomes an item."""

    storage_id: int
    prefix: str = ""
    is_recursive: bool = True


Collision = Literal["number", "overwrite", "refuse"]


class Destination(_Spec):
    """Where a result goes. storage_id: None is the house storage.

    key: the result's own key, for a job of one source. pattern: made for each item from the placeholders of
    `jobs.names`. collision: what becomes of a result whose name from a pattern is taken, by a file or by another
    result: it gets a number, takes the place, or is not put anywhere. None: whoever made the pattern knows that no
    two meet.
    """

    storage_id: int | None = None
    key: str | None = None
    pattern: str | None = None
    collision: Collision | None = None


class Variant(_Spec):
    """One chain, how its result is written, and where to."""

    name: str = ""
    steps: tuple[Step, ...] = ()
    output: Output = Field(default_factory=Output)
    destination: Destination = Field(default_factory=Destination)


class JobSpec(_Spec):
    """One request: sources × variants.

    callback_secret: a word that goes with the callback where the product sends one; kept encrypted.
    item_credits: what each item costs, given back where it fails; 0 where the dialect charges by itself.
    uploads: keys of the house storage under which files that came with this request lie: steps may name these.
    request: what the caller sent, kept as it was. dialect_data: what the dialect must remember to answer later.
    """

    dialect: str
    variants: tuple[Variant, ...] = Field(min_length=1)
    sources: tuple[Source, ...] = ()
    folders: tuple[Folder, ...] = ()
    callback_url: str = ""
    callback_secret: str = Field("", repr=False)
    labels: tuple[str, ...] = ()
    priority: int = 0
    item_credits: int = Field(0, ge=0)
    is_interactive: bool = False
    service_id: int | None = None
    uploads: frozenset[str] = frozenset()
    request: Any = None
    dialect_data: dict[str, Any] = Field(default_factory=dict)
