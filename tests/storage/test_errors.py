import pickle

import pytest

from storage.errors import StorageError, TooLarge, Unreachable, all_codes


def test_every_error_has_a_code_of_its_own_a_sentence_and_one_line_of_documentation():
    kinds = [kind for kind in StorageError.__subclasses__() if kind.__module__ == StorageError.__module__]
    codes = all_codes()
    assert {kind.code: kind for kind in kinds}.items() <= codes.items()
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert [kind for kind in kinds if not kind.sentence or "\n" in (kind.__doc__ or "\n")] == []


@pytest.mark.parametrize("kind", all_codes().values())
def test_only_what_may_pass_by_itself_is_worth_another_try(kind):
    assert kind.retryable == (kind.code in {"unreachable", "storage_unavailable"})


def test_an_error_says_its_sentence_unless_it_is_given_a_better_one():
    assert (Unreachable().message, str(Unreachable())) == ("The address could not be reached.",) * 2
    assert TooLarge("It is larger than 5 bytes.", param="image").message == "It is larger than 5 bytes."
    assert Unreachable().param is None


def test_an_error_survives_the_way_between_processes():
    copy = pickle.loads(pickle.dumps(TooLarge("more", param="image")))
    assert (copy.message, copy.param, copy.code) == ("more", "image", "source_too_large")
