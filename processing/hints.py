"""Words that say which of the things in a picture is meant."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from processing.boxes import area, around, clip, grow
from processing.geometry import Box

if TYPE_CHECKING:
    from processing.analysis import Analysis
    from processing.detectors.subject import Category, Subject

PERSON = "person"
"""People are found better by their faces and bodies than among the things that have a name."""

ROOM = 0.08
"""Room around what a hint names, of its longer side: boxes are not exact."""


def find_subject(seen: "Analysis", category: "Category", hints: Sequence[str]) -> "tuple[Subject, tuple[str, ...]]":
    """The main object of those that the hints name, and the hints that led to nothing.

    Of several things of one kind the largest is meant. Where no hint leads to anything, the main object of all.
    """
    from processing.detectors import objects

    labels, unknown = objects.match_hints(hints)
    places = {label: place for label in labels for place in _largest(_boxes_of(seen, label))}
    used = {label for label in labels if label in places}
    ignored = tuple(hint for hint in hints if hint in unknown or not used & set(objects.match_hints([hint])[0]))
    if not places:
        return seen.subject(category), ignored
    box = around(list(places.values()))
    room = ROOM * max(box[2] - box[0], box[3] - box[1])
    found = seen.subject(category, clip(grow(box, by=room), seen.image.size))
    return (found, ignored) if found.box else (seen.subject(category), tuple(hints))


def _boxes_of(seen: "Analysis", label: str) -> Iterable[Box]:
    from processing.detectors import objects, people

    if label == PERSON and not people.missing():
        return [person.box for person in seen.people]
    return [] if objects.missing() else [thing.box for thing in seen.objects if thing.label == label]


def _largest(boxes: Iterable[Box]) -> list[Box]:
    """The largest of the boxes alone, or none."""
    return sorted(boxes, key=area)[-1:]
