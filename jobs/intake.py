"""Files that somebody sends to be worked on: pictures, and ZIPs of pictures. Kept until their job has read them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from django.core.files.uploadedfile import UploadedFile

from jobs.errors import FileTooLarge, MalformedRequest
from jobs.names import UNFIT
from jobs.uploads import drop_uploads, keep_upload
from jobs.zips import Unpacked, is_zip, unpack
from processing import formats, headers
from processing.base import AssetRef
from processing.errors import UnsupportedFormat

MOST_FILES = 100
"""Of one request. More come as a ZIP."""

MOST_BYTES = 500_000_000
"""Of one request's files together, as they are sent."""


@dataclass
class Intake:
    """What was taken: a name and a place for each picture, in the order of the files. skipped: names and reasons."""

    kept: list[tuple[str, AssetRef]] = field(default_factory=list)
    skipped: list[dict[str, str]] = field(default_factory=list)

    def drop(self) -> None:
        """Delete all of it again."""
        drop_uploads(ref for _, ref in self.kept)


def keep_files(files: Sequence[UploadedFile], *, largest_bytes: int, most: int) -> Intake:
    """Keep the pictures of these files. Of a ZIP, what is no picture or too large is passed over, and reported.

    largest_bytes: of one picture. most: pictures in all. Raises MalformedRequest or FileTooLarge; then none is kept.
    """
    intake, is_whole = Intake(), False
    try:
        for found in _read_all(files, largest_bytes):
            if found.reason:
                intake.skipped.append({"name": found.name, "reason": found.reason})
                continue
            if len(intake.kept) == most:
                raise MalformedRequest(f"files: there are more than {most} pictures", param="files")
            intake.kept.append((found.name, keep_upload(found.data, mime=found.mime)))
        is_whole = True
    finally:
        if not is_whole:
            intake.drop()
    return intake


def _read_all(files: Sequence[UploadedFile], largest_bytes: int) -> Iterator[Unpacked]:
    for file in files:
        name = UNFIT.sub("_", file.name or "") or "image"
        content: Any = file.file
        if is_zip(content):
            yield from unpack(content, name, largest_bytes=largest_bytes)
        else:
            yield _read_one(content, name, largest_bytes)


def _read_one(content: IO[bytes], name: str, largest_bytes: int) -> Unpacked:
    data = content.read(largest_bytes + 1)
    if len(data) > largest_bytes:
        raise FileTooLarge(f"The file {name!r} is larger than {largest_bytes} bytes", param="files")
    try:
        return Unpacked(name, data, formats.get(headers.sniff(data)).mime)
    except UnsupportedFormat:
        raise MalformedRequest(f"The file {name!r} is neither a picture nor a ZIP", param="files") from None
