"""Settings of the tests: the project's own, with keys that are made up and a data folder that is thrown away."""

import os
import tempfile

os.environ.setdefault("PHOTOMILL_DATA_DIR", tempfile.mkdtemp(prefix="photomill-test-"))
os.environ.setdefault("PHOTOMILL_SECRET_KEY", "for-tests-only-and-therefore-not-a-secret-at-all-0123456789")
os.environ.setdefault("PHOTOMILL_ENCRYPTION_KEYS", "Zm9yLXRlc3RzLW9ubHktMDEyMzQ1Njc4OS1hYmNkZWY=")
os.environ.setdefault("PHOTOMILL_JWT_KEYS", "for-tests-only-0123456789-abcdefghijklmnop")
os.environ.setdefault("PHOTOMILL_ALLOWED_NETWORKS", "127.0.0.0/8")
os.environ.setdefault("PHOTOMILL_ALLOWED_PORTS", "*")
os.environ.setdefault("CELERY_BROKER_URL", "memory://localhost")
os.environ.setdefault("PHOTOMILL_CACHE_URL", "database")

from project.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

if IS_SQLITE:  # noqa: F405
    # A file, because processes and threads of one test share it; in memory they could not.
    DATABASES["default"]["TEST"] = {"NAME": f"{PHOTOMILL_DATA_DIR}/test.sqlite3"}  # noqa: F405
