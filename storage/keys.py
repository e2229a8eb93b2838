"""Keys: paths inside a storage that can never point out of it."""

from urllib.parse import unquote

from storage.errors import BadKey

MAX_KEY_BYTES = 1024


def clean_key(path: str, *, param: str | None = None) -> str:
    """The key that a caller's path names; one leading slash is dropped. Raises BadKey.

    Refused: nothing at all, `.` and `..` and empty segments, backslashes, control characters, also where
    they only appear once per-cent escapes are resolved, and more than 1,024 bytes.
    """
    key = path.removeprefix("/")
    for spelling in (key, unquote(key)):
        reason = _find_fault(spelling)
        if reason:
            raise BadKey(f"{param or 'the path'} {reason}", param=param)
    if len(key.encode(errors="surrogatepass")) > MAX_KEY_BYTES:
        raise BadKey(f"{param or 'the path'} is longer than {MAX_KEY_BYTES} bytes", param=param)
    return key


def join_keys(prefix: str, key: str) -> str:
    """A key below a prefix, either of which may be empty."""
    return "/".join(part for part in (prefix.strip("/"), key) if part)


def _find_fault(key: str) -> str | None:
    if not key:
        return "must not be empty"
    if any(ord(char) < 32 or ord(char) == 127 or 0xD800 <= ord(char) <= 0xDFFF for char in key):
        return "must not contain control characters"
    if "\\" in key:
        return "must not contain backslashes"
    if any(part in ("", ".", "..") for part in key.split("/")):
        return "must not contain empty segments, '.' or '..'"
    return None
