"""Two results that look at the picture, asked for in Photomill's own API: a product cut out, and a part of a person."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from project.demo.batch import ASTRONAUT, COFFEE, Photo
from project.demo.customer import Caller, RequestFailed
from project.demo.inspection import Finding, open_picture
from project.demo.pictures import path_of

PATIENCE_SECONDS, ASK_AGAIN_SECONDS = 240.0, 0.25
"""Models are loaded by the first picture that needs one."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """One chain on one photograph. color: what the corners of the result must be, where that is known."""

    title: str
    photo: Photo
    name: str
    size: tuple[int, int]
    steps: tuple[dict[str, Any], ...]
    color: tuple[int, int, int] | None = None

    @property
    def key(self) -> str:
        """Where the result is to lie in the customer's storage."""
        return f"/results/{PurePosixPath(self.photo.file).stem}/{self.name}.jpg"

    @property
    def request(self) -> dict[str, Any]:
        """The body of `POST /api/jobs`."""
        return {
            "sources": [{"storage": "bucket", "key": self.photo.key.lstrip("/")}],
            "chains": [
                {"name": self.name, "steps": list(self.steps), "output": {"format": "jpeg", "quality": 90}},
            ],
            "destination": {
                "storage": "bucket",
                "name": "results/{stem}/{recipe}.{ext}",
                "on_collision": "overwrite",
            },
        }


@dataclass(frozen=True, kw_only=True)
class Sighting:
    """What came of a look. seconds: from the request to the end, as the customer saw it."""

    look: Look
    finding: Finding
    seconds: float


LOOKS = (
    Look(
        title="Cut out, on white, 8 % all round",
        photo=COFFEE,
        name="on-white",
        size=(600, 600),
        color=(255, 255, 255),
        steps=(
            {"operation": "remove_background", "params": {}},
            {
                "operation": "subject_crop",
                "params": {
                    "width": 600,
                    "height": 600,
                    "margins": {side: {"value": 8, "unit": "%"} for side in ("top", "right", "bottom", "left")},
                },
            },
            {"operation": "backdrop", "params": {"color": "#ffffff"}},
        ),
    ),
    Look(
        title="Head and shoulders",
        photo=ASTRONAUT,
        name="head-and-shoulders",
        size=(400, 500),
        steps=(
            {"operation": "body_crop", "params": {"marker": "head_to_shoulder", "size": {"width": 400, "height": 500}}},
        ),
    ),
)


def look_at_all(looks: Sequence[Look], customer: Caller, bucket: Path) -> list[Sighting]:
    """Ask for each, one after the other. Raises RequestFailed where one is refused or does not end."""
    for look in looks:
        path_of(bucket, look.key).unlink(missing_ok=True)
    return [_look_at(look, customer, bucket) for look in looks]


def _look_at(look: Look, customer: Caller, bucket: Path) -> Sighting:
    started = time.monotonic()
    job_id = str(customer.call("POST", "/api/jobs", look.request)[0]["id"])
    while not (job := customer.call("GET", f"/api/jobs/{quote(job_id)}")[0])["finished_at"]:
        if time.monotonic() - started > PATIENCE_SECONDS:
            raise RequestFailed(f"The job {job_id} did not end: {json.dumps(job)}")
        time.sleep(ASK_AGAIN_SECONDS)
    return Sighting(look=look, finding=inspect(look, bucket), seconds=time.monotonic() - started)


def inspect(look: Look, bucket: Path) -> Finding:
    """Open the result, decode all of it, and hold it against what was asked for."""
    path = path_of(bucket, look.key)
    found = open_picture(path)
    if not found.problem and found.size != look.size:
        return replace(found, problem=f"it has {found.size} pixels instead of {look.size}")
    if not found.problem and look.color and found.corner != look.color:
        return replace(found, problem=f"its corner is {found.corner} instead of {look.color}")
    return found
