"""What the server noted of its own work: python -m project.demo.timings PROCESS…

SlashedCloud's API tells no times, so the demo asks the database, in a process with the instance's settings.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import django


def read_timings(process_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Milliseconds of each process: `item` from its claim to its end, and `outputs` by their destinations."""
    from jobs.models import Item  # the settings come first

    items = Item.objects.filter(job__dialect="slashed", job__public_id__in=process_ids)
    return {
        item.job.public_id: {
            "item": item.milliseconds,
            "outputs": {f"/{output.key}": output.milliseconds for output in item.outputs.filter(run=item.run)},
        }
        for item in items.select_related("job")
    }


if __name__ == "__main__":
    django.setup()
    json.dump(read_timings(sys.argv[1:]), sys.stdout)
