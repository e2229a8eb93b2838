"""What the demo asks for: photographs that scikit-image ships, three results of each, in SlashedCloud's words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from project.demo.steps import Transformation, bright, contrast, crop, filtered, fit, mark, tint, write

PAPER = "#fbf7ee"
INK = "#4a3b2a"
WHITE = "#ffffff"


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One result: its file, the size in pixels that it must have, and the chain that makes it."""

    title: str
    file: str
    size: tuple[int, int]
    steps: tuple[Transformation, ...]
    quality: int = 88


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A photograph among scikit-image's own, and its variants."""

    file: str
    title: str
    credit: str
    variants: tuple[Variant, ...]

    @property
    def key(self) -> str:
        """Where the photograph lies in the customer's storage."""
        return f"/photos/{self.file}"

    def destination(self, variant: Variant) -> str:
        """Where a result is to lie in the same storage."""
        return f"/results/{PurePosixPath(self.file).stem}/{variant.file}"


def build_request(photo: Photo, *, service_id: int, callback: str) -> dict[str, Any]:
    """The body of `POST /request` for one photograph: one source, one job for each result."""
    jobs = [
        {"destination": photo.destination(each), "quality": each.quality, "transformations": list(each.steps)}
        for each in photo.variants
    ]
    return {"service_id": service_id, "source": photo.key, "callback": callback, "jobs": jobs}


ASTRONAUT = Photo(
    file="astronaut.png",
    title="Portrait",
    credit="Eileen Collins, NASA, public domain",
    variants=(
        Variant(
            title="Profile picture",
            file="profile.jpg",
            size=(400, 400),
            steps=(
                crop("58%", "58%", gravity="north", xoffset="-5%", fit=False),
                {"type": "resize", "width": 400, "height": 400},
                bright(6),
                contrast(10),
            ),
        ),
        Variant(
            title="Sepia postcard",
            file="postcard.jpg",
            size=(512, 412),
            steps=(
                crop(480, 320, gravity="north", yoffset=20),
                bright(-60),
                filtered("sepia"),
                contrast(12),
                fit("letterbox", 480, 352, color=PAPER),
                fit("letterbox", 512, 352, color=PAPER),
                fit("letterbox", 512, 412, color=PAPER, gravity="north"),
                write(
                    "Greetings from orbit", 26, font="Times New Roman Italic", color=INK, gravity="south", yoffset=18
                ),
            ),
        ),
        Variant(
            title="Story, 9 : 16",
            file="story.webp",
            size=(360, 640),
            steps=(
                fit("cropbox", 360, 640),
                {"type": "blur", "sigma": 14, "radius": 0},
                bright(-50),
                {
                    "type": "watermark",
                    "source": "/photos/astronaut.png",
                    "width": 312,
                    "gravity": "center",
                    "yoffset": -30,
                },
                write("EILEEN COLLINS", 30, font="Arial Bold", color=WHITE, gravity="south", yoffset=110),
                write("Pilot of STS-63, 1995", 18, color="#d8dde6", gravity="south", yoffset=84),
            ),
        ),
    ),
)

COFFEE = Photo(
    file="coffee.png",
    title="Coffee",
    credit="Rachel Michetti, Pikolo Espresso Bar, CC0",
    variants=(
        Variant(
            title="Shop tile",
            file="tile.webp",
            size=(400, 400),
            steps=(fit("cropbox", 400, 400), tint(14, 6, 0), contrast(12)),
        ),
        Variant(
            title="Banner",
            file="banner.jpg",
            size=(600, 300),
            steps=(
                crop(600, 300),
                {"type": "blur", "sigma": 3, "radius": 0},
                bright(-70),
                write("ESPRESSO", 64, font="Arial Bold", color=WHITE, yoffset=-14),
                write("roasted this morning", 24, font="Times New Roman Italic", color="#f4d9b8", yoffset=36),
            ),
        ),
        Variant(
            title="Tilted print",
            file="print.png",
            size=(452, 334),
            steps=(
                {"type": "resize", "width": 400},
                fit("letterbox", 400, 291, color=WHITE),
                fit("letterbox", 424, 291, color=WHITE),
                {"type": "rotate", "degrees": 6},
            ),
        ),
    ),
)

CAT = Photo(
    file="chelsea.png",
    title="Cat",
    credit="Stéfan van der Walt, CC0",
    variants=(
        Variant(
            title="Avatar",
            file="avatar.jpg",
            size=(400, 400),
            steps=(crop(400, 400, gravity="west", xoffset=140), {"type": "enhance"}, contrast(8)),
        ),
        Variant(
            title="Gallery print",
            file="gallery.jpg",
            size=(543, 392),
            steps=(
                {"type": "flip", "direction": "horizontal"},
                filtered("grayscale"),
                contrast(30),
                fit("letterbox", 451, 312, color="#111111"),
                fit("letterbox", 463, 312, color="#111111"),
                fit("letterbox", 463, 392, color="#f2f0ec"),
                fit("letterbox", 543, 392, color="#f2f0ec"),
            ),
        ),
        Variant(
            title="Pencil sketch",
            file="sketch.png",
            size=(451, 300),
            steps=(
                filtered("grayscale"),
                contrast(30),
                filtered("edgedetect"),
                bright(30),
                contrast(100),
            ),
        ),
    ),
)

ROCKET = Photo(
    file="rocket.jpg",
    title="Launch",
    credit="DSCOVR on Falcon 9, SpaceX, public domain",
    variants=(
        Variant(
            title="Poster",
            file="poster.jpg",
            size=(320, 480),
            steps=(
                fit("cropbox", 320, 480),
                tint(0, 6, 24),
                contrast(20),
                write("LIFTOFF", 58, font="Arial Bold", color=WHITE, gravity="north", yoffset=28),
                write("DSCOVR, 11 February 2015", 17, color=WHITE, gravity="north", yoffset=98),
            ),
        ),
        Variant(
            title="Page header",
            file="header.webp",
            size=(640, 260),
            steps=(
                crop(640, 260, gravity="south", yoffset=30),
                contrast(15),
                mark(width=170, gravity="southeast", xoffset=16, yoffset=14),
            ),
        ),
        Variant(
            title="Blueprint",
            file="blueprint.png",
            size=(480, 320),
            steps=(
                fit("stretch", 480, 320),
                filtered("grayscale"),
                filtered("edgedetect"),
                filtered("negate"),
                contrast(50),
                bright(-80),
                tint(10, 60, 150),
            ),
        ),
    ),
)

MOTORCYCLE = Photo(
    file="motorcycle_left.png",
    title="Motorcycle",
    credit="Middlebury Stereo 2014",
    variants=(
        Variant(
            title="Listing with watermark",
            file="listing.jpg",
            size=(480, 324),
            steps=(
                fit("box", 480, 480),
                {"type": "enhance"},
                mark(width="34%", gravity="southeast", xoffset=14, yoffset=12),
            ),
        ),
        Variant(
            title="Mirrored, 2×",
            file="mirrored.webp",
            size=(480, 324),
            steps=({"type": "flip", "direction": "horizontal"}, {"type": "zoom", "width": 240, "level": 2}),
        ),
        Variant(
            title="Stencil",
            file="stencil.png",
            size=(480, 324),
            steps=({"type": "resize", "width": 480}, filtered("smooth"), bright(35), filtered("bw"), tint(200, 30, 20)),
        ),
    ),
)

PHOTOS = (ASTRONAUT, COFFEE, CAT, ROCKET, MOTORCYCLE)
