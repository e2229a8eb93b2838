"""The report of what an output has not."""

import ast
from pathlib import Path

import processing
from processing.picture import LOSSES

FILES = list(Path(processing.__file__).parent.rglob("*.py"))


def codes_in(path: Path) -> set[str]:
    """The codes that a file reports: the first argument of each call of `lose`."""
    calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
    reports = (call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "lose")
    # A code that is worked out would be missed here.
    return {ast.literal_eval(call.args[0]) for call in reports}


def test_every_loss_that_is_reported_is_described_and_every_other_is_not():
    assert set().union(*(codes_in(path) for path in FILES)) == set(LOSSES)


def test_losses_are_described_in_whole_sentences_by_stable_codes():
    assert list(LOSSES) == sorted(LOSSES)
    for code, sentence in LOSSES.items():
        assert code.replace("_", "").isalpha()
        assert sentence[0].isupper()
        assert sentence.endswith(".")
