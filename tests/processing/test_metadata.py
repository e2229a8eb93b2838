import struct
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from processing import chunks
from processing.base import Step
from processing.decoders import load
from processing.formats import Output
from processing.metadata import MAX_TEXT, Credit
from processing.pipeline import Outcome
from tests.images import decode, encode, ramps, turned
from tests.processing.chains import LIMITS, losses, process, step, variant
from tests.processing.running import px
from tests.profiles import rgb_profile

SIZE = (40, 30)
WRITTEN: list[Any] = ["jpeg", "png", "webp", "gif", "avif", "tiff"]
NAMED: list[Any] = [form for form in WRITTEN if form != "gif"]
MAKER, ARTIST, COPYRIGHT, CAMERA, GPS = 0x010F, 0x013B, 0x8298, 0x8769, 0x8825
IMAGE = ramps(SIZE)


def tell_all() -> bytes:
    """EXIF that says `secret` in every folder, and where the picture was taken."""
    exif = Image.Exif()
    exif[MAKER], exif[ARTIST], exif[COPYRIGHT] = "secret maker", "Ada Lens", "(c) Lens & Sons"
    exif.get_ifd(CAMERA)[0x9286] = b"ASCII\0\0\0secret comment"
    exif.get_ifd(CAMERA)[0x927C] = b"secret note of the camera"
    exif.get_ifd(GPS).update({1: "N", 2: (48.0, 51.0, 29.9), 29: "2026:01:02secret"})
    return exif.tobytes()


def xmp(**properties: str) -> bytes:
    made = "".join(
        f"<{name.replace('_', ':')}>{value}</{name.replace('_', ':')}>" for name, value in properties.items()
    )
    return f"""<?xpacket begin="" id="a"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
        xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="secret"
        xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
        xmlns:exif="http://ns.adobe.com/exif/1.0/"><exif:GPSLatitude>48,51.5N</exif:GPSLatitude>{made}
        </rdf:Description></rdf:RDF></x:xmpmeta>""".encode()


def listed(*items: str, kind: str = "Seq") -> str:
    return f"<rdf:{kind}>{''.join(f'<rdf:li>{item}</rdf:li>' for item in items)}</rdf:{kind}>"


def iptc(*texts: tuple[str, bytes]) -> bytes:
    """The block of a JPEG in which Photoshop keeps IPTC: see the IIM standard, 4.2."""
    numbers = {"creator": 80, "credit": 110, "rights": 116, "headline": 105}
    records = b"".join(struct.pack(">BBBH", 0x1C, 2, numbers[name], len(text)) + text for name, text in texts)
    block = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records + bytes(len(records) % 2)
    body = b"Photoshop 3.0\0" + block
    return b"\xff\xed" + struct.pack(">H", len(body) + 2) + body


def insert_segment(jpeg: bytes, segment: bytes) -> bytes:
    return jpeg[:2] + segment + jpeg[2:]


def talkative_png() -> bytes:
    texts = PngInfo()
    texts.add_text("Comment", "secret text")
    texts.add_text("Folded", "secret folded text", zip=True)
    texts.add_itxt("XML:com.adobe.xmp", xmp().decode())
    data = chunks.insert(encode(IMAGE, exif=tell_all(), pnginfo=texts), chunks.make(b"prVt", b"secret chunk"))
    return data[:-12] + chunks.make(b"tEXt", b"Late\0secret late text") + data[-12:] + b"secret tail"


def talkative_gif() -> bytes:
    data = encode(IMAGE, "GIF", comment=b"secret comment")
    start = data.index(b"!\xfe")
    more = b"!\xff\x0bXMP DataXMP\x06secret\0" + b"!\x01\x0c" + bytes(12) + b"\x06secret\0"
    return data[:start] + more + data[start:] + b"secret tail"


