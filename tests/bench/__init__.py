"""The benchmark: what a picture costs, and what everything around it costs. `python3 run.py bench`"""

import os

# One slot is one core: libvips is measured as it runs in the child, and reads this when it is loaded.
os.environ.setdefault("VIPS_CONCURRENCY", "1")
