"""The bodies of requests to edit pictures."""

from typing import Any

from pydantic.v1 import ConstrainedList

from jobs.dialects.claid.differences import LENIENT, LONGEST_INPUT, NEW, OLD
from jobs.dialects.claid.schemas.base import Fields, Uri, parse
from jobs.dialects.claid.schemas.operations import Operations
from jobs.dialects.claid.schemas.outputs import Output


class Upload(Fields):
    """What is to be done with an uploaded picture."""

    operations: Operations
    output: Uri | Output | None


class Input(Uri):
    """One picture's address."""

    max_length = LONGEST_INPUT[NEW]


class OldInput(Uri):
    """The same under the old prefix."""

    max_length = LONGEST_INPUT[OLD]


class Edit(Fields):
    """What is to be done with one picture."""

    input: Input
    operations: Operations
    output: Uri | Output | None


class OldEdit(Edit):
    """The same under the old prefix."""

    input: OldInput  # type: ignore[assignment]


class Uris(ConstrainedList):
    """One address at least."""

    item_type = Uri
    __args__ = (Uri,)
    min_items = 1


class Folder(Fields):
    """Where the pictures of a batch lie."""

    source: Uri
    recursive: bool | None


class Batch(Fields):
    """What is to be done with many pictures: with a file, those of a folder, or a list of both."""

    input: Uri | Uris | Folder
    operations: Operations
    output: Uri | Output | None


EDITS: dict[str, type[Edit]] = {OLD: OldEdit, NEW: Edit}


def parse_edit(body: Any, prefix: str) -> Edit:
    """The body of a request to edit one picture. Raises InvalidRequest."""
    return parse(EDITS[prefix], adapt(body, prefix))


def parse_batch(body: Any, prefix: str) -> Batch:
    """The body of a request to edit many. Raises InvalidRequest."""
    return parse(Batch, adapt(body, prefix))


def parse_upload(body: Any, prefix: str) -> Upload:
    """What comes with a file. Raises InvalidRequest."""
    return parse(Upload, adapt(body, prefix))


def adapt(body: Any, prefix: str) -> Any:
    """The body with what the old prefix lets pass written as the new one has it. Nothing else is changed."""
    operations = body.get("operations") if isinstance(body, dict) else None
    if prefix not in LENIENT or not isinstance(operations, dict):
        return body
    operations = dict(operations)
    restorations, resizing = operations.get("restorations"), operations.get("resizing")
    if isinstance(restorations, dict) and restorations.get("decompress") == {}:
        operations["restorations"] = {**restorations, "decompress": None}
    fit = resizing.get("fit") if isinstance(resizing, dict) else None
    if isinstance(fit, dict) and "crop" in fit and "type" not in fit:
        operations["resizing"] = {**resizing, "fit": {**fit, "type": "crop"}}  # type: ignore[dict-item]
    return {**body, "operations": operations}
