"""Files that came with a request: taken within limits, and kept in the house storage until their job has read them."""

from collections.abc import Iterable
from tempfile import SpooledTemporaryFile
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.utils import timezone

from jobs.errors import FileTooLarge, MalformedRequest
from jobs.ids import make_id
from jobs.requests import admit_chunks, comes_in_chunks, read_body
from processing.base import AssetRef
from storage.errors import StorageError
from storage.house import house
from storage.keys import join_keys

IN_MEMORY_BYTES = 500_000
"""Larger files wait on the disk while their request is read."""


class Inbox(FileUploadHandler):
    """Takes a form's files as they come in, and stops at the first byte that is too much.

    files: the field's name and the file, in the order in which they were sent. most_bytes: of all files together.
    """

    def __init__(self, *, most_files: int, largest_bytes: int, most_bytes: int) -> None:
        super().__init__()
        self.files: list[tuple[str, UploadedFile]] = []
        self.most_files, self.largest_bytes, self.most_bytes = most_files, largest_bytes, most_bytes
        self._total_bytes = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if len(self.files) == self.most_files:
            raise MalformedRequest(f"At most {self.most_files} files a request", param=self.field_name)
        # The request closes it at its end.
        self.file = SpooledTemporaryFile(IN_MEMORY_BYTES, dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start + len(raw_data) > self.largest_bytes:
            raise self._refuse(f"The file {self.file_name!r} is larger than {self.largest_bytes} bytes")
        self._total_bytes += len(raw_data)
        if self._total_bytes > self.most_bytes:
            raise self._refuse(f"The files are larger than {self.most_bytes} bytes together")
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile:
        self.file.seek(0)
        made = UploadedFile(self.file, self.file_name, self.content_type, file_size)
        self.files.append((self.field_name, made))
        return made

    def upload_interrupted(self) -> None:
        raise MalformedRequest(f"The form ends within the file {self.file_name!r}", param=self.field_name)

    def _refuse(self, message: str) -> FileTooLarge:
        self.file.close()
        return FileTooLarge(message, param=self.field_name)


class NoFiles(FileUploadHandler):
    """Passes over a form's files unkept: views that take some bring an Inbox."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Nothing."""

    def file_complete(self, file_size: int) -> None:
        """Nothing."""


def read_form(request: HttpRequest, inbox: Inbox) -> None:
    """Read the request's form, its files into the inbox. Raises MalformedRequest, FileTooLarge or RequestDataTooBig."""
    request.upload_handlers = [inbox]
    try:
        _admit_chunks(request, inbox.most_bytes + settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        # Whatever the request says: some codecs make texts that no database keeps, and others no text at all.
        request.encoding = "utf-8"
        _ = request.POST
    except RequestDataTooBig:
        raise
    except (MultiPartParserError, SuspiciousOperation) as error:
        raise MalformedRequest(f"The form cannot be read: {error}") from None


def keep_upload(data: bytes, *, mime: str) -> AssetRef:
    """Where the bytes lie now. Under a name of ours: what a client calls its file is never part of a key."""
    day = timezone.now().strftime("%Y-%m-%d")
    key = join_keys(day, f"uploads/{make_id()}")
    house().write(key, data, content_type=mime)
    return AssetRef(kind="house", location=key)


def drop_uploads(refs: Iterable[AssetRef]) -> None:
    """Delete uploads. One that cannot be deleted now goes with the day's others, when they are purged."""
    for ref in refs:
        try:
            house().delete(ref.location)
        except StorageError:
            continue


def _admit_chunks(request: HttpRequest, most_bytes: int) -> None:
    """Have a form that comes in chunks read too: the parser of files asks for a length, any that it does not reach."""
    if request.content_type != "multipart/form-data":
        read_body(request)
    elif comes_in_chunks(request):
        request.META["CONTENT_LENGTH"] = str(most_bytes)
        admit_chunks(request, most_bytes)
