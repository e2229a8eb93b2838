"""What Crop.photo's pages do not show: names, bounds and shapes that are this server's own, all in one place.

Whoever learns better changes it here. README.md says which of the API is Crop.photo's and which is ours.
"""

MARKER_NAMES = ("crop_marker", "marker")
"""The field that names the part of a body; the first is the one that errors name."""

MOST_RECIPES, MOST_ASSETS, MOST_OUTPUTS = 100, 1000, 3000
MOST_META_BYTES = 8192
MOST_HINTS, LONGEST_HINT = 5, 100
LONGEST_URL = 2048
MOST_LABELS, LONGEST_LABEL = 20, 200
MOST_SIZES = 10
"""Of the sizes that one banner is made in."""

DEFAULT_LIMIT, MOST_LIMIT = 20, 100
POLL_AGAIN_SECONDS = 2
LINK_SECONDS = 3600
"""How long the address of a `url` answer can be read."""

RESULTS_HOURS = 7 * 24
"""How long the results of recipes and banners are kept."""

WEBHOOK_RETRIES = 3
"""After the first attempt, PHOTOMILL_CROPPHOTO_WEBHOOK_SECONDS apart."""

WEBHOOK_TAKEN = 200
QUALITY = 90
"""Of JPEG and WebP, 0 to 100."""
