"""Cropedly's requests into our vocabulary, and our rows into its answers. No HTTP, no writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from jobs.errors import MalformedRequest, WrongMediaType
from jobs.models import Delivery, Item, Job, Output
from jobs.spec import JobSpec, Source, Variant
from processing import formats, headers
from processing.base import AssetRef, Step
from processing.errors import ImageError, UnsupportedFormat
from processing.formats import Output as Written
from processing.limits import Limits, check_source
from storage.house import make_link
from storage.models import ReferenceImage

TAKEN = ("jpeg", "png", "webp")
FIELDS = ("images", "images[]")
MOST_FILES = 20
MOST_BYTES = 100_000_000
"""Of all files of a request together."""

QUALITY = 92

FINISH = (
    Step(operation="auto_levels", params={"cutoff": 0.5, "max_gain": 1.5}),
    Step(operation="unsharp_mask", params={"radius": 1.5, "amount": 60, "threshold": 2}),
    Step(operation="saturation", params={"factor": 1.08}),
)
ENHANCEMENTS = {
    "plain": (Step(operation="enhance"), *FINISH),
    "model": (Step(operation="decompress", params={"strength": "auto"}), *FINISH),
}
"""What Cropedly calls enhancing, by PHOTOMILL_ENHANCE: its documentation says no more than that it is done with AI."""


@dataclass(frozen=True)
class File:
    """One uploaded picture, its kind told by its content."""

    name: str
    mime: str
    upload: UploadedFile

    def read(self) -> bytes:
        """Its bytes, not kept: several pictures of a request need not be in memory at once."""
        self.upload.seek(0)
        return self.upload.read()


def read_files(uploads: Sequence[tuple[str, UploadedFile]], limits: Limits) -> list[File]:
    """The uploaded pictures, in their order. Raises a public error that names the first that is not one."""
    found = [upload for field, upload in uploads if field in FIELDS]
    if not found:
        raise MalformedRequest("Required part 'images' is not present.", param="images")
    return [_read_file(upload.name or "", upload, limits) for upload in found]


def _read_file(name: str, upload: UploadedFile, limits: Limits) -> File:
    data = upload.read()
    if not data:
        raise MalformedRequest(f"The file {name!r} is empty", param="images")
    try:
        kind = headers.sniff(data)
        if kind not in TAKEN:
            raise UnsupportedFormat(kind)
        check_source(data, limits)
    except UnsupportedFormat:
        raise WrongMediaType(f"The file {name!r} is not a JPEG, PNG or WebP picture", param="images") from None
    except ImageError as error:
        raise MalformedRequest(f"The file {name!r} cannot be read: {error.message}", param="images") from None
    return File(name, formats.get(kind).mime, upload)


def to_spec(files: Sequence[File], refs: Sequence[AssetRef]) -> JobSpec:
    """Uploaded pictures, each to be enhanced in its own format."""
    variant = Variant(name="enhanced", steps=ENHANCEMENTS[settings.PHOTOMILL_ENHANCE], output=Written(quality=QUALITY))
    sources = tuple(Source(ref=ref, name=file.name) for file, ref in zip(files, refs, strict=True))
    return JobSpec(dialect="cropedly", sources=sources, variants=(variant,))


def to_results(job: Job) -> list[dict[str, Any]]:
    """The enhanced pictures, in the order in which they were sent."""
    rows = Output.objects.filter(item__job=job, run=job.run).select_related("item").order_by("item__position")
    return [_describe_output(job, output, output.item) for output in rows]


def to_image(image: ReferenceImage) -> dict[str, Any]:
    """A reference image."""
    url = make_link(image.key, filename=image.name, content_type=image.mime)
    return _describe(image.public_id, image.name, url, image.mime, image.size_bytes)


def to_callback(job: Job, _delivery: Delivery) -> dict[str, Any]:
    """Cropedly calls nobody back; a job of its keeps the shape all the same."""
    return {"id": job.public_id, "failed": job.items_failed}


def _describe_output(job: Job, output: Output, item: Item) -> dict[str, Any]:
    url = make_link(output.key, filename=item.name, content_type=output.mime)
    return _describe(f"{job.public_id}-{item.position + 1}", item.name, url, output.mime, output.size_bytes or 0)


def _describe(public_id: str, name: str, url: str, mime: str, size_bytes: int) -> dict[str, Any]:
    # The documentation speaks of URL, MIME type and size, and prints no key: `mime` has a second spelling.
    return {"id": public_id, "name": name, "url": url, "mime": mime, "mimeType": mime, "size": size_bytes}
