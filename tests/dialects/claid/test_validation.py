"""What is wrong with a request: all of it at once, by the path of its field, in the words of pydantic 1."""

from typing import Any

import pytest
from pydantic.v1 import VERSION

from jobs.dialects.claid.errors import InvalidRequest
from jobs.dialects.claid.schemas.edits import parse_batch, parse_edit, parse_upload

URL = "https://shop.example/a.jpg"
REQUIRED, EXTRA = "field required", "extra fields not permitted"


def faults(body: Any, *, prefix: str = "v1", read: Any = parse_edit) -> dict[str, list[str]]:
    """What is wrong with a body, by path."""
    try:
        read(body, prefix)
    except InvalidRequest as error:
        return error.faults
    return {}


def edit(operations: Any = None, **more: Any) -> dict[str, Any]:
    return {"input": URL, "operations": {} if operations is None else operations, **more}


def test_the_message_says_each_fault_after_its_path() -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_edit({"operations": {"padding": "50%", "magic": 1}}, "v1")
    assert caught.value.message == (
        "input: field required. operations.padding: ensure this padding is less than 50%. "
        "operations.magic: extra fields not permitted."
    )


def test_the_words_are_those_of_pydantic_1() -> None:
    assert VERSION.startswith("1.10.")


# --- The body and its parts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [[], "x", 1, None, True])
def test_a_body_is_an_object(body: Any) -> None:
    assert faults(body) == {"body": ["value is not a valid dict"]}


def test_everything_that_is_wrong_is_said_at_once() -> None:
    body = {
        "input": "",
        "operations": {"adjustments": {"hdr": 101, "exposure": "bright"}, "padding": "wide", "magic": 1},
        "output": {"format": "gif", "metadata": {"dpi": 0}},
        "webhook": "https://x.example",
    }
    found = faults(body)
    expected = {
        *("input", "operations.adjustments.hdr", "operations.adjustments.exposure", "operations.padding"),
        *("operations.magic", "output", "output.format", "output.metadata.dpi", "webhook"),
    }
    assert set(found) == expected
    assert next(iter(found)) == "input"
    assert found["webhook"] == [EXTRA]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"input": [REQUIRED], "operations": [REQUIRED]}),
        ({"input": URL}, {"operations": [REQUIRED]}),
        ({"input": URL, "operations": None}, {"operations": ["none is not an allowed value"]}),
        ({"input": URL, "operations": "resize"}, {"operations": ["value is not a valid dict"]}),
        ({"input": None, "operations": {}}, {"input": ["none is not an allowed value"]}),
        ({"input": [URL], "operations": {}}, {"input": ["str type expected"]}),
        ({"input": "", "operations": {}}, {"input": ["ensure this value has at least 1 characters"]}),
        ({"input": URL, "operations": {}, "callback": None}, {"callback": [EXTRA]}),
    ],
)
def test_what_must_be_there_is_missed_and_what_must_not_is_refused(
    body: dict[str, Any], expected: dict[str, list[str]]
) -> None:
    assert faults(body) == expected


@pytest.mark.parametrize("prefix", ["v1", "v1-beta1"])
def test_an_address_is_as_long_as_its_prefix_lets_it_be(prefix: str) -> None:
    most = {"v1": 4096, "v1-beta1": 512}[prefix]
    longest = "https://e.example/" + "a" * (most - 18)
    assert faults(edit(input=longest), prefix=prefix) == {}
    said = faults(edit(input=f"{longest}a"), prefix=prefix)
    assert said == {"input": [f"ensure this value has at most {most} characters"]}


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("shop.example/a.jpg", "invalid or missing URL scheme"),
        ("//shop.example/a.jpg", "invalid or missing URL scheme"),
        ("ftp://shop.example/a.jpg", "URL scheme not permitted"),
        ("file:///etc/passwd", "URL scheme not permitted"),
        ("data:image/png;base64,iVBORw0KGgo=", "URL scheme not permitted"),
        ("javascript:alert(1)", "URL scheme not permitted"),
        ("https:", "URL host invalid"),
        ("https://", "URL host invalid"),
        ("storage:///a.jpg/", ""),
        ("storage:/name/a.jpg", "URL host invalid"),
    ],
)
def test_an_address_has_a_scheme_that_is_read(uri: str, said: str) -> None:
    assert faults(edit(input=uri)) == ({"input": [said]} if said else {})