TALKATIVE = {
    "jpeg": insert_segment(
        encode(IMAGE, "JPEG", exif=tell_all(), comment=b"secret comment", xmp=xmp(), dpi=(72, 72)),
        iptc(("headline", b"secret headline")),
    )
    + b"secret tail",
    "png": talkative_png(),
    "webp": encode(IMAGE, "WEBP", exif=tell_all(), xmp=xmp()),
    "gif": talkative_gif(),
    "avif": encode(IMAGE, "AVIF", exif=tell_all(), xmp=xmp()),
    "tiff": encode(IMAGE, "TIFF", exif=tell_all()),
    "tags": encode(
        IMAGE,
        "TIFF",
        tiffinfo={270: "secret description", 305: "secret program", ARTIST: "Ada Lens", COPYRIGHT: "(c) Lens & Sons"},
    ),
    "film": encode(
        IMAGE, "WEBP", exif=tell_all(), xmp=xmp(), save_all=True, append_images=[ramps((40, 30)).rotate(180)]
    ),
}


def write(data: bytes, form: Any, *steps: Step, **options: Any) -> Outcome:
    return process(data, variant(*steps, output=Output(format=form, **options))).outcomes[0]


def written(data: bytes, form: Any, *steps: Step, **options: Any) -> bytes:
    encoded = write(data, form, *steps, **options).encoded
    assert encoded is not None
    return encoded.data


def tags_of(data: bytes) -> set[int]:
    return {int(tag) for tag in decode(data).getexif()}


@pytest.mark.parametrize("source", TALKATIVE)
def test_the_files_of_this_test_do_say_secret(source: str):
    assert b"secret" in TALKATIVE[source]


@pytest.mark.parametrize("form", WRITTEN)
@pytest.mark.parametrize("source", TALKATIVE)
@pytest.mark.parametrize("metadata", ["strip", "credit"])
def test_no_mark_of_the_source_is_in_any_result(source: str, form: str, metadata: str):
    for steps in ([], [step("resize", width=px(20))], [step("filter", filter="sepia")]):
        data = written(TALKATIVE[source], form, *steps, metadata=metadata)
        assert b"secret" not in data
        assert b"GPS" not in data
        assert not tags_of(data) & {MAKER, CAMERA, GPS}


@pytest.mark.parametrize("form", WRITTEN)
@pytest.mark.parametrize("source", TALKATIVE)
def test_without_being_asked_for_not_even_a_credit_is_kept(source: str, form: str):
    data = written(TALKATIVE[source], form)
    assert b"Lens" not in data
    assert not tags_of(data) & {ARTIST, COPYRIGHT}


@pytest.mark.parametrize("form", NAMED)
@pytest.mark.parametrize("source", [name for name in TALKATIVE if name != "gif"])
def test_a_credit_is_kept_when_asked_for(source: str, form: str):
    data = written(TALKATIVE[source], form, metadata="credit")
    exif = decode(data).getexif()
    assert (exif[ARTIST], exif[COPYRIGHT]) == ("Ada Lens", "(c) Lens & Sons")
    assert load(data, LIMITS).source.credit == Credit("Ada Lens", "(c) Lens & Sons")


@pytest.mark.parametrize("form", NAMED)
@pytest.mark.parametrize("lossless", [False, True])
def test_every_word_of_a_credit_comes_through_every_format(form: str, lossless: bool):
    credit = Credit("Zoë <Ł> & Söhne", "© 2026 “Foto”, 東京", "Agentur ‹X›")
    source = xmp(
        dc_creator=listed("Zoë &lt;Ł&gt; &amp; Söhne"),
        dc_rights=listed(credit.rights, kind="Alt"),
        photoshop_Credit=credit.line,
    )
    data = written(encode(IMAGE, "JPEG", xmp=source), form, metadata="credit", lossless=lossless)
    assert load(data, LIMITS).source.credit == credit
    assert np.asarray(decode(data).convert("RGB")).shape == (30, 40, 3)


@pytest.mark.parametrize("form", WRITTEN)
def test_a_credit_costs_a_film_no_frame(form: str):
    made = decode(written(TALKATIVE["film"], form, metadata="credit"))
    assert getattr(made, "n_frames", 1) == (1 if form in ("jpeg", "tiff") else 2)


def credit_of(data: bytes) -> Credit:
    return load(data, LIMITS).source.credit


