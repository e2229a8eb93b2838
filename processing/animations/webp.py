"""Whether an animated WebP is transparent: see https://developers.google.com/speed/webp/docs/riff_container.

Its header tells whether any of its parts is. Where parts leave some of the canvas free, viewers show that as
transparent whatever the header says; Pillow goes by the header.
"""

EXTENDED = b"VP8X"
FLAGS, ALPHA = 20, 0x10


def mark_alpha(data: bytes) -> bytes:
    """The file with a header that says that it is transparent."""
    if data[12:16] != EXTENDED or len(data) <= FLAGS:
        return data
    return data[:FLAGS] + bytes([data[FLAGS] | ALPHA]) + data[FLAGS + 1 :]