@pytest.mark.parametrize("uri", ["HTTPS://shop.example/a.jpg", "Storage://my-bucket/a b/ü.jpg", "http://x"])
def test_an_address_may_be_written_in_any_case(uri: str) -> None:
    assert faults(edit(input=uri)) == {}


# --- Operations ----------------------------------------------------------------------------------------------------

SELECTIVE = {"object_to_keep": "dog"}
GOOD: list[dict[str, Any]] = [
    {"restorations": {"decompress": "moderate", "upscale": "digital_art", "polish": True}},
    {"restorations": {"upscale": {"type": "photo", "version": "1"}}},
    {"adjustments": {"hdr": 100, "exposure": -100, "saturation": 100, "contrast": 0, "sharpness": 100}},
    {"adjustments": {"hdr": {"intensity": 0, "stitching": False}}},
    {"background": {"remove": {"clipping": True, "category": "cars"}, "color": "#abc"}},
    {"background": {"blur": {"selective": SELECTIVE, "type": "lens", "level": "low"}}},
    {"background": {"remove": {"selective": {"object_to_keep": "x" * 128}}}},
    {"background": {"remove": False, "blur": True}},
    {"resizing": {"width": 1, "height": 1_000_000, "fit": "cover"}},
    {"resizing": {"width": "150%", "height": "100%", "fit": "outpaint"}},
    {"resizing": {"width": "150%", "height": "150%", "fit": {"type": "bounds"}}},
    {"resizing": {"width": "150%", "height": "auto"}},
    {"resizing": {"fit": {"type": "outpaint", "feathering": "50%", "outpaint_by": "1024px 512px"}}},
    {"padding": "0px 400px 0px 0px"},
    {"padding": "49% 0%"},
    {"privacy": {"blur_car_plate": True, "identity_crop": False}},
    {"generative": {"style_transfer": {"style_reference_image": URL, "prompt": "oil", "style_strength": 1}}},
]


