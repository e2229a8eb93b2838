"""One picture by a bare library in a process of its own: python -m tests.bench.alone pillow|pyvips FILE WIDTH.

It prints a line of JSON: CPU and wall seconds from bytes to bytes, and the most memory that the process ever held.
"""

import io
import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path


def main(arguments: list[str]) -> None:
    name, path, width = arguments
    scale = LOADERS[name]()
    source = Path(path).read_bytes()
    cpu, wall = time.process_time(), time.perf_counter()
    made = scale(source, int(width))
    spent = {"cpu_seconds": time.process_time() - cpu, "wall_seconds": time.perf_counter() - wall}
    print(json.dumps({**spent, "peak_bytes": read_peak("self"), "output_bytes": len(made)}))


def load_pillow() -> Callable[[bytes, int], bytes]:
    # Only here: what the other library weighs must not count.
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = None
    Image.init()

    def scale(source: bytes, width: int) -> bytes:
        file = Image.open(io.BytesIO(source))
        height = round(file.height * width / file.width)
        file.draft("RGB", (width, height))
        buffer = io.BytesIO()
        small = ImageOps.exif_transpose(file).resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
        small.save(buffer, "JPEG", quality=80, optimize=True)
        return buffer.getvalue()

    return scale


def load_vips() -> Callable[[bytes, int], bytes]:
    import pyvips

    def scale(source: bytes, width: int) -> bytes:
        image = pyvips.Image.thumbnail_buffer(source, width, height=100_000, size="down")
        made: bytes = image.write_to_buffer(".jpg", Q=80, optimize_coding=True, keep="none")
        return made

    return scale


def read_peak(process: str) -> int:
    """The most bytes that a process ever held at once. Not ru_maxrss: that begins with the parent's."""
    found = re.search(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{process}/status").read_text())
    return int(found[1]) * 1024 if found else 0


LOADERS = {"pillow": load_pillow, "pyvips": load_vips}

if __name__ == "__main__":
    main(sys.argv[1:])
