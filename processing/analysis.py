"""What the detectors see in a source: asked when an operation first wants to know, and once for all variants.

Everything is in pixels of the upright source, at its full size; `to_picture` and `box_in` say where a thing lies in a
picture that a chain has made of it. A step that paints over its picture does not change what was seen in the source.
"""

from functools import cached_property
from typing import TYPE_CHECKING

from processing.geometry import Affine, Box, invert, map_box
from processing.picture import Picture

if TYPE_CHECKING:
    from PIL import Image

    from processing.detectors.faces import Face
    from processing.detectors.objects import Thing
    from processing.detectors.people import Person
    from processing.detectors.plates import Plate
    from processing.detectors.subject import Category, Subject


OPAQUE = 255


class Analysis:
    """What is seen in one source. Detectors are imported and loaded by the first that asks for one."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._subjects: dict[tuple[str, Box | None], Subject] = {}

    @cached_property
    def image(self) -> "Image.Image":
        """The source's first frame, with as many pixels as its size says."""
        return self._picture.still().in_full().frames[0]

    @cached_property
    def is_see_through(self) -> bool:
        """Whether a pixel of the source's first frame is not opaque. No detector is asked."""
        frame = self._picture.frames[0]
        return self._picture.has_alpha and any(frame.getchannel("A").histogram()[:OPAQUE])

    def subject(self, category: "Category", within: Box | None = None) -> "Subject":
        """The main object, by the model for this category; of the whole source or of a part of it."""
        from processing.detectors import subject

        key = (category, within)
        if key not in self._subjects:
            self._subjects[key] = subject.find(self.image, category, within=within)
        return self._subjects[key]

    @cached_property
    def faces(self) -> "tuple[Face, ...]":
        """Every face, the largest first."""
        from processing.detectors import faces

        return faces.find(self.image)

    @cached_property
    def people(self) -> "tuple[Person, ...]":
        """Every person, the largest first."""
        from processing.detectors import people

        return people.find(self.image, self.faces)

    @cached_property
    def plates(self) -> "tuple[Plate, ...]":
        """Every licence plate."""
        from processing.detectors import plates

        return plates.find(self.image)

    @cached_property
    def objects(self) -> "tuple[Thing, ...]":
        """Every thing that has a name here, the surest first."""
        from processing.detectors import objects

        return objects.find(self.image)


def to_picture(picture: Picture) -> Affine:
    """Where a point of the source lies in this picture."""
    return invert(picture.to_source)


def box_in(picture: Picture, box: Box) -> Box:
    """A box of the source in this picture: the upright box around it where the picture was turned. Not clipped."""
    return map_box(to_picture(picture), box)
