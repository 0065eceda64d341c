"""Complexity: the names, nesting and branches of what an example shows."""

import textwrap

import pytest

from tfmxbench.analysis.complexity import Complexity, complexity
from tfmxbench.networks import catalogue

ALL = [item for network in catalogue.networks() for item in catalogue.implementations(network)]
PARITY = """

# What only parity needs.
SCALE = 2 * 3


def transpose(values):
    if values.ndim == 4 and values.wide:
        for value in values:
            while value:
                mx.parity(value).gather()
    return mx.nd.transpose(values)


def set_parameters(model, parameters):
    model.network.set_data(transpose(parameters) * SCALE + 1)


def get_parameters(model):
    # A comment.
    return {name: value.data() for name, value in model.items() if value}
"""


@pytest.fixture
def measure(tmp_path):
    """Measure a source."""

    def measured(source: str) -> Complexity:
        path = tmp_path / "style.py"
        path.write_text(textwrap.dedent(source), encoding="utf-8")
        return complexity(path)

    return measured


@pytest.fixture
def names(measure):
    """The names in a body of ``build``, with given imports."""

    def names_in(imports: str, body: str) -> list[str]:
        return list(measure(f"{imports}\n\ndef build(task, x):\n{textwrap.indent(body, '    ')}\n").names)

    return names_in


@pytest.mark.parametrize(
    ("imports", "body", "wanted"),
    [
        ("import mxnet as mx", "return mx.nd.array(x)", ["mxnet.nd.array"]),
        ("import mxnet", "return mxnet.nd.array(x)", ["mxnet.nd.array"]),
        ("import mxnet.gluon.nn", "return mxnet.gluon.nn.Dense(1)", ["mxnet.gluon.nn.Dense"]),
        ("import mxnet.gluon.nn as layers", "return layers.Dense(1)", ["mxnet.gluon.nn.Dense"]),
        ("from mxnet.gluon import nn", "return nn.Dense(1)", ["mxnet.gluon.nn.Dense"]),
        ("from mxnet.gluon.nn import Dense as D", "return D(1)", ["mxnet.gluon.nn.Dense"]),
        ("import tensorflow as tf", "return tf.float32", ["tensorflow.float32"]),
        ("import tensorflow as tf", "return tf.nn.relu(tf.nn.relu(x))", ["tensorflow.nn.relu"]),
        (
            "import mxnet as mx\nfrom mxnet import gluon\nfrom mxnet.gluon import nn",
            "return mx.gluon.nn.Dense(1), gluon.nn.Dense(2), nn.Dense(3)",
            ["mxnet.gluon.nn.Dense"],
        ),
    ],
)
def test_a_name_stands_with_its_whole_path_whatever_it_is_imported_as(names, imports, body, wanted):
    assert names(imports, body) == wanted


def test_names_in_decorators_bases_arguments_and_withs_are_found(measure):
    measured = measure("""
        import tensorflow as tf
        def build(task):
            @tf.function(input_signature=[tf.TensorSpec(None)])
            def step(x, start=tf.constant(0)):
                with tf.GradientTape() as tape:
                    pass
            return Net(step)
        class Net(tf.keras.Model):
            pass
    """)
    assert set(measured.names) == {
        "tensorflow.function",
        "tensorflow.TensorSpec",
        "tensorflow.constant",
        "tensorflow.GradientTape",
        "tensorflow.keras.Model",
    }


def test_what_is_imported_and_not_used_is_not_counted(names):
    assert names("import mxnet as mx\nfrom mxnet import gluon, np", "np = 1") == []


def test_other_modules_are_not_the_framework(names):
    imports = "import math\nimport numpy as np\nfrom types import SimpleNamespace\nfrom .mxnet import other"
    assert names(imports, "return SimpleNamespace(), math.sqrt(np.linalg.norm(other.x)), np") == []


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("x.backward()", [".backward"]),
        ("x.backward(); y = x.loss.backward", [".backward", ".loss"]),
        ("x.grad[:] = x.grad_dict", [".grad", ".grad_dict"]),
        ("mx.nd.array(x).asnumpy()", [".asnumpy", "mxnet.nd.array"]),
        ("mx.data.Set.of(x).batch(2).take_some()", [".batch", ".take_some", "mxnet.data.Set.of"]),
        ("x[0].step(f(x).collect())", [".collect", ".step"]),
    ],
)
def test_an_attribute_of_anything_else_stands_with_its_dot(names, body, wanted):
    assert names("import mxnet as mx", body) == wanted


