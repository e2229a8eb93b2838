"""OpenCV on the one core that a slot has. Imported by what looks at pictures, not by what every picture needs."""

import cv2

# By default every call may use all cores of the machine.
cv2.setNumThreads(1)

__all__ = ["cv2"]