@pytest.mark.parametrize("operations", GOOD, ids=lambda one: str(one)[:60])
@pytest.mark.parametrize("prefix", ["v1", "v1-beta1"])
def test_what_is_documented_is_taken(operations: dict[str, Any], prefix: str) -> None:
    assert faults(edit(operations), prefix=prefix) == {}


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"sharpen": 1}, "sharpen", EXTRA),
    ({"restorations": {"decompress": True}}, "restorations.decompress", "value is not a valid enumeration member"),
    ({"restorations": {"decompress": {}}}, "restorations.decompress", "value is not a valid enumeration member"),
    ({"restorations": {"upscale": "best"}}, "restorations.upscale", "value is not a valid enumeration member"),
    ({"restorations": {"upscale": {"type": "photo"}}}, "restorations.upscale.version", REQUIRED),
    (
        {"restorations": {"upscale": {"type": "photo", "version": "4"}}},
        "restorations.upscale.version",
        "value is not a valid enumeration member; permitted: '1', '2', '3'",
    ),
    (
        {"restorations": {"upscale": {"type": "faces", "version": "1"}}},
        "restorations.upscale.type",
        "unexpected value; permitted: 'photo'",
    ),
    ({"restorations": {"polish": "perhaps"}}, "restorations.polish", "value could not be parsed to a boolean"),
    ({"adjustments": {"hdr": 101}}, "adjustments.hdr", "ensure this value is less than or equal to 100"),
    ({"adjustments": {"hdr": -1}}, "adjustments.hdr", "ensure this value is greater than or equal to 0"),
    ({"adjustments": {"hdr": {"intensity": 101}}}, "adjustments.hdr.intensity", "ensure this value is less than"),
    ({"adjustments": {"hdr": {"strength": 1}}}, "adjustments.hdr.strength", EXTRA),
    ({"adjustments": {"exposure": -101}}, "adjustments.exposure", "greater than or equal to -100"),
    ({"adjustments": {"sharpness": -1}}, "adjustments.sharpness", "greater than or equal to 0"),
    ({"adjustments": {"contrast": "high"}}, "adjustments.contrast", "value is not a valid integer"),
    ({"adjustments": {"contrast": 1e999}}, "adjustments.contrast", "value is not a valid integer"),
    ({"adjustments": {"contrast": "9" * 5000}}, "adjustments.contrast", "value is not a valid integer"),
    ({"background": {"remove": "maybe"}}, "background.remove", "value could not be parsed to a boolean"),
    ({"background": {"remove": {"category": "pets"}}}, "background.remove.category", "'general', 'cars', 'products'"),
    ({"background": {"remove": {"model": "x"}}}, "background.remove.model", EXTRA),
    (
        {"background": {"remove": {"category": "cars", "selective": SELECTIVE}}},
        "background.remove.selective",
        "exclude each other",
    ),
    (
        {"background": {"blur": {"selective": {"object_to_keep": "ab"}}}},
        "background.blur.selective.object_to_keep",
        "ensure this value has at least 3 characters",
    ),
    (
        {"background": {"remove": {"selective": {"object_to_keep": "x" * 129}}}},
        "background.remove.selective.object_to_keep",
        "ensure this value has at most 128 characters",
    ),
    ({"background": {"blur": {"level": "extreme"}}}, "background.blur.level", "'low', 'medium', 'high'"),
    ({"background": {"blur": {"type": "motion"}}}, "background.blur.type", "'regular', 'lens'"),
    ({"background": {"blur": {"clipping": True}}}, "background.blur.clipping", EXTRA),
    ({"background": {"remove": True, "blur": True}}, "background.blur", "blur and remove exclude each other"),
    *(
        ({"background": {"color": color}}, "background.color", "value is not a valid color")
        for color in ("white", "#ffff", "ffffff", "#gggggg", "rgb(0,0,0)", "", "#fff\n")
    ),
    ({"background": {"use_original_alpha": True}}, "background.use_original_alpha", EXTRA),
    ({"resizing": {"width": 0}}, "resizing.width", "ensure this value is greater than or equal to 1"),
    ({"resizing": {"width": -5}}, "resizing.width", "ensure this value is greater than or equal to 1"),
    ({"resizing": {"width": 1_000_001}}, "resizing.width", "ensure this value is less than or equal to 1000000"),
    *(
        ({"resizing": {"height": side}}, "resizing.height", "string does not match regex")
        for side in ("05%", "7.5%", "%", "15 %", "wide", "100px", "-5%", "٥%")
    ),
    ({"resizing": {"width": "0%"}}, "resizing.width", "ensure this percentage is greater than 0"),
    ({"resizing": {"width": [10]}}, "resizing.width", "value is not a valid integer"),
    ({"resizing": {"width": 100, "height": "50%"}}, "resizing.height", "both be pixels or both be percentages"),
    ({"resizing": {"width": "50%", "height": "60%"}}, "resizing.height", "must be the same percentage"),
    ({"resizing": {"fit": "stretch"}}, "resizing.fit", "'crop', 'cover', 'bounds', 'canvas', 'outpaint'"),
    ({"resizing": {"fit": {"type": "stretch"}}}, "resizing.fit.type", "unexpected value; permitted: 'crop'"),
    ({"resizing": {"fit": {"crop": "smart"}}}, "resizing.fit.type", REQUIRED),
    ({"resizing": {"fit": {"type": "crop", "crop": "face"}}}, "resizing.fit.crop", "'center', 'smart'"),
    ({"resizing": {"fit": {"type": "bounds", "crop": "smart"}}}, "resizing.fit.crop", EXTRA),
    ({"resizing": {"fit": {"type": "outpaint", "feathering": "15"}}}, "resizing.fit.feathering", "match regex"),
    ({"resizing": {"fit": {"type": "outpaint", "feathering": "101%"}}}, "resizing.fit.feathering", "at most 100"),
    *(
        ({"resizing": {"fit": {"type": "outpaint", "outpaint_by": by}}}, "resizing.fit.outpaint_by", "1 or 2 distances")
        for by in ("", "10", "10% 5px", "1% 2% 3%", "10%,5%", "1.5%", "9999999px")
    ),
    *(
        ({"padding": text}, "padding", "distances such as")
        for text in ("", "wide", "10", "10 %", "10%  5%", "10px 5%", "1px 2px 3px", "-5px", "10%;5%")
    ),
    ({"padding": "50%"}, "padding", "less than 50%"),
    ({"padding": "5% 60%"}, "padding", "less than 50%"),
    ({"padding": "1% 2% 3% 4%"}, "padding", "must be in pixels"),
    ({"padding": {"top": 1}}, "padding", "str type expected"),
    ({"privacy": {"blur_faces": True}}, "privacy.blur_faces", EXTRA),
    ({"privacy": {"blur_car_plate": 2}}, "privacy.blur_car_plate", "value could not be parsed to a boolean"),
    ({"generative": {"style_transfer": {}}}, "generative.style_transfer.style_reference_image", REQUIRED),
    (
        {"generative": {"style_transfer": {"style_reference_image": URL, "prompt": "xx"}}},
        "generative.style_transfer.prompt",
        "ensure this value has at least 3 characters",
    ),
    (
        {"generative": {"style_transfer": {"style_reference_image": URL, "depth_strength": 1.1}}},
        "generative.style_transfer.depth_strength",
        "ensure this value is less than or equal to 1",
    ),
    (
        {"background": {"blur": {}}, "generative": {"style_transfer": {"style_reference_image": URL}}},
        "generative",
        "style_transfer excludes",
    ),
]


