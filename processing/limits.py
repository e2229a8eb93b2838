"""How much one picture may cost."""

from dataclasses import asdict, dataclass
from typing import Any

MEGA = 1_000_000


@dataclass(frozen=True)
class Limits:
    """Bounds on one source and on what is made of it; each is checked before the work that it bounds.

    max_source_bytes: the encoded source.
    max_pixels: width × height of a source, and of every result.
    max_side: the longer side in pixels, of a source and of every result.
    """

    max_source_bytes: int = 100 * MEGA
    max_pixels: int = 100 * MEGA
    max_side: int = 16_384

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Limits":
        return cls(**values)
