"""Processes carried out, and what lies in the storage afterwards."""

import io
from pathlib import Path
from typing import Any

from django.test import Client
from PIL import Image

from jobs.models import Job, Output
from jobs.models.jobs import OutputState
from tests.dialects.slashed.calls import create, get, run


def state(client: Client, job: Job) -> str:
    """SlashedCloud's word for where the process is."""
    return str(get(client, f"/request/{job.public_id}").json()["status"])


def reason(client: Client, job: Job) -> str:
    return get(client, f"/request/{job.public_id}").headers.get("x-photomill-reason", "")


def make(client: Client, folder: Path, *transformations: Any, **more: Any) -> Image.Image:
    """The result of a process that finished."""
    job = run(create(client, *transformations, **more))
    assert state(client, job) == "FINISHED", reason(client, job)
    return open_result(folder, more.get("destination", "/out/1.png"))


def make_all(client: Client, folder: Path, chains: list[list[Any]], **more: Any) -> list[Image.Image | str]:
    """What each chain makes of one source: the result, or the code of its error."""
    jobs = [{"destination": f"/all/{number}.png", "transformations": chain} for number, chain in enumerate(chains)]
    job = run(create(client, jobs=jobs, **more))
    rows = Output.objects.filter(item__job=job).order_by("variant")
    assert len(rows) == len(chains)
    return [row.error_code if row.state == OutputState.FAILED else open_result(folder, row.key) for row in rows]


def open_result(folder: Path, path: str) -> Image.Image:
    """A file of the storage as a picture, all of it read."""
    image = Image.open(io.BytesIO(read_result(folder, path)))
    image.load()
    return image


def read_result(folder: Path, path: str) -> bytes:
    return (folder / path.removeprefix("/")).read_bytes()