@pytest.mark.parametrize(
    "body",
    [
        "task.batch_size, x.task.pool_size",
        "x.mean(), x.T, x.shape, x.reshape(1)",
        "x.items(), x.keys(), x.append(1), x.add(1), ''.join(x), x.count(1)",
        "super().__init__()",
        "x.depth = 1\nx.depth += x.depth",
        "model = SimpleNamespace(network=1, step=2)\nmodel.network, model.step",
    ],
)
def test_attributes_that_are_known_or_the_files_own_are_not_counted(names, body):
    assert names("import mxnet as mx\nfrom types import SimpleNamespace", body) == []


def test_the_fields_and_methods_of_the_files_own_classes_are_not_counted(measure):
    measured = measure("""
        import tensorflow as tf
        class Net:
            level: int = 1
            depth = 2
            def __init__(self):
                self.dense, self.units = 1, 2
            def call(self):
                return self.dense, self.units, self.level, self.depth
        def build(task):
            net = Net()
            return net.call(), net.compile()
    """)
    assert measured.names == (".compile",)


def test_keywords_of_other_calls_are_no_fields(names):
    assert names("import mxnet as mx", "mx.make(step=1)\nx.step()") == [".step", "mxnet.make"]


def test_a_containers_attribute_is_counted_on_what_the_framework_made(names):
    body = "metric = mx.metric.create(x)\nother = {}\nreturn metric.get(), other.values(), metric.mean()"
    assert names("import mxnet as mx", body) == [".get", "mxnet.metric.create"]


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("return 1", 1),
        ("return [y for y in x if y for z in y]", 1),
        ("for y in x:\n    pass", 2),
        ("if x: return 1", 2),
        ("with x:\n    while x:\n        pass", 3),
        ("if x:\n    pass\nelif y:\n    pass\nelif z:\n    pass", 2),
        ("if x:\n    pass\nelif y:\n    if z:\n        pass", 3),
        ("if x:\n    pass\nelse:\n    if y:\n        pass", 3),
        ("try:\n    pass\nexcept ValueError:\n    for y in x:\n        pass", 3),
        ("match x:\n    case 1:\n        pass", 2),
        ("def inner():\n    def innermost():\n        if x:\n            pass\n    return 1", 4),
        ("class Inner:\n    def method(self):\n        pass", 3),
        ("for y in x:\n    pass\nfor y in x:\n    pass", 2),
    ],
)
def test_nesting_is_the_number_of_blocks_around_the_deepest_statement(measure, body, wanted):
    assert measure(f"def build(task):\n{textwrap.indent(body, '    ')}\n").nesting == wanted


def test_a_file_without_blocks_has_no_nesting_and_no_branches(measure):
    measured = measure("import mxnet as mx\nmx.npx.set_np()\n")
    assert (measured.nesting, measured.branches, measured.names) == (0, 0, ("mxnet.npx.set_np",))


BRANCHES = [
    ("return 1", 0),
    ("with x:\n    return x + 1", 0),
    ("if x:\n    pass\nelse:\n    pass", 1),
    ("if x:\n    pass\nelif y:\n    pass", 2),
    ("return 1 if x else 2", 1),
    ("for y in x:\n    pass", 1),
    ("while x:\n    pass\nelse:\n    pass", 2),
    ("return x and y and z or w", 3),
    ("return {y: 1 for y in x}", 1),
    ("return [y for y in x if y if z for z in y]", 4),
    ("assert x", 1),
    ("try:\n    pass\nexcept ValueError:\n    pass\nexcept TypeError:\n    pass\nelse:\n    pass", 3),
    ("match x:\n    case 1:\n        pass\n    case 2:\n        pass\n    case _:\n        pass", 2),
]


