"""What it costs to see: the cut-out and the pose of a photograph of 12 megapixels, beside the bare models.

`python -m tests.bench.seeing` prints a line of JSON, from a process of its own: models are large.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from tests.bench.alone import read_peak
from tests.bench.tables import format_table

SIZE = (3464, 3464)
ROUNDS = 3
SECONDS = 300


@dataclass(frozen=True)
class Sight:
    """CPU seconds, each the least of the rounds: ours, and the models alone, as often as we run them and once.

    before_bytes, peak_bytes: the process with the photograph decoded, and with all models at work.
    """

    ours: float
    models: float
    models_once: float
    before_bytes: int
    peak_bytes: int

    @property
    def overhead(self) -> float:
        """What we spend beside the models, as a multiple of them."""
        return self.ours / self.models


def missing() -> str | None:
    """Why nothing can be seen here, or None."""
    from processing import saliency
    from processing.detectors import people

    return saliency.missing() or people.missing()


def measure_seeing() -> Sight:
    command = [sys.executable, "-m", "tests.bench.seeing"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=SECONDS)
    return Sight(**json.loads(done.stdout.splitlines()[-1]))


def measure_here(size: tuple[int, int] = SIZE) -> Sight:
    """The same in this process."""
    # Only here: the bench itself needs no models.
    from processing import poses, saliency
    from processing.detectors import faces, people, subject
    from tests.processing.subjects import gradient, photo

    image = gradient(size, (210, 214, 220), (150, 150, 155))
    side = min(size) // 2
    image.paste(photo("astronaut.png", (side, side)), ((size[0] - side) // 2, size[1] - side))
    before = read_peak("self")
    found = faces.find(image)
    look = take_least(lambda: saliency.look(image))
    face, pose = take_least(lambda: faces.find(image)), take_least(lambda: poses.find_pose(image, (0, 0, *size)))
    body = take_least(lambda: people.find(image, found))
    cut = take_least(lambda: subject.find(image, "general"))
    # A cut-out looks twice: at the whole picture, and closely at what it found.
    return Sight(cut + face + body, 2 * look + face + body, look + pose, before, read_peak("self"))


def take_least(work: Callable[[], object]) -> float:
    """CPU seconds of the quickest round, after one that loads what is needed."""
    work()
    spent = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        spent.append(time.process_time() - started)
    return min(spent)


def show_seeing(sight: Sight) -> Iterator[str]:
    lines = [
        ["Photomill: cut-out, faces, people", f"{sight.ours:.2f}", f"{sight.overhead:.2f}"],
        ["the models alone, as often", f"{sight.models:.2f}", "1.00"],
        ["U²-Net and the pose model once", f"{sight.models_once:.2f}", f"{sight.models_once / sight.models:.2f}"],
    ]
    yield from format_table([f"A photograph of {SIZE[0]}×{SIZE[1]}", "CPU s", "ratio"], lines)
    yield f"Memory: {sight.before_bytes / 1e6:.0f} MB before the models, {sight.peak_bytes / 1e6:.0f} MB at most"


if __name__ == "__main__":
    print(json.dumps(asdict(measure_here())))
