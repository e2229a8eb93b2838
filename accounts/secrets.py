"""What a secret must be like that somebody brings along from another service."""

SHORTEST = 4
"""Characters at least: no fewer than are shown of it afterwards."""


def check_secret(secret: str) -> str | None:
    """What is wrong with the secret, as the end of a sentence, or None. It must fit into a header as it is."""
    if len(secret) < SHORTEST:
        return f"must have at least {SHORTEST} characters"
    if not secret.isascii() or not secret.isprintable() or " " in secret:
        return "must be printable ASCII characters without spaces"
    return None