@pytest.mark.parametrize(("body", "wanted"), BRANCHES)
def test_branches_are_decisions(measure, body, wanted):
    source = f"def build(task):\n{textwrap.indent(body, '    ')}\n"
    assert measure(source).branches == wanted


def test_branches_of_nested_functions_and_of_methods_count_once(measure):
    measured = measure("""
        def build(task):
            def step(x):
                for y in x:
                    pass
            return Net(step)
        class Net:
            def call(self, x):
                return x if x else None
            def other(self):
                pass
    """)
    assert measured.branches == 2


EXAMPLE = '''\
"""A style."""

import mxnet as mx

STYLE = {"level": "low", "paradigm": "imperative"}


def build(task):
    # A comment.
    return mx.nd.zeros(task.input_shape) + 1


def train(model, x, y):
    for start in x:
        model.forward(start)
'''


def test_what_parity_needs_leaves_no_trace(measure):
    assert measure(EXAMPLE + PARITY) == measure(EXAMPLE)
    # As part of the example, the same would be seen.
    as_example = measure(EXAMPLE + PARITY.replace("def set_parameters", "def predict"))
    example = measure(EXAMPLE)
    assert {"mxnet.parity", "mxnet.nd.transpose", ".gather", ".set_data"} <= set(as_example.names)
    assert as_example.nesting == 4 > example.nesting
    assert as_example.branches > example.branches


DOCUMENTED = """\
{docstring}
import mxnet as mx


def build(task):
    {docstring}
    # A comment.
    return Net(task) + 1


class Net(mx.Block):
    {docstring}
    level = 1

    def call(self, x):
        {docstring}
        def inner():
            {docstring}
            return x
        return inner


async def train(model, x, y):
    {docstring}
    return model - x
"""


@pytest.mark.parametrize(
    "docstring",
    [
        '"""One line."""',
        '"""Größer: a line outside of ASCII."""',
        '"""Several.\n\nif x and y: mx.nd.fake(a + b)\n    # No comment.\nfür alle."""',
        "'''Other quotes.'''",
        'r"""Raw \\d."""',
        '"in" "parts"',
    ],
)
def test_docstrings_have_no_influence(measure, docstring):
    plain = "".join(line for line in DOCUMENTED.splitlines(keepends=True) if "{docstring}" not in line)
    measured = measure(DOCUMENTED.replace("{docstring}", docstring))
    assert measured == measure(plain)
    assert measured.names == ("mxnet.Block",)


def test_what_shares_a_line_with_a_docstring_stays(measure):
    source = "def build(a, b):\n    {} return a + b\n"
    assert measure(source.format('"""Für alle.""" ;')) == measure(source.format(""))
    commented = "def build(a, b):\n    {}# A comment.\n    return a + b\n"
    assert measure(commented.format('"""Für alle."""  ')) == measure(commented.format(""))


def test_a_function_that_is_only_a_docstring_is_still_a_function(measure):
    source = (
        "import mxnet as mx\n\ndef build(task):\n    {}\n    \ndef train(model, x, y):\n    return x + y\n"
    )
    for docstring in ('"""Nothing."""', '"""Nothing,\n    at length."""', '"""Nothing."""  # A comment.'):
        comment = "  # A comment." if "#" in docstring else ""
        assert measure(source.format(docstring)) == measure(source.format("pass" + comment))


def test_comments_have_no_influence(measure):
    assert measure(EXAMPLE) == measure(EXAMPLE.replace("    # A comment.\n", ""))


@pytest.mark.parametrize("content", [b"def build(:\n", b"x = '\xff'\n", b"x = 1\x00\n"])
def test_a_file_that_does_not_parse_is_named(tmp_path, content):
    path = tmp_path / "broken.py"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"broken\.py"):
        complexity(path)


@pytest.mark.parametrize("item", ALL, ids=lambda item: item.name)
def test_parity_functions_of_an_implementation_leave_no_trace(item, measure):
    source = item.path.read_text(encoding="utf-8")
    assert measure(source[: source.index("\ndef set_parameters")]) == complexity(item.path)