@pytest.mark.parametrize(("operations", "path", "said"), BAD, ids=[f"{case[1]}-{n}" for n, case in enumerate(BAD)])
def test_what_is_not_is_refused_at_its_field(operations: dict[str, Any], path: str, said: str) -> None:
    found = faults(edit(operations))
    assert any(said in message for message in found[f"operations.{path}"]), found


@pytest.mark.parametrize(
    "operations",
    [
        {"resizing": {"width": "1000", "height": 10.0}},
        {"adjustments": {"exposure": "-5", "hdr": 5.9}},
        {"restorations": {"polish": "yes"}, "privacy": {"blur_car_plate": 1, "identity_crop": "off"}},
        {"background": {"remove": "TRUE"}},
        {"background": []},
    ],
)
def test_numbers_and_switches_may_be_texts(operations: dict[str, Any]) -> None:
    assert faults(edit(operations)) == {}


def test_what_the_old_prefix_lets_pass_the_new_one_does_not() -> None:
    operations = {"restorations": {"decompress": {}}, "resizing": {"width": 10, "fit": {"crop": "smart"}}}
    assert faults(edit(operations), prefix="v1-beta1") == {}
    assert {"operations.restorations.decompress", "operations.resizing.fit.type"} <= set(faults(edit(operations)))
    body = edit(operations)
    parse_edit(body, "v1-beta1")
    assert body == edit(operations)


@pytest.mark.parametrize("operations", [None, [], "x", {"resizing": 5}, {"resizing": {"fit": 5}}, {"restorations": []}])
def test_the_old_prefix_stumbles_over_nothing(operations: Any) -> None:
    body = {"input": URL, "operations": operations}
    assert faults(body, prefix="v1-beta1").keys() == faults(body).keys()


# --- Outputs -------------------------------------------------------------------------------------------------------

