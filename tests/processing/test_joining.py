import pytest

from processing.joining import join, turn_around

FORMS = {
    "ببب": "\ufe91\ufe92\ufe90",
    "ب": "\ufe8f",
    "دار": "\ufea9\ufe8d\ufead",
    "السلام": "\ufe8d\ufedf\ufeb4\ufefc\ufee1",
    "لأ": "\ufef7",
    "كتاب": "\ufedb\ufe98\ufe8e\ufe8f",
    "شيء": "\ufeb7\ufef2\ufe80",
    "گفت": "\ufb94\ufed4\ufe96",
    "پچ": "\ufb58\ufb7b",
    "ب ب": "\ufe8f \ufe8f",
    "ب\u200dب": "\ufe91\u200d\ufe90",
    "ـب": "\u0640\ufe90",
}


@pytest.mark.parametrize(("text", "joined"), FORMS.items())
def test_letters_take_the_form_that_their_neighbours_ask_for(text: str, joined: str):
    assert join(text) == joined


def test_marks_between_letters_do_not_part_them():
    assert join("بَب") == "\ufe91\u064e\ufe90"


def test_marks_on_lam_and_alef_stand_behind_the_two_as_one():
    assert join("لَا") == "\ufefb\u064e"


@pytest.mark.parametrize("text", ["", "Text", "שלום", "नमस्ते", "١٢٣", "ء"])
def test_other_letters_stay(text: str):
    assert join(text).replace("\ufe80", "ء") == text


def test_a_text_is_turned_around_with_its_brackets_and_its_marks():
    assert turn_around("אב (ג)") == "(ג) בא"
    assert turn_around("א\u05b7ב") == "בא\u05b7"
    assert turn_around("«لا»") == "«\ufefb»"
