"""Operations counted by formula, against numbers worked out by hand."""

import dataclasses

import pytest

from tfmxbench.analysis import operations
from tfmxbench.networks import catalogue


def test_the_perceptrons_operations_are_those_of_its_three_products():
    """The layers are 784-128-64-10. The first layer's input needs no gradient."""
    task = catalogue.task("mlp")
    assert operations.inference(task) == 2 * (784 * 128 + 128 * 64 + 64 * 10) == 218_368
    assert operations.training(task) == 2 * (2 * 784 * 128 + 3 * 128 * 64 + 3 * 64 * 10) == 454_400


def test_lenets_convolutions_count_at_every_place_of_their_output():
    """There are 28x28 places with padding. Pooling leaves 14x14, which give 10x10 without padding."""
    task = catalogue.task("lenet")
    counted = operations.by_kernel(task)
    assert counted["convolution1_kernel"] == (2 * 784 * 25 * 6, 4 * 784 * 25 * 6)
    assert counted["convolution2_kernel"] == (2 * 100 * 25 * 6 * 16, 6 * 100 * 25 * 6 * 16)
    assert counted["dense1_kernel"] == (2 * 400 * 120, 6 * 400 * 120)
    assert len(counted) == 5


@pytest.mark.parametrize("network", catalogue.networks())
def test_every_kernel_of_every_network_is_counted(network):
    task = catalogue.task(network)
    kernels = {name for name, shape in task.parameters.items() if len(shape) > 1}
    assert set(operations.by_kernel(task)) == kernels == set(task.positions)


def test_a_kernel_without_positions_is_named():
    task = dataclasses.replace(catalogue.task("mlp"), positions={"dense1_kernel": 1})
    with pytest.raises(ValueError, match="dense2_kernel, dense3_kernel"):
        operations.training(task)


def test_a_matrix_product_takes_twice_the_cube_of_its_rows():
    assert operations.of_product(10) == 2000
