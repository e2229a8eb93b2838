"""Addresses in requests: where pictures come from, and where results go. Asks which storages the account has."""

import re
from collections import defaultdict
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from accounts.models import Account
from jobs.dialects.claid.differences import LONGEST_STEM
from jobs.names import PLACEHOLDER
from jobs.spec import Destination, Folder, Source
from processing.base import AssetRef
from storage import http, kinds
from storage.connections import find_connection
from storage.errors import BadKey, StorageError, UnknownStorage
from storage.keys import clean_key
from storage.models import Connection

STORAGE = "storage://"
UNFIT = re.compile(r"[\x00-\x1f\x7f\\/\ud800-\udfff]")
NAMELESS = "image"


class Places:
    """Looks up what one request names. faults: what is wrong, by the path of the field."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.faults: defaultdict[str, list[str]] = defaultdict(list)
        self._known: dict[str, Connection] = {}

    def find_source(self, uri: str, path: str) -> Source | None:
        """The one picture at this address. None where that is a fault."""
        try:
            if not is_storage(uri):
                http.refuse_early(uri)
                return Source(ref=AssetRef(kind="web", location=uri), name=name_of_url(uri))
            connection, key = self._take_apart(uri)
            ref = AssetRef(kind="storage", storage_id=connection.pk, location=clean_key(key))
            return Source(ref=ref, name=PurePosixPath(key).name)
        except StorageError as error:
            self.faults[path].append(error.message)
            return None

    def find_folder(self, uri: str, path: str, *, is_recursive: bool) -> Folder | None:
        """The folder of a storage at this address. None where that is a fault."""
        try:
            connection, key = self._take_apart(uri)
            prefix = clean_key(key.rstrip("/")) if key.strip("/") else ""
        except StorageError as error:
            self.faults[path].append(error.message)
            return None
        if not kinds.get(connection.kind).is_listable:
            self.faults[path].append(f"the storage {connection.name!r} cannot be listed")
            return None
        return Folder(storage_id=connection.pk, prefix=prefix, is_recursive=is_recursive)

    def find_destination(self, uri: str | None, path: str, *, source: Source | None, extension: str) -> Destination:
        """Where results go. source: the one picture that they are made of; None for those of a batch."""
        if uri is None:
            return Destination()
        try:
            return self._find_destination(uri, source, extension)
        except StorageError as error:
            self.faults[path].append(error.message)
            return Destination()

    def _find_destination(self, uri: str, source: Source | None, extension: str) -> Destination:
        if not is_storage(uri):
            raise UnknownStorage("results go to a connected storage: storage://NAME/PATH")
        connection, key = self._take_apart(uri)
        if not kinds.get(connection.kind).is_writable:
            raise UnknownStorage(f"the storage {connection.name!r} cannot be written to")
        folder = f"{clean_key(key.rstrip('/'))}/" if key.strip("/") else ""
        if source is not None:
            own = f"{folder}{PurePosixPath(source.name).stem}.{extension}"
            return Destination(storage_id=connection.pk, key=clean_key(own if is_folder(uri) else key))
        if not is_folder(uri):
            raise BadKey("the results of a batch go to a folder: end it with '/'")
        if PLACEHOLDER.search(folder):
            raise BadKey("the path must not contain a placeholder in braces")
        return Destination(storage_id=connection.pk, pattern=f"{folder}{{folder}}{{stem}}.{extension}")

    def _take_apart(self, uri: str) -> tuple[Connection, str]:
        """The storage that an address names, and the path in it. Raises UnknownStorage."""
        name, _, key = uri[len(STORAGE) :].partition("/")
        if name not in self._known:
            self._known[name] = find_connection(self.account, UNFIT.sub("\ufffd", name))
        return self._known[name], key


def is_storage(uri: str) -> bool:
    """Whether the address points into a connected storage."""
    return uri[: len(STORAGE)].lower() == STORAGE


def is_folder(uri: str) -> bool:
    """Whether an address in a storage names a folder: by a slash at its end, or by a name without an extension."""
    key = uri[len(STORAGE) :].partition("/")[2]
    return not key or key.endswith("/") or not PurePosixPath(key).suffix


def name_of_url(url: str) -> str:
    """What a picture on the web is called: the end of its path."""
    return clean_name(unquote(urlsplit(url).path).rpartition("/")[2])


def clean_name(name: str) -> str:
    """A name that can be part of a key, and is not longer than a key may be."""
    path = PurePosixPath(UNFIT.sub("_", name.strip()) or NAMELESS)
    stem = path.stem if path.stem.strip(".") else NAMELESS
    return f"{stem[:LONGEST_STEM]}{path.suffix[:20]}"
