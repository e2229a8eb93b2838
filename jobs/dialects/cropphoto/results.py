"""What recipe jobs have come to, in Crop.photo's words."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any

from django.utils import timezone

from jobs.dialects.cropphoto import guesses
from jobs.models import Item, Job, Output
from jobs.models.jobs import ItemState, JobState, OutputState
from storage.house import make_link

ENDED = (ItemState.DONE, ItemState.FAILED, ItemState.CANCELLED)
NO_REASON = "The job was cancelled."


def status_of(job: Job) -> str:
    """Crop.photo's word for where a job is."""
    if job.finished_at is None:
        return "pending" if job.state == JobState.QUEUED else "processing"
    return "completed" if job.outputs_stored else "failed"


def to_progress(job: Job) -> dict[str, Any]:
    """How far a job is: from its row, whatever its size."""
    return {
        "id": job.public_id,
        "status": status_of(job),
        "total": job.items_total * len(job.variants),
        "completed": job.outputs_stored,
        "failed": job.outputs_failed,
        "result": f"/v1/recipe/job/result/{job.public_id}",
    }


def to_result(job: Job) -> dict[str, Any]:
    """Every output of every item that has ended: assets in the request's order, within each the recipes in theirs."""
    made = {(output.item_id, output.variant): output for output in Output.objects.filter(item__job=job, run=job.run)}
    items = Item.objects.filter(job=job, state__in=ENDED).order_by("position")
    outputs = [entry for item in items for entry in _list_outputs(job, item, made)]
    return {"id": job.public_id, "status": status_of(job), "outputs": outputs}


def make_result_link(output: Output, stem: str) -> str:
    """Where a result can be read for as long as results are kept; nothing where it is no longer there."""
    if not output.key:
        return ""
    left = output.created_at + timedelta(hours=guesses.RESULTS_HOURS) - timezone.now()
    name = f"{stem}{PurePosixPath(output.key).suffix}"
    seconds = max(0, round(left.total_seconds()))
    return make_link(output.key, filename=name, content_type=output.mime, seconds=seconds)


def _list_outputs(job: Job, item: Item, made: dict[tuple[int, int], Output]) -> Iterator[dict[str, Any]]:
    asset = {"url": item.source["ref"]["location"], **item.meta}
    for number, recipe in enumerate(job.dialect_data["recipes"]):
        output = made.get((item.pk, number))
        yield {"recipe_id": recipe["id"], "asset_detail": asset, **_describe(item, output)}


def _describe(item: Item, output: Output | None) -> dict[str, Any]:
    if output is None or output.state == OutputState.FAILED:
        message = output.error_message if output else item.error_message
        return {
            "status": "failed",
            "output_image_url": "",
            **dict.fromkeys(("width", "height", "format")),
            "error_message": message or NO_REASON,
        }
    return {
        "status": "completed",
        "output_image_url": make_result_link(output, PurePosixPath(item.name).stem or "image"),
        "width": output.width,
        "height": output.height,
        "format": output.mime.rpartition("/")[2],
        "error_message": "",
    }
