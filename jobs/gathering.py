"""What people hand in for a run: files, a ZIP, a list of addresses, a CSV. Each becomes sources, or names its fault.

Files go into the house storage one after the other, under names of ours: what an entry of a ZIP is called names its
results and is no path of anything.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from typing import IO

from jobs.errors import FileTooLarge, MalformedRequest
from jobs.listings import PICTURE_EXTENSIONS
from jobs.names import name_of_url
from jobs.spec import Source
from jobs.uploads import drop_uploads, keep_upload
from processing.base import AssetRef
from storage import http
from storage.errors import StorageError
from storage.keys import clean_key

MOST_FILES = 1000
MOST_BYTES = 1_000_000_000
"""Of all files of a run together, unpacked."""
MOST_ADDRESSES = 10_000
MOST_COLUMNS = 50
LONGEST_VALUE = 1000
URL = "url"
CHUNK_BYTES = 1_000_000


def gather_files(files: Iterable[tuple[str, IO[bytes]]], *, largest_bytes: int) -> list[Source]:
    """A source for each file, by its name. Raises FileTooLarge; nothing is kept then."""
    with _Keeper(largest_bytes) as keeper:
        for name, file in files:
            keeper.keep(name, file)
        return keeper.finish()


def gather_zip(file: IO[bytes], *, largest_bytes: int) -> list[Source]:
    """A source for each picture in a ZIP, by its path there. Raises MalformedRequest or FileTooLarge.

    Read entry by entry, and each no further than it may be large: what its head says of its size counts for nothing.
    """
    with _Keeper(largest_bytes) as keeper:
        try:
            with zipfile.ZipFile(file) as archive:
                for entry in _choose_entries(archive):
                    with archive.open(entry) as opened:
                        keeper.keep(entry.filename, opened)
        except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError) as error:
            raise MalformedRequest(f"The ZIP cannot be read: {error}", param="zip") from None
        return keeper.finish()


def gather_addresses(text: str) -> list[Source]:
    """A source for each line. Raises MalformedRequest that names the line."""
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1)]
    found = [_read_address(line, f"Line {number}") for number, line in lines if line]
    return _check_count(found, "addresses")


def gather_csv(data: bytes) -> list[Source]:
    """A source for each row: its column `url`, the others as what is known of it. Raises MalformedRequest.

    The first line names the columns, apart by commas, semicolons or tabs.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise MalformedRequest("The CSV is not in UTF-8.", param="csv") from None
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_find_delimiter(text), strict=True)
    try:
        columns = _read_columns(next(rows, []))
        found = [_read_row(row, columns, f"Line {rows.line_num}") for row in rows if any(map(str.strip, row))]
    except csv.Error as error:
        raise MalformedRequest(f"Line {rows.line_num}: {error}", param="csv") from None
    return _check_count(found, "csv")


class _Keeper:
    """Puts files into the house storage, and takes them away again where one of them cannot be kept."""

    def __init__(self, largest_bytes: int) -> None:
        self.largest_bytes, self.left_bytes = largest_bytes, MOST_BYTES
        self.sources: list[Source] = []
        self._is_done = False

    def __enter__(self) -> "_Keeper":
        return self

    def __exit__(self, *_: object) -> None:
        if not self._is_done:
            drop_uploads(source.ref for source in self.sources)

    def keep(self, name: str, file: IO[bytes]) -> None:
        if len(self.sources) == MOST_FILES:
            raise MalformedRequest(f"A run takes at most {MOST_FILES} files: put more into a storage.")
        data = file.read(min(self.largest_bytes, self.left_bytes) + 1)
        if len(data) > self.largest_bytes:
            raise FileTooLarge(f"{name} is larger than {self.largest_bytes} bytes.")
        if len(data) > self.left_bytes:
            raise FileTooLarge(f"The files are larger than {MOST_BYTES} bytes together.")
        self.left_bytes -= len(data)
        ref = keep_upload(data, mime="application/octet-stream")
        self.sources.append(Source(ref=ref, name=name))

    def finish(self) -> list[Source]:
        if not self.sources:
            raise MalformedRequest("There is no picture in it.")
        self._is_done = True
        return self.sources


def _choose_entries(archive: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
    """The pictures, less what systems put beside them. Raises MalformedRequest for a path that leads elsewhere."""
    for entry in archive.infolist():
        *folders, name = entry.filename.split("/")
        if entry.is_dir() or name.startswith(".") or "__MACOSX" in folders:
            continue
        try:
            clean_key(entry.filename)
        except StorageError as error:
            raise MalformedRequest(f"The ZIP has an entry {entry.filename!r}: {error.message}.", param="zip") from None
        if entry.filename.startswith("/"):
            raise MalformedRequest(f"The ZIP has an entry {entry.filename!r} from the root of a disk.", param="zip")
        if entry.flag_bits & 1:
            raise MalformedRequest(f"The ZIP's entry {entry.filename} has a password.", param="zip")
        if name.rpartition(".")[2].lower() in PICTURE_EXTENSIONS:
            yield entry


def _read_address(text: str, where: str) -> Source:
    try:
        http.refuse_early(text)
    except StorageError as error:
        raise MalformedRequest(f"{where}: {error.message}") from None
    return Source(ref=AssetRef(kind="web", location=text), name=name_of_url(text))


def _find_delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _read_columns(names: list[str]) -> list[str]:
    columns = [name.strip() for name in names]
    columns = [URL if name.lower() == URL else name for name in columns]
    if URL not in columns:
        raise MalformedRequest(f"Line 1: there is no column {URL}.", param="csv")
    if len(columns) > MOST_COLUMNS:
        raise MalformedRequest(f"Line 1: there are more than {MOST_COLUMNS} columns.", param="csv")
    twice = next((name for place, name in enumerate(columns) if name and name in columns[:place]), None)
    if twice:
        raise MalformedRequest(f"Line 1: the column {twice} is there twice.", param="csv")
    return columns


def _read_row(row: list[str], columns: list[str], where: str) -> Source:
    if len(row) > len(columns):
        raise MalformedRequest(f"{where}: it has {len(row)} columns, the first line has {len(columns)}.", param="csv")
    values = {name: value.strip() for name, value in zip(columns, row, strict=False) if name}
    long = next((name for name, value in values.items() if len(value) > LONGEST_VALUE and name != URL), None)
    if long:
        raise MalformedRequest(f"{where}: {long} has more than {LONGEST_VALUE} characters.", param="csv")
    address = values.pop(URL, "")
    if not address:
        raise MalformedRequest(f"{where}: {URL} is empty.", param="csv")
    return _read_address(address, where).model_copy(update={"meta": values})


def _check_count(found: list[Source], param: str) -> list[Source]:
    if not found:
        raise MalformedRequest("There is no address in it.", param=param)
    if len(found) > MOST_ADDRESSES:
        raise MalformedRequest(f"A run takes at most {MOST_ADDRESSES} addresses.", param=param)
    return found
