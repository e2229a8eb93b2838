"""The child of this worker slot: one process that does the pixels."""

import os
from pathlib import Path

from django.conf import settings

from accounts.models import Account
from accounts.plans import find_limits
from jobs import tallies
from processing import fonts
from processing.child import Child
from processing.limits import Limits

_children: dict[int, Child] = {}
_counted: dict[int, int] = {}


def child() -> Child:
    """The child of this process. It starts with its first picture."""
    pid = os.getpid()
    if pid not in _children:
        # A child of the process that this one was forked from is not ours.
        _children.clear()
        _counted.clear()
        _children[pid] = Child(
            memory_bytes=settings.PHOTOMILL_CHILD_MEMORY_BYTES,
            model_memory_bytes=settings.PHOTOMILL_MODEL_MEMORY_BYTES,
            max_items=settings.PHOTOMILL_CHILD_ITEMS,
            fonts=fonts.folders(own_fonts()),
            models=own_models(),
            model_threads=settings.PHOTOMILL_MODEL_THREADS,
        )
    return _children[pid]


def count_starts() -> None:
    """Add the processes that this slot's child has started since the last time to the tally."""
    pid = os.getpid()
    starts = _children[pid].starts if pid in _children else 0
    if starts > _counted.get(pid, 0):
        tallies.add_event("child_starts", starts - _counted.get(pid, 0))
        _counted[pid] = starts


def own_fonts() -> Path | None:
    """The operator's folder of fonts, if the settings name one."""
    return Path(settings.PHOTOMILL_FONT_DIR).absolute() if settings.PHOTOMILL_FONT_DIR else None


def own_models() -> Path | None:
    """The operator's folder of model files, if the settings name one."""
    return Path(settings.PHOTOMILL_MODEL_DIR).absolute() if settings.PHOTOMILL_MODEL_DIR else None


def limits(account: Account | None = None) -> Limits:
    """What one picture may cost: from the settings, and of an account within its own limits."""
    own = find_limits(account) if account else None
    return Limits(
        max_source_bytes=own.max_source_bytes if own else settings.PHOTOMILL_MAX_SOURCE_BYTES,
        max_pixels=own.max_pixels if own else settings.PHOTOMILL_MAX_PIXELS,
        max_side=settings.PHOTOMILL_MAX_SIDE,
        max_frames=settings.PHOTOMILL_MAX_FRAMES,
        max_total_pixels=settings.PHOTOMILL_MAX_TOTAL_PIXELS,
        max_jpeg_scans=settings.PHOTOMILL_MAX_JPEG_SCANS,
        max_png_chunks=settings.PHOTOMILL_MAX_PNG_CHUNKS,
    )
