"""A script, not a test: starts a child on a picture that takes long, says the child's id, and waits to be killed.

Arguments: the picture's path, and how the child is started: from the main `thread`, from a `worker` thread, or from
a worker thread before a `fork` that lives on.
"""

import os
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from processing.child import Child
from processing.limits import Limits
from processing.pipeline import Variant


def main() -> None:
    source, how = Path(sys.argv[1]).read_bytes(), sys.argv[2]
    child = Child(memory_bytes=2 << 30)

    def work() -> None:
        child.run(source, [Variant()], limits=Limits(), assets={}, seconds=120)

    def report() -> None:
        while child.pid is None or not child.protection:
            time.sleep(0.01)
        if how == "fork" and os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        print(child.pid, flush=True)

    if how == "main":
        threading.Thread(target=report).start()
        work()
    else:
        threading.Thread(target=work).start()
        report()


if __name__ == "__main__":
    main()
