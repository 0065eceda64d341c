"""What every implementation is given: the same values, bit for bit, today and in ten years."""

import math

import numpy as np
import pytest

from tfmxbench.networks import catalogue
from tfmxbench.worker import inputs

# A change here means that results from before and after it were given different inputs.
INITIAL_SHA256 = {
    "mlp": "5ad8040f5611e15817c425c283e63de52fd64da73c1bf0506b3be8276c07488f",
    "lenet": "43322dd9b66c981cdf575db9958109b660fe2871f6245bb8a217262b54da5ddb",
}
ORDER_SHA256 = "f88668196b6da2c52318764751fa73d4b426d2fa622c7cc9ff25945e6a6de36a"


@pytest.mark.parametrize("network", sorted(INITIAL_SHA256))
def test_initial_values_are_pinned(network):
    """Seed 0 gives these very bits."""
    parameters = inputs.initial_parameters(catalogue.task(network), 0)
    assert inputs.hash_arrays(parameters) == INITIAL_SHA256[network]


@pytest.mark.parametrize("network", catalogue.networks())
def test_initial_values_have_the_names_shapes_and_type_of_the_task(network):
    task = catalogue.task(network)
    parameters = inputs.initial_parameters(task, 3)
    assert {name: value.shape for name, value in parameters.items()} == dict(task.parameters)
    assert list(parameters) == list(task.parameters)
    assert {value.dtype for value in parameters.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("network", catalogue.networks())
def test_kernels_fill_glorots_interval_and_biases_are_zero(network):
    """Fan-in and fan-out count a kernel's whole window: rows times columns times channels."""
    task = catalogue.task(network)
    for name, value in inputs.initial_parameters(task, 0).items():
        if value.ndim == 1:
            assert not value.any(), name
            continue
        *window, incoming, outgoing = value.shape
        area = window[0] * window[1] if window else 1
        limit = math.sqrt(6 / (area * incoming + area * outgoing))
        assert np.abs(value).max() <= np.float32(limit), name
        assert np.abs(value).max() > 0.95 * limit, name
        assert value.min() < -0.9 * limit, name
        # A uniform distribution's standard deviation is its half width over the root of 3.
        assert value.std() == pytest.approx(limit / math.sqrt(3), rel=0.15), name


def test_another_seed_gives_other_initial_values():
    task = catalogue.task("mlp")
    first, again, second = (inputs.initial_parameters(task, seed) for seed in (1, 1, 2))
    assert inputs.hash_arrays(first) == inputs.hash_arrays(again)
    assert not np.array_equal(first["dense1_kernel"], second["dense1_kernel"])


def test_batch_order_is_pinned():
    """Epoch 1 of seed 0 over MNIST's 60000 images."""
    assert inputs.hash_arrays([inputs.batch_order(60_000, 0, 1)]) == ORDER_SHA256


@pytest.mark.parametrize("count", [0, 1, 2, 1500])
def test_batch_order_is_a_permutation(count):
    order = inputs.batch_order(count, 7, 3)
    assert order.dtype == np.int64
    np.testing.assert_array_equal(np.sort(order), np.arange(count))


def test_batch_order_differs_between_epochs_and_seeds():
    """Also where seed and epoch change places, or add up to the same."""
    orders = {
        (seed, epoch): tuple(inputs.batch_order(100, seed, epoch)) for seed in range(4) for epoch in range(4)
    }
    assert len(set(orders.values())) == len(orders)
    assert tuple(inputs.batch_order(100, 2, 1)) == orders[2, 1]


def test_the_greatest_seed_is_taken():
    greatest = 2**32 - 1
    assert len(inputs.batch_order(10, greatest, 0)) == 10
    assert inputs.initial_parameters(catalogue.task("mlp"), greatest)["dense1_kernel"].any()


BASE = np.arange(6, dtype=np.float32)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param([BASE.astype(np.float64)], id="type"),
        pytest.param([BASE.view(np.int32)], id="type of the same bytes"),
        pytest.param([BASE.byteswap().view(BASE.dtype.newbyteorder())], id="byte order"),
        pytest.param([BASE.reshape(2, 3)], id="shape"),
        pytest.param([BASE[::-1]], id="order of values"),
        pytest.param([np.nextafter(BASE, np.float32(9))], id="last bit"),
        pytest.param([BASE * np.array([-1, 1, 1, 1, 1, 1], np.float32)], id="sign of zero"),
        pytest.param([BASE[:3], BASE[3:]], id="cut in two"),
        pytest.param([BASE, BASE], id="twice"),
        pytest.param([], id="none"),
    ],
)
def test_a_hash_tells_arrays_apart(other):
    assert inputs.hash_arrays([BASE]) != inputs.hash_arrays(other)


def test_a_hash_depends_on_the_order_of_arrays():
    assert inputs.hash_arrays([BASE, -BASE]) != inputs.hash_arrays([-BASE, BASE])


def test_a_hash_does_not_depend_on_how_an_array_lies_in_memory():
    table = BASE.reshape(2, 3)
    assert inputs.hash_arrays([np.asfortranarray(table)]) == inputs.hash_arrays([table])
    assert inputs.hash_arrays({"any name": BASE}) == inputs.hash_arrays([BASE[::-1][::-1]])
