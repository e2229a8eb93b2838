import numpy as np
import pytest
from PIL import Image

from processing.detectors import objects
from tests.processing.detectors import scenes

pytestmark = pytest.mark.skipif(bool(objects.missing()), reason=str(objects.missing()))


@pytest.mark.parametrize(
    ("name", "label", "box"),
    [
        ("chelsea", "cat", (0, 0, 420, 300)),
        ("coffee", "coffee cup", (172, 18, 410, 315)),
        ("astronaut", "person", (20, 16, 358, 512)),
    ],
)
def test_things_of_photographs_are_named_and_found(name: str, label: str, box: tuple[int, ...]) -> None:
    first = objects.find(scenes.photo(name))[0]
    assert first.label == label
    assert first.confidence > 0.5
    assert first.box == pytest.approx(box, abs=25)


def test_a_thing_is_found_once() -> None:
    labels = [thing.label for thing in objects.find(scenes.photo("chelsea"))]
    assert labels.count("cat") == 1


def test_two_things_of_a_kind_are_two() -> None:
    pair = Image.new("RGB", (902, 600), "white")
    pair.paste(scenes.photo("chelsea"), (0, 150))
    pair.paste(scenes.photo("chelsea"), (451, 150))
    found = [thing for thing in objects.find(pair) if thing.label == "cat"]
    assert len(found) == 2
    assert found[0].confidence >= found[1].confidence


def test_boxes_are_in_pixels_of_the_picture_that_was_given() -> None:
    small = objects.find(scenes.photo("chelsea"))[0]
    large = objects.find(scenes.photo("chelsea").resize((4510, 3000)))[0]
    assert np.array(large.box) / 10 == pytest.approx(np.array(small.box), abs=6)


@pytest.mark.parametrize("size", [(1, 1), (5000, 3), (3, 700)])
def test_an_empty_picture_has_nothing(size: tuple[int, int]) -> None:
    assert objects.find(Image.new("RGB", size, "white")) == ()


def test_the_model_has_as_many_anchors_as_boxes() -> None:
    assert objects._list_anchors().shape == (1917, 4)


def test_hints_become_labels() -> None:
    labels, ignored = objects.match_hints(("Cars", "sneakers", "lamp", " Dogs ", "Bike"))
    assert labels == ("bicycle", "footwear", "dog", "car")
    assert ignored == ("lamp",)


@pytest.mark.parametrize("label", objects.LABELS)
def test_every_label_is_a_hint_for_itself(label: str) -> None:
    assert label in objects.match_hints((label.title(),))[0]
    assert label in objects.match_hints((f"{label}s",))[0] or label == "cattle"


def test_a_hint_may_name_several_labels() -> None:
    assert objects.match_hints(("cup",)) == (("mug", "coffee cup"), ())


def test_no_hints_name_nothing() -> None:
    assert objects.match_hints(()) == ((), ())


def test_every_synonym_belongs_to_a_label() -> None:
    assert set(objects.SYNONYMS) == set(objects.LABELS)