BAD_OUTPUTS: list[tuple[Any, str, str]] = [
    ("", "output", "ensure this value has at least 1 characters"),
    ("ftp://a/b", "output", "URL scheme not permitted"),
    (5, "output", "invalid or missing URL scheme"),
    ({"format": "gif"}, "output.format", "'jpeg', 'png', 'webp', 'avif', 'tiff'"),
    ({"format": "JPEG"}, "output.format", "value is not a valid enumeration member"),
    ({"format": {}}, "output.format.type", REQUIRED),
    ({"format": {"type": "png", "quality": 100}}, "output.format.quality", EXTRA),
    ({"format": {"type": "jpeg", "quality": 0}}, "output.format.quality", "greater than or equal to 1"),
    ({"format": {"type": "jpeg", "quality": 101}}, "output.format.quality", "less than or equal to 100"),
    ({"format": {"type": "jpeg", "compression": "lossy"}}, "output.format.compression", EXTRA),
    ({"format": {"type": "png", "compression": "lossy"}}, "output.format.compression", "'fast', 'best', 'optimal'"),
    ({"format": {"type": "webp", "compression": "best"}}, "output.format.compression", "'lossy', 'lossless'"),
    (
        {"format": {"type": "avif", "compression": {"type": "lossless", "quality": 5}}},
        "output.format.compression.quality",
        EXTRA,
    ),
    ({"destination": ""}, "output.destination", "ensure this value has at least 1 characters"),
    ({"destination": "s3://bucket/key"}, "output.destination", "URL scheme not permitted"),
    ({"metadata": {"dpi": "high"}}, "output.metadata.dpi", "value is not a valid integer"),
    ({"metadata": {"dpi": 0}}, "output.metadata.dpi", "greater than or equal to 1"),
    ({"metadata": {"color_space": "LAB"}}, "output.metadata.color_space", "'RGB', 'CMYK'"),
    (
        {"metadata": {"color_space": {"type": "CMYK", "color_profile": "Japan"}}},
        "output.metadata.color_space.color_profile",
        "'ISO_Coated', 'ISO_Uncoated', 'USWeb_Coated', 'USWeb_Uncoated'",
    ),
    (
        {"metadata": {"color_space": {"type": "RGB", "color_profile": "x"}}},
        "output.metadata.color_space.color_profile",
        EXTRA,
    ),
    *(
        ({"format": form, "metadata": {"color_space": "CMYK"}}, "output.metadata", "CMYK is for jpeg and tiff alone")
        for form in ("png", "webp", {"type": "avif"})
    ),
    ({"quality": 5}, "output.quality", EXTRA),
]


@pytest.mark.parametrize(("output", "path", "said"), BAD_OUTPUTS, ids=[f"{n}" for n in range(len(BAD_OUTPUTS))])
def test_an_output_that_is_none_is_refused_at_its_field(output: Any, path: str, said: str) -> None:
    found = faults(edit(output=output))
    assert any(said in message for message in found[path]), found


# --- Batches and uploads -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "paths"),
    [
        ("storage://s/folder/", set()),
        ([URL, "storage://s/folder/"], set()),
        ({"source": "storage://s/folder/", "recursive": "true"}, set()),
        ({"source": "storage://s/folder/"}, set()),
        ([], {"input"}),
        ({"recursive": True}, {"input.source"}),
        ({"source": URL, "depth": 1}, {"input.depth"}),
        ({"source": URL, "recursive": "deep"}, {"input.recursive"}),
        ([URL, "nonsense"], {"input.1"}),
        ([URL, None], {"input.1"}),
        (None, {"input"}),
        ("https://e.example/" + "a" * 4079, {"input"}),
    ],
)
def test_a_batch_s_input_is_an_address_a_list_or_a_folder(given: Any, paths: set[str]) -> None:
    found = faults({"input": given, "operations": {}}, read=parse_batch)
    assert paths <= set(found)
    assert bool(found) == bool(paths)


def test_the_addresses_of_a_batch_are_as_long_under_both_prefixes() -> None:
    body = {"input": ["https://e.example/" + "a" * 1000], "operations": {}}
    assert faults(body, prefix="v1-beta1", read=parse_batch) == {}


def test_an_upload_has_no_input() -> None:
    assert faults({"operations": {}}, read=parse_upload) == {}
    assert faults({"operations": {}, "input": URL}, read=parse_upload) == {"input": [EXTRA]}
    assert faults({}, read=parse_upload) == {"operations": [REQUIRED]}
