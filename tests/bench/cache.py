"""Where the benchmark keeps what it made once and would make again: the huge picture, programs to compare with."""

import os
from pathlib import Path


def open_cache() -> Path:
    """A folder of this user's; it may be deleted at any time."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(home) / "photomill-bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
