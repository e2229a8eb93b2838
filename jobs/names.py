"""What the results of a job's items are called, where their keys are made from a pattern: no two of them the same."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from jobs.models import Item, Job
from jobs.spec import Variant


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


def _find_taken(job: Job, stems: Sequence[str]) -> set[str]:
    return set(Item.objects.filter(job=job, stem__in=stems).values_list("stem", flat=True))  # type: ignore[arg-type]
