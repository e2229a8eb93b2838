"""What gunicorn itself says, as JSON lines like everything else: a worker that hangs, a start that fails."""

import logging
import sys
from typing import Any

from gunicorn.glogging import Logger

from project.logs import ContextFilter, JsonFormatter


class WebLog(Logger):
    """Named on gunicorn's command line."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(JsonFormatter())
        handler.addFilter(ContextFilter())
        self.error_log.handlers = [handler]
