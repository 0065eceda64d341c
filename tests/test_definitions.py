"""Functions are cut out of a file literally, with what they use. test_code_size.py counts the parts."""

import pytest

from tfmxbench.analysis import definitions

FILE = '''"""A file."""
import math

SCALE = 2
OTHER = 3


def helper(x):
    """Kept."""
    return SCALE * x


# Why.
@decorated
def first(model, x):
    """What to notice,
    in two lines.
    """
    # A comment.
    return helper(model.step(x))


def second(model):
    return first(model, OTHER) + model.task.size
'''


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file.py"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_a_function_is_cut_with_what_it_uses_and_without_its_docstring(file):
    cut = definitions.functions(file, ["first"])
    assert cut.note == "What to notice,\nin two lines."
    left_out = ("OTHER = 3\n", '    """What to notice,\n    in two lines.\n    """\n')
    expected = FILE[FILE.index("SCALE = 2") : FILE.index("\n\ndef second")]
    for piece in left_out:
        expected = expected.replace(piece, "")
    assert cut.source == expected


def test_excluded_functions_are_left_out(file):
    assert "def first" in definitions.functions(file, ["second"]).source
    assert definitions.functions(file, ["second"], ["first"]).source.startswith("OTHER = 3\n\n\ndef second")
    both = definitions.functions(file, ["first", "second"]).source
    assert both.index("def first") < both.index("def second")


def test_a_function_that_is_missing_is_named(file):
    with pytest.raises(ValueError, match=r"file\.py has no function third"):
        definitions.functions(file, ["first", "third"])
    with pytest.raises(ValueError, match="has no function SCALE"):
        definitions.functions(file, ["SCALE"])
    file.write_text("def", encoding="utf-8")
    with pytest.raises(ValueError, match="is not a Python file"):
        definitions.functions(file, ["first"])


def test_attributes_of_a_name_are_found():
    assert definitions.attributes("model.step(x).size + other.task + model.a.b", "model") == {"step", "a"}


@pytest.mark.parametrize("constant", ["RATE: float = 3.0", "RATE, SHARE = 3.0, 0.5", "RATE = SHARE = 3.0"])
def test_a_constant_is_cut_with_the_function_that_uses_it_however_it_is_written(file, constant):
    file.write_text(f"{constant}\n\n\ndef step(x):\n    return RATE * x\n", encoding="utf-8")
    assert definitions.functions(file, ["step"]).source.startswith(f"{constant}\n")


def test_functions_are_cut_out_of_the_function_that_defines_them(file):
    inner = "    # Compiled.\n    @decorated\n    def step(x):\n        return x\n"
    file.write_text(f"def build(task):\n{inner}\n    def other(x):\n        return x\n", encoding="utf-8")
    assert definitions.nested(file, "build", ["step"]) == (
        "# Compiled.\n@decorated\ndef step(x):\n    return x\n"
    )
    assert definitions.nested(file, "train", ["step"]) == ""
