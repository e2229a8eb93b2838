"""HEIC, where a package that reads it is installed beside Photomill.

Its licence is not Photomill's: pi-heif brings libraries under the LGPL, pillow-heif one under the GPL.
"""

import importlib
from functools import cache

from processing.errors import UnsupportedFormat

PACKAGES = ("pi_heif", "pillow_heif")
ADVICE = "HEIC pictures are read where the package pi-heif is installed: pip install pi-heif, and restart the workers"


def prepare() -> None:
    """Teach Pillow the format. Raises UnsupportedFormat where no package is there."""
    if not find_package():
        raise UnsupportedFormat(ADVICE)


@cache
def find_package() -> str | None:
    """The name of the package that reads HEIC, which Pillow then knows, or None."""
    for name in PACKAGES:
        try:
            package = importlib.import_module(name)
        except ImportError:
            continue
        # One slot is one core.
        package.options.DECODE_THREADS = 1
        package.register_heif_opener()
        return name
    return None
