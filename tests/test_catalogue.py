"""The catalogue of implementations, and the contract that all their files keep."""

import ast
import pathlib
import shutil
import subprocess
import sys
import textwrap

import pytest

import tfmxbench
from tfmxbench import frameworks
from tfmxbench.networks import Task, catalogue

ALL = [item for network in catalogue.networks() for item in catalogue.implementations(network)]
REFERENCES = [catalogue.reference(network) for network in catalogue.networks()]

GOOD = '''
    """A style for a test."""

    import numpy as np
    import mxnet as mx

    STYLE = {"level": "high", "paradigm": "compiled", "pair": "own loop"}
    '''


def imports(tree: ast.Module) -> set[str]:
    """Top-level names of everything that a module imports, also inside functions."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "an example that is copied cannot import from its package"
            names.add(node.module.partition(".")[0])
    return names


def test_the_thirteen_styles_of_both_networks_are_found():
    styles = {
        "tensorflow": {
            "keras_sequential",
            "keras_functional",
            "keras_xla",
            "keras_function",
            "keras_subclass",
            "variables_function",
            "variables_eager",
        },
        "mxnet": {"module", "gluon_hybrid", "gluon", "symbol", "ndarray", "numpy_interface"},
    }
    assert {"mlp", "lenet"} <= set(catalogue.networks())
    for network in ("mlp", "lenet"):
        for framework, wanted in styles.items():
            existing = {i.style for i in catalogue.implementations(network) if i.framework == framework}
            assert wanted <= existing, (network, framework)


def test_every_file_next_to_a_reference_is_found_once():
    for network in catalogue.networks():
        files = {path.stem for path in (catalogue.FOLDER / network).glob("*.py")}
        styles = [item.style for item in catalogue.implementations(network)]
        assert sorted(styles) == sorted(files - {"__init__", "reference"})


def test_a_network_with_dense_inputs_comes_first():
    assert catalogue.networks()[0] == "mlp"


@pytest.mark.parametrize("network", catalogue.networks())
def test_a_task_is_named_like_its_folder(network):
    task = catalogue.task(network)
    assert isinstance(task, Task)
    assert task.name == network
    assert task.batch_size > 0
    assert task.parameter_count == {"mlp": 109_386, "lenet": 61_706}.get(network, task.parameter_count)


@pytest.mark.parametrize("item", [*ALL, *REFERENCES], ids=lambda item: item.name)
class TestEachImplementation:
    def test_imports_its_framework_numpy_and_the_standard_library_only(self, item):
        """A reader can copy the file and run it wherever the framework is installed."""
        tree = ast.parse(item.path.read_text(encoding="utf-8"))
        module = frameworks.load(item.framework).MODULE
        # Keras is a part of TensorFlow's installation.
        allowed = {module, "numpy", *({"keras"} if module == "tensorflow" else ())}
        foreign = imports(tree) - allowed - sys.stdlib_module_names
        assert not foreign
        assert module in imports(tree)

    def test_has_the_five_functions_with_the_arguments_of_the_contract(self, item):
        tree = ast.parse(item.path.read_text(encoding="utf-8"))
        functions = {
            node.name: [argument.arg for argument in node.args.args]
            for node in tree.body
            if isinstance(node, ast.FunctionDef)
        }
        for name, arguments in (
            ("build", ["task"]),
            ("train", ["model", "x", "y"]),
            ("predict", ["model", "x"]),
            ("set_parameters", ["model", "parameters"]),
            ("get_parameters", ["model"]),
        ):
            assert functions.get(name) == arguments, name

    def test_describes_itself(self, item):
        assert item.summary.endswith(".")
        assert 10 < len(item.summary) <= 110
        assert item.level in catalogue.LEVELS
        assert item.paradigm in catalogue.PARADIGMS
        assert item.framework in frameworks.names()
        assert item.name == f"{item.path.parent.name}/{item.path.stem}"


@pytest.mark.parametrize("network", catalogue.networks())
def test_a_pair_has_counterparts_of_the_same_level_and_paradigm(network):
    pairs = {}
    for item in catalogue.implementations(network):
        if item.pair is not None:
            pairs.setdefault(item.pair, []).append(item)
    if network in ("mlp", "lenet"):
        assert len(pairs) >= 5
    for name, members in pairs.items():
        assert {member.framework for member in members} >= {"tensorflow", "mxnet"}, name
        assert len({(member.level, member.paradigm) for member in members}) == 1, name


def test_names_select_their_implementations():
    assert {item.name for item in catalogue.select()} == {item.name for item in ALL}
    chosen = catalogue.select(["lenet"], ["gluon", "keras_xla"])
    assert {item.name for item in chosen} == {"lenet/gluon", "lenet/keras_xla"}


@pytest.mark.parametrize(
    ("networks", "styles", "message"),
    [
        (["mpl"], [], "there is no network 'mpl'; did you mean 'mlp'?"),
        ([], ["gluonn"], "there is no style 'gluonn'; did you mean 'gluon'?"),
        (["mlp"], ["keras_sequental"], "did you mean 'keras_sequential'?"),
        (["zzz"], [], "there are lenet, mlp"),
        ([""], [], "there is no network ''"),
        (["../measure"], [], "there is no network '../measure'"),
        ([], ["reference"], "there is no style 'reference'"),
        ([], ["__init__"], "there is no style '__init__'"),
    ],
)
def test_an_unknown_name_is_a_valueerror_with_the_closest_name(networks, styles, message):
    with pytest.raises(ValueError) as caught:
        catalogue.select(networks, styles)
    assert message in str(caught.value)


def test_an_unknown_network_is_a_valueerror_everywhere():
    for function in (catalogue.task, catalogue.implementations, catalogue.reference):
        with pytest.raises(ValueError, match="there is no network 'lennet'; did you mean 'lenet'"):
            function("lennet")


@pytest.fixture
def tree(tmp_path, monkeypatch) -> pathlib.Path:
    """A copy of the networks' folder, in which the catalogue looks."""
    folder = tmp_path / "networks"
    shutil.copytree(catalogue.FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(catalogue, "FOLDER", folder)
    return folder


def write(path: pathlib.Path, source: str) -> None:
    path.write_text(textwrap.dedent(source).lstrip("\n"), encoding="utf-8")


def test_a_file_that_is_added_is_found(tree):
    write(tree / "mlp" / "ours.py", GOOD)
    selected = catalogue.select(["mlp"], ["ours"])
    assert selected == [
        catalogue.Implementation(
            network="mlp",
            style="ours",
            framework="mxnet",
            level="high",
            paradigm="compiled",
            pair="own loop",
            summary="A style for a test.",
            path=tree / "mlp" / "ours.py",
        )
    ]


def test_a_folder_without_a_reference_is_not_a_network(tree):
    (tree / "notes").mkdir()
    write(tree / "notes" / "ours.py", GOOD)
    assert "notes" not in catalogue.networks()


def test_a_network_that_is_added_is_found(tmp_path):
    """A folder with a task, a reference and one style, in a copy of the package."""
    package = tmp_path / "tfmxbench"
    shutil.copytree(
        pathlib.Path(tfmxbench.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(package / "networks" / "mlp", package / "networks" / "perceptron")
    for path in (package / "networks" / "perceptron").glob("*.py"):
        if path.stem not in ("__init__", "reference", "gluon"):
            path.unlink()
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from tfmxbench.networks import catalogue\n"
        "print([item.name for item in catalogue.select(['perceptron'])])\n"
    )
    finished = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "['perceptron/gluon']"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param('"""A style for a test."""', "", "has no docstring", id="no docstring"),
        pytest.param("STYLE =", "STILE =", "has no STYLE", id="no STYLE"),
        pytest.param('"high"', '"middle"', "gives the level 'middle'; it is high or low", id="wrong level"),
        pytest.param('"level": "high", ', "", "gives the level None", id="no level"),
        pytest.param('"compiled"', '"eager"', "gives the paradigm 'eager'", id="wrong paradigm"),
        pytest.param(
            "import mxnet as mx", "import tensorflow, mxnet", "imports mxnet and tensorflow", id="two"
        ),
        pytest.param(
            "import numpy as np\n    import mxnet as mx", "import math", "imports no framework", id="none"
        ),
    ],
)
def test_a_broken_file_is_a_valueerror_that_names_it(tree, old, new, message):
    assert old in GOOD
    path = tree / "mlp" / "ours.py"
    write(path, GOOD.replace(old, new))
    with pytest.raises(ValueError) as caught:
        catalogue.implementations("mlp")
    assert str(caught.value).startswith(f"{path} ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(GOOD + "\n    def train(:\n", id="syntax error"),
        pytest.param(GOOD.replace('{"level"', 'dict(level="high") or {"level"'), id="computed STYLE"),
        pytest.param(GOOD.replace("STYLE = {", "STYLE = [] and {"), id="STYLE of an expression"),
        pytest.param(
            GOOD.replace('{"level": "high", "paradigm": "compiled", "pair": "own loop"}', '["high"]'),
            id="STYLE a list",
        ),
        pytest.param("\0", id="null byte"),
    ],
)
def test_a_file_that_cannot_be_parsed_is_a_valueerror_that_names_it(tree, source):
    path = tree / "mlp" / "ours.py"
    write(path, source)
    with pytest.raises(ValueError) as caught:
        catalogue.implementations("mlp")
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_utf8_is_a_valueerror_that_names_it(tree):
    path = tree / "mlp" / "ours.py"
    path.write_bytes(b'"""\xff\xfe"""\n')
    with pytest.raises(ValueError) as caught:
        catalogue.implementations("mlp")
    assert str(path) in str(caught.value)
