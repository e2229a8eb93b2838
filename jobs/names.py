"""What the results of a job's items are called, where their keys are made from a pattern."""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from jobs.errors import MalformedRequest
from jobs.models import Item, Job
from jobs.spec import Destination, JobSpec, Source, Variant
from storage.keys import clean_key

META = r"meta\.([A-Za-z0-9_-]{1,64})"
PLACEHOLDER = re.compile(rf"\{{(stem|ext|index|folder|recipe|{META})\}}")
PLACEHOLDERS = ("{stem}", "{ext}", "{index}", "{folder}", "{recipe}", "{meta.NAME}")
"""A source's name without its extension, the result's extension, the source's place from 1 on, the folder it lies in
with a slash at its end, the recipe, and what its caller has said of the source."""

BRACES = re.compile(r"\{[^{}]*\}?|\}")
UNFIT = re.compile(r"[\x00-\x1f\x7f\\/\ud800-\udfff]")
LONGEST_PART = 200
NAMELESS = "image"


def make_stems(job: Job, names: Sequence[str], *, first: int) -> Sequence[str | None]:
    """For each source its name without extension, folders in front; None where the job's keys need no name.

    Where another item of the job has it already, the item's place is put behind it: `1.jpg` and `1.png` become `1`
    and `1-2`. first: the place of the first of these, from 0 on. Called in the transaction that adds the items.
    """
    if not any(Variant.model_validate(values).destination.pattern for values in job.variants):
        return [None] * len(names)
    wanted = [strip_extension(name) for name in names]
    numbered = [f"{stem}-{first + number}" for number, stem in enumerate(wanted, 1)]
    taken = _find_taken(job, [*wanted, *numbered]) if first else set()
    found = []
    for stem, other in zip(wanted, numbered, strict=True):
        chosen = other if stem in taken else stem
        while chosen in taken:
            chosen = f"{chosen}-again"
        taken.add(chosen)
        found.append(chosen)
    return found


def strip_extension(name: str) -> str:
    """The name of a source without its extension, folders in front."""
    path = PurePosixPath(name)
    folder = "" if str(path.parent) in (".", "/") else f"{path.parent}/"
    return f"{folder}{path.stem}".lstrip("/")


def name_of_url(url: str) -> str:
    """What a picture on the web is called: the end of its path, as it can be part of a key."""
    name = UNFIT.sub("_", unquote(urlsplit(url).path).rpartition("/")[2].strip()) or NAMELESS
    path = PurePosixPath(name)
    stem = path.stem if path.stem.strip(".") else NAMELESS
    return f"{stem[:LONGEST_PART]}{path.suffix[:20]}"


# --- Patterns ------------------------------------------------------------------------------------------------------


def check_pattern(pattern: str, *, param: str | None = None) -> None:
    """Raise MalformedRequest, or BadKey, for a pattern that makes no keys; it names what is no placeholder."""
    for text in BRACES.findall(pattern):
        if not PLACEHOLDER.fullmatch(text):
            raise MalformedRequest(f"{text} is no placeholder: there are {', '.join(PLACEHOLDERS)}", param=param)
    clean_key(tidy_key(PLACEHOLDER.sub("x", pattern)), param=param)


def check_names(spec: JobSpec) -> None:
    """Raise MalformedRequest where results of the job could not be named, or would all have one name."""
    for number, variant in enumerate(spec.variants):
        destination, path = variant.destination, f"variants[{number}].destination.pattern"
        if destination.pattern:
            if destination.storage_id is None:
                raise MalformedRequest("names need a storage that results go to", param=path)
            _check_meta(spec, destination.pattern, path)
            if destination.collision in ("overwrite", "refuse"):
                _check_apart(spec, destination, path)


def fill_pattern(pattern: str, parts: Mapping[str, Any]) -> str:
    """The name that a pattern makes of these parts."""
    return tidy_key(PLACEHOLDER.sub(lambda match: str(parts[match.group(1)]), pattern))


def name_parts(item: Item, index: int, variant: Variant, extension: str) -> dict[str, Any]:
    """What stands for each placeholder in the name of a variant's result."""
    folder, slash, stem = (item.stem or strip_extension(item.name)).rpartition("/")
    return {
        "stem": stem or str(item.position),
        "ext": extension,
        "index": item.position + 1,
        "folder": folder + slash,
        "recipe": variant.name or str(index + 1),
        **{f"meta.{name}": value for name, value in item.meta.items()},
    }


def tidy_key(key: str) -> str:
    """The key without the empty folders that a placeholder may leave: `{folder}/{stem}` has a slash of its own."""
    return re.sub(r"/{2,}", "/", key)


def _check_meta(spec: JobSpec, pattern: str, path: str) -> None:
    names = [name for _, name in PLACEHOLDER.findall(pattern) if name]
    if names and spec.folders:
        raise MalformedRequest(f"the files of a folder have no meta.{names[0]}", param=path)
    for number, source in enumerate(spec.sources):
        for name in names:
            fault = _find_fault(source, name)
            if fault:
                where = f"sources[{number}].meta.{name}"
                raise MalformedRequest(f"{where} ({source.name}) {fault}", param=where)


def _find_fault(source: Source, name: str) -> str:
    """Why what is known of a source cannot be part of a name, or nothing."""
    value = source.meta.get(name)
    if value is None:
        return "is missing, and the name asks for it"
    if isinstance(value, bool) or not isinstance(value, str | int):
        return "should be a text or a whole number, to be part of a name"
    text = str(value)
    if UNFIT.search(text) or not text.strip(". "):
        return "cannot be part of a name: it is empty, or has a slash or a control character"
    return f"has more than {LONGEST_PART} characters" if len(text) > LONGEST_PART else ""


def _check_apart(spec: JobSpec, destination: Destination, path: str) -> None:
    """What can be told beforehand: a name without the recipe is one for all of them, and so on."""
    pattern = destination.pattern or ""
    found = {name.partition(".")[0] for name, _ in PLACEHOLDER.findall(pattern)}
    if len(spec.variants) > 1 and "recipe" not in found:
        raise MalformedRequest("the results of several recipes would have one name: add {recipe}", param=path)
    if (len(spec.sources) > 1 or spec.folders) and not found & {"stem", "index", "meta"}:
        raise MalformedRequest("the results of several sources would have one name: add {stem} or {index}", param=path)


def _find_taken(job: Job, stems: Sequence[str]) -> set[str]:
    return set(Item.objects.filter(job=job, stem__in=stems).values_list("stem", flat=True))  # type: ignore[arg-type]
