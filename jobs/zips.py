"""Pictures out of a ZIP that somebody sent: one after the other, within bounds that its own words cannot move."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from jobs.errors import FileTooLarge, MalformedRequest
from processing import formats, headers
from processing.errors import UnsupportedFormat
from storage.errors import BadKey
from storage.keys import clean_key

MAGIC = b"PK\x03\x04"
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Others may ask for any amount of memory."""

MOST_ENTRIES = 5000
MOST_DIRECTORY_BYTES = 2_000_000
"""Of the list of entries, which is read as a whole."""

MOST_UNPACKED_BYTES = 2_000_000_000
HEAD_BYTES = 64
ENCRYPTED = 1
BESIDE = ("__MACOSX/", ".DS_Store", "Thumbs.db")
"""What systems put into a ZIP of their own: nobody asks what became of it."""


@dataclass(frozen=True)
class Unpacked:
    """One file of a ZIP. data and mime of a picture; reason where it was passed over."""

    name: str
    data: bytes = b""
    mime: str = ""
    reason: str = ""


def is_zip(file: IO[bytes]) -> bool:
    """Whether the file begins as a ZIP does."""
    file.seek(0)
    begins = file.read(len(MAGIC)) == MAGIC
    file.seek(0)
    return begins


def unpack(file: IO[bytes], name: str, *, largest_bytes: int) -> Iterator[Unpacked]:
    """Every file of a ZIP, in its order. largest_bytes: of one picture.

    Raises MalformedRequest for what is no ZIP, names that lead out of it and whatever is encrypted, and FileTooLarge
    for more files or more bytes than are taken: however small the ZIP makes itself out to be.
    """
    try:
        with zipfile.ZipFile(_Bounded(file)) as archive:
            total = 0
            for info in _list_entries(archive, name):
                found = _read(archive, info, largest_bytes)
                total += len(found.data)
                if total > MOST_UNPACKED_BYTES:
                    raise FileTooLarge(f"{name!r} holds more than {MOST_UNPACKED_BYTES} bytes", param="files")
                yield found
    except (zipfile.BadZipFile, NotImplementedError, EOFError, UnicodeDecodeError, OSError) as error:
        raise MalformedRequest(f"{name!r} is a ZIP that cannot be read: {error}", param="files") from None
    except zlib.error as error:
        raise MalformedRequest(f"{name!r} is a ZIP that is broken: {error}", param="files") from None


class _Bounded(io.RawIOBase):
    """A file of which no more is read at once than the list of entries may have: its length is the sender's word."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            size = MOST_DIRECTORY_BYTES + 1
        elif size > MOST_DIRECTORY_BYTES:
            raise zipfile.BadZipFile("its list of files is too long")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True


def _list_entries(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """The files in it, all of which are judged before the first is read."""
    infos = archive.infolist()
    if len(infos) > MOST_ENTRIES:
        raise FileTooLarge(f"{name!r} holds more than {MOST_ENTRIES} files", param="files")
    for info in infos:
        _check_entry(info, name)
    return [info for info in infos if not info.is_dir() and not _is_beside(info.filename)]


def _check_entry(info: zipfile.ZipInfo, name: str) -> None:
    try:
        # The library itself takes a NUL for the end of a name, and the system's separator for a slash.
        if info.orig_filename.startswith("/"):
            raise BadKey("is absolute")
        clean_key(info.orig_filename.rstrip("/"), param="the name")
    except BadKey as error:
        raise MalformedRequest(f"{name!r} has a file {info.filename!r}: {error.message}", param="files") from None
    if info.flag_bits & ENCRYPTED:
        raise MalformedRequest(f"{name!r} is encrypted", param="files")
    if info.compress_type not in METHODS:
        raise MalformedRequest(f"{name!r} is packed in a way that is not read here: use deflate", param="files")


def _is_beside(name: str) -> bool:
    return name.startswith(BESIDE[0]) or name.rpartition("/")[2] in BESIDE[1:]


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo, largest_bytes: int) -> Unpacked:
    with archive.open(info) as entry:
        head = entry.read(HEAD_BYTES)
        try:
            mime = formats.get(headers.sniff(head)).mime
        except UnsupportedFormat:
            return Unpacked(info.filename, reason="not_a_picture")
        # In pieces: what one call is asked for, it may well make.
        parts, size = [head], len(head)
        while piece := entry.read(1_000_000):
            size += len(piece)
            if size > largest_bytes:
                return Unpacked(info.filename, reason="source_too_large")
            parts.append(piece)
    return Unpacked(info.filename, b"".join(parts), mime)
