"""Room that is left round something, as parameters."""

from pydantic import Field

from processing.base import Params
from processing.framing import Sides, height_of, share_of, width_of
from processing.geometry import NO_MARGIN, Box, Margin


class Margins(Params):
    """Four distances, each in pixels or per cent of the box's height (top, bottom) or width (left, right)."""

    top: Margin = Field(NO_MARGIN, description="room above")
    right: Margin = Field(NO_MARGIN, description="room to the right")
    bottom: Margin = Field(NO_MARGIN, description="room below")
    left: Margin = Field(NO_MARGIN, description="room to the left")

    @classmethod
    def all_round(cls, margin: Margin) -> "Margins":
        """The same on every side."""
        return cls(top=margin, right=margin, bottom=margin, left=margin)

    def around(self, box: Box) -> Sides:
        """The four in pixels, not rounded."""
        width, height = width_of(box), height_of(box)
        return Sides(self.top.exact(height), self.right.exact(width), self.bottom.exact(height), self.left.exact(width))


class Shares(Params):
    """Four shares of a box, 0 to 100 per cent: of its height (top, bottom) or of its width (left, right)."""

    top: float = Field(0, ge=0, le=100, description="room above, in per cent of the height")
    right: float = Field(0, ge=0, le=100, description="room to the right, in per cent of the width")
    bottom: float = Field(0, ge=0, le=100, description="room below, in per cent of the height")
    left: float = Field(0, ge=0, le=100, description="room to the left, in per cent of the width")

    def around(self, box: Box) -> Sides:
        """The four in pixels, not rounded."""
        return share_of(box, Sides(self.top, self.right, self.bottom, self.left))
