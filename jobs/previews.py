"""How a chain looks on one picture: made by a worker while somebody waits, shown small, and gone again."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from accounts.models import Account
from jobs import waiting
from jobs.ids import make_id
from jobs.models import Item, Job, Output
from jobs.models.jobs import OutputState
from jobs.spec import PREVIEW, JobSpec, Source, Variant
from processing.base import Step
from processing.formats import Output as Format
from storage.house import house

DIALECT = "native"
SIDE_PIXELS = 720
MAX_BYTES = 4_000_000
FIT = Step(
    operation="fitmethod",
    params={"fit_type": "box", "width": {"value": SIDE_PIXELS}, "height": {"value": SIDE_PIXELS}},
)
SMALL = Format(format="webp", quality=85, animated=False)


@dataclass(frozen=True)
class Shown:
    """One chain's result. picture: as a data address, at most SIDE_PIXELS a side; the figures are the whole one's."""

    picture: str = ""
    width: int | None = None
    height: int | None = None
    bytes: int | None = None
    format: str = ""
    milliseconds: int | None = None
    losses: list[str] = field(default_factory=list)
    error: str = ""


@dataclass(frozen=True)
class Preview:
    """before: the source as a data address, empty where it was not asked for. error: why the source is not shown."""

    before: str
    results: list[Shown]
    error: str = ""


def make_preview(account: Account, source: Source, variants: Sequence[Variant], *, with_source: bool) -> Preview:
    """What the variants make of the source, in the house storage and never where they say.

    Raises a public error: Unavailable where no worker is free, others that name the field.
    """
    small = [variant.model_copy(update={"steps": (*variant.steps, FIT), "output": SMALL}) for variant in variants]
    plain = [Variant(steps=(FIT,), output=SMALL)] if with_source else []
    asked = [_in_house(variant) for variant in (*variants, *small, *plain)]
    spec = JobSpec(dialect=DIALECT, variants=tuple(asked), sources=(source,), dialect_data={"kind": PREVIEW})
    public_id = make_id()
    try:
        return _read(waiting.run_now(account=account, spec=spec, public_id=public_id), len(variants))
    finally:
        _forget(public_id)


def _forget(public_id: str) -> None:
    """Delete what was made, of a preview that nobody waited for to the end, too."""
    job = Job.every.filter(dialect=DIALECT, public_id=public_id).first()
    if job is not None:
        waiting.drop_results(job)
        job.delete()


def _in_house(variant: Variant) -> Variant:
    return Variant(name=variant.name, steps=variant.steps, output=variant.output)


def _read(job: Job, count: int) -> Preview:
    item = Item.objects.get(job=job)
    outputs = {output.variant: output for output in Output.objects.filter(item=item, run=item.run)}
    results = [_show(outputs.get(place), outputs.get(count + place), item) for place in range(count)]
    error = "" if outputs else item.error_message
    return Preview(before=_read_picture(outputs.get(2 * count)), results=results, error=error)


def _show(whole: Output | None, small: Output | None, item: Item) -> Shown:
    failed = next((one for one in (whole, small) if one and one.state == OutputState.FAILED), None)
    if whole is None or small is None or failed:
        return Shown(error=(failed and failed.error_message) or item.error_message or "There is no result.")
    return Shown(
        picture=_read_picture(small),
        width=whole.width,
        height=whole.height,
        bytes=whole.size_bytes,
        format=whole.mime.partition("/")[2],
        milliseconds=whole.milliseconds,
        losses=[_describe_loss(loss) for loss in whole.report],
    )


def _describe_loss(loss: dict[str, Any]) -> str:
    return str(loss.get("message") or loss.get("code", ""))


def _read_picture(output: Output | None) -> str:
    if output is None or output.state != OutputState.STORED:
        return ""
    data = house().read(output.key, max_bytes=MAX_BYTES).data
    return f"data:{output.mime};base64,{base64.b64encode(data).decode()}"