def test_a_credit_is_taken_from_xmp_then_iptc_then_exif():
    block = iptc(("creator", b"Iris"), ("credit", b"Desk"), ("rights", "© Iris".encode()))
    data = insert_segment(encode(IMAGE, "JPEG", exif=tell_all()), block)
    assert credit_of(data) == Credit("Iris", "© Iris", "Desk")
    with_xmp = encode(IMAGE, "JPEG", exif=tell_all(), xmp=xmp(dc_creator=listed("Xenia", "Yves")))
    assert credit_of(with_xmp) == Credit("Xenia; Yves", "(c) Lens & Sons", "")
    assert credit_of(insert_segment(with_xmp, block)) == Credit("Xenia; Yves", "© Iris", "Desk")


def test_several_creators_in_iptc_and_old_encodings_are_read():
    two = iptc(("creator", "Zoë".encode("latin-1")), ("creator", "Łukasz".encode()))
    assert credit_of(insert_segment(encode(IMAGE, "JPEG"), two)).creator == "Zoë; Łukasz"
    exif = Image.Exif()
    exif[ARTIST], exif[COPYRIGHT] = "Zoë Ł".encode(), b"photographer\0editor"
    assert credit_of(encode(IMAGE, "JPEG", exif=exif)) == Credit("Zoë Ł", "photographer editor", "")


def test_a_credit_may_be_an_attribute():
    packet = xmp().replace(b'rdf:about="secret"', b'rdf:about="" photoshop:Credit="Desk"')
    assert credit_of(encode(IMAGE, "JPEG", xmp=packet)).line == "Desk"


def test_a_credit_is_plain_text_of_bounded_length():
    packet = xmp(photoshop_Credit="a\nb\u202e\u200bc" + "x" * 5000)
    line = credit_of(encode(IMAGE, "JPEG", xmp=packet)).line
    assert line.startswith("a bcxxx")
    assert len(line) == MAX_TEXT


@pytest.mark.parametrize(
    "packet",
    [
        b"<not xml",
        b"\xff\xfe\0",
        b'<!DOCTYPE a [<!ENTITY b "Eve">]>' + xmp(photoshop_Credit="&b;"),
        xmp(photoshop_Credit="Eve") + b" " * 1_000_000,
    ],
    ids=["broken", "bytes", "entities", "long"],
)
def test_a_packet_that_is_no_plain_xmp_says_nothing(packet: bytes):
    source = encode(IMAGE, "WEBP", xmp=packet)
    assert credit_of(source) == Credit()
    assert losses(source) == ["metadata_stripped"]


def test_what_is_written_as_xmp_is_xml():
    data = written(TALKATIVE["jpeg"], "jpeg", metadata="credit")
    root = ElementTree.fromstring(decode(data).info["xmp"])
    assert "(c) Lens & Sons" in [element.text for element in root.iter()]


@pytest.mark.parametrize("source", TALKATIVE)
@pytest.mark.parametrize("metadata", ["strip", "credit"])
def test_that_metadata_were_stripped_is_reported(source: str, metadata: Any):
    assert "metadata_stripped" in losses(TALKATIVE[source], output=Output(format="webp", metadata=metadata))


@pytest.mark.parametrize(
    "data",
    [
        *[encode(IMAGE, form) for form in ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "TIFF", "BMP")],
        *[turned(IMAGE, 6, form) for form in ("JPEG", "PNG", "WEBP", "AVIF", "TIFF")],
        *[encode(IMAGE, form, dpi=(300, 300)) for form in ("JPEG", "PNG", "TIFF")],
        encode(IMAGE, "PNG", icc_profile=rgb_profile("srgb")),
    ],
)
def test_of_a_source_without_metadata_nothing_is_reported(data: bytes):
    assert losses(data) == []


BROKEN_EXIF = [
    b"Exif\0\0garbage",
    tell_all()[:20],
    tell_all().replace(b"MM\0*", b"MM\x0e*"),
    b"Exif\0\0" + b"\xff" * 50,
]


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("exif", BROKEN_EXIF, ids=["no exif", "cut off", "of another kind", "all ones"])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_with_broken_exif_is_still_a_picture(exif: bytes, form: str):
    data = encode(IMAGE, form, exif=exif)
    made = process(data, variant(output=Output(format="png", metadata="credit"))).outcomes[0].encoded
    assert made is not None
    assert made.size == SIZE
    assert b"garbage" not in made.data
