"""What people hand in for a run: files, a ZIP, a list of addresses, a CSV. Each becomes sources, or names its fault."""

import csv
import io
from collections.abc import Sequence

from django.core.files.uploadedfile import UploadedFile

from jobs.errors import MalformedRequest
from jobs.intake import keep_files
from jobs.names import name_of_url
from jobs.spec import Source
from processing.base import AssetRef
from storage import http
from storage.errors import StorageError

MOST_FILES = 1000
MOST_BYTES = 1_000_000_000
"""Of what is sent in one form."""
MOST_ADDRESSES = 10_000
MOST_COLUMNS = 50
LONGEST_VALUE = 1000
URL = "url"


def gather_files(files: Sequence[UploadedFile], *, largest_bytes: int) -> tuple[list[Source], list[str]]:
    """A source for each picture, also for those in a ZIP, by their names; and what of a ZIP was passed over.

    They go into the house storage. Raises MalformedRequest or FileTooLarge; then nothing is kept.
    """
    intake = keep_files(files, largest_bytes=largest_bytes, most=MOST_FILES)
    if not intake.kept:
        raise MalformedRequest("There is no picture in it.", param="files")
    sources = [Source(ref=ref, name=name) for name, ref in intake.kept]
    return sources, [f"{one['name']}: {one['reason'].replace('_', ' ')}" for one in intake.skipped]


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
