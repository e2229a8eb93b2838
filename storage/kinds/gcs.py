"""Google Cloud Storage, by the S3 interface that it has beside its own."""

from typing import Any

from storage.kinds.s3 import BucketFields, S3Storage

ENDPOINT_URL = "https://storage.googleapis.com"
REGION = "auto"
"""Google signs for any region."""


class GcsStorage(S3Storage):
    """A bucket of Google Cloud Storage, or a folder of one, by the HMAC keys that Google makes for such access."""

    class Parameters(BucketFields):
        pass

    @classmethod
    def open(cls, parameters: Any, credentials: Any, *, private: bool) -> "GcsStorage":
        place = S3Storage.Parameters(**parameters.model_dump(), endpoint_url=ENDPOINT_URL, region=REGION)
        return cls(place, credentials, private=private)
