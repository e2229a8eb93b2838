"""What a file says besides its pixels. It is left behind, but for who made the picture where that is asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from PIL import Image, ImageFile, IptcImagePlugin, TiffImagePlugin

ARTIST, COPYRIGHT = 0x013B, 0x8298
IPTC_CREATOR, IPTC_CREDIT, IPTC_RIGHTS = (2, 80), (2, 110), (2, 116)
DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"
PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

MAX_TEXT, MAX_XMP_BYTES = 2000, 1_000_000

STRUCTURE = {
    *(0x0112, 0x011A, 0x011B, 0x0128, 0x0213),
    *(0x9000, 0x9101, 0xA000, 0xA001, 0xA002, 0xA003),
}
"""EXIF tags that tell how pixels are laid out, and nothing of where they come from."""

EXIF_FOLDERS = (0x8769, 0x8825, 0xA005)
TALKING_TIFF = {
    *(269, 270, 271, 272, 285, 305, 306, 315, 316, 700, 33432, 33723, 34377, 34665, 34853, 37510),
    *range(40091, 40096),
}
"""Tags of a TIFF that are not about its pixels."""

TALKING_INFO = ("comment", "xmp", "XML:com.adobe.xmp", "photoshop")


@dataclass(frozen=True)
class Credit:
    """Who made a picture and who owns it, as it is handed on. Each is at most MAX_TEXT characters of plain text."""

    creator: str = ""
    rights: str = ""
    line: str = ""

    def __bool__(self) -> bool:
        return bool(self.creator or self.rights or self.line)


NO_CREDIT = Credit()


def is_present(image: Image.Image) -> bool:
    """Whether an opened file has metadata: EXIF apart from orientation and layout, IPTC, XMP, comments or texts."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return bool(TALKING_TIFF & set(image.tag_v2))
    if any(image.info.get(name) for name in TALKING_INFO) or _has_exif(image):
        return True
    return image.format == "PNG" and any(isinstance(value, str) for value in image.info.values())


def _has_exif(image: Image.Image) -> bool:
    if not image.info.get("exif"):
        return False
    exif = image.getexif()
    tags = set(exif) - set(EXIF_FOLDERS)
    for folder in EXIF_FOLDERS:
        tags |= set(exif.get_ifd(folder)) if folder in exif else set()
    return bool(tags - STRUCTURE)


def read_credit(image: Image.Image) -> Credit:
    """Creator, rights and credit line of an opened file: of XMP, or else of IPTC, or else of EXIF."""
    found = [_read_xmp(image), _read_iptc(image), _read_exif(image)]
    creator, rights, line = (_pick(each[name] for each in found) for name in range(3))
    return Credit(creator, rights, line)


Texts = tuple[str, str, str]
NOTHING: Texts = ("", "", "")


def _pick(texts: Iterable[str]) -> str:
    """The first that says anything, as plain text."""
    plain = (" ".join("".join(c for c in text if c.isprintable() or c.isspace()).split()) for text in texts)
    return next((text[:MAX_TEXT] for text in plain if text), "")


def _read_exif(image: Image.Image) -> Texts:
    if image.format == "PNG" and "exif" not in image.info:
        return NOTHING
    exif = image.getexif()
    # Photographer and editor stand in the copyright apart, with a NUL between them.
    return _decode(exif.get(ARTIST, "")), _decode(exif.get(COPYRIGHT, "")).replace("\0", " "), ""


def _read_iptc(image: Image.Image) -> Texts:
    found = IptcImagePlugin.getiptcinfo(image) if isinstance(image, ImageFile.ImageFile) else None
    if not found:
        return NOTHING
    return _join(found.get(IPTC_CREATOR)), _join(found.get(IPTC_RIGHTS)), _join(found.get(IPTC_CREDIT))


def _join(value: Any) -> str:
    """A value, or several of them, of IPTC."""
    return "; ".join(_decode(each) for each in (value if isinstance(value, list) else [value or b""]))


def _decode(value: Any) -> str:
    """Text that is mostly UTF-8 by now, whatever the standards say. Pillow reads that of EXIF as Latin-1."""
    if isinstance(value, tuple):
        return "; ".join(_decode(each) for each in value)
    raw = value if isinstance(value, bytes) else str(value).encode("latin-1", "replace")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _read_xmp(image: Image.Image) -> Texts:
    packet = image.info.get("xmp") or b""
    raw = packet.encode() if isinstance(packet, str) else bytes(packet)
    # With a document type come entities, which can grow without end.
    if not raw or len(raw) > MAX_XMP_BYTES or b"<!" in raw:
        return NOTHING
    try:
        root = ElementTree.fromstring(raw.rstrip(b"\0"))  # noqa: S314 - without a document type it cannot grow
    except (ElementTree.ParseError, ValueError):
        return NOTHING
    return (
        _find_text(root, f"{{{DUBLIN_CORE}}}creator"),
        _find_text(root, f"{{{DUBLIN_CORE}}}rights"),
        _find_text(root, f"{{{PHOTOSHOP}}}Credit"),
    )


def _find_text(root: ElementTree.Element, name: str) -> str:
    """A property, written as an element, a list of them or an attribute."""
    for element in root.iter(name):
        items = [item.text or "" for item in element.iter(f"{{{RDF}}}li")]
        return "; ".join(items) or element.text or ""
    return next((value for element in root.iter(f"{{{RDF}}}Description") if (value := element.get(name))), "")


def write_exif(credit: Credit) -> bytes:
    """An EXIF block of creator and rights, and nothing else; empty where neither is known."""
    exif = Image.Exif()
    for tag, text in ((ARTIST, credit.creator), (COPYRIGHT, credit.rights)):
        if text:
            exif[tag] = text.encode()
    return exif.tobytes() if len(exif) else b""


def write_xmp(credit: Credit) -> bytes:
    """A packet of all three: see ISO 16684-1, and the IPTC photo metadata standard for the names."""
    creator = f"<dc:creator><rdf:Seq><rdf:li>{escape(credit.creator)}</rdf:li></rdf:Seq></dc:creator>"
    rights = f'<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">{escape(credit.rights)}</rdf:li></rdf:Alt></dc:rights>'
    line = f"<photoshop:Credit>{escape(credit.line)}</photoshop:Credit>"
    body = creator * bool(credit.creator) + rights * bool(credit.rights) + line * bool(credit.line)
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF xmlns:rdf="{RDF}"><rdf:Description rdf:about="" xmlns:dc="{DUBLIN_CORE}" '
        f'xmlns:photoshop="{PHOTOSHOP}">{body}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()
