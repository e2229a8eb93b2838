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


def refuse_escape(key: str) -> None:
    """Raise BadKey for what a disk or a server may read as a way out of the folder. Every kind asks before it acts.

    Milder than `clean_key`, because what a customer's bucket lists must stay readable: `a//b` is a key on S3.
    """
    if "\0" in key or any(part in (".", "..") for part in key.split("/")):
        raise BadKey("The path must not contain '.', '..' or NUL.")
    try:
        key.encode()
    except UnicodeEncodeError:
        raise BadKey("The path is not valid Unicode.") from None


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
