"""What works in a block until it is hybridized, and what keeps working but means something else."""

import mxnet as mx
import numpy as np
from mxnet.gluon import nn


def block(body):
    """A block with this as its hybrid_forward."""

    class Block(nn.HybridBlock):
        def hybrid_forward(self, F, x):
            return body(F, x)

    return Block()


def outcome(network, x):
    try:
        return network(x).asnumpy().tolist()
    except Exception as error:
        return type(error).__name__


BODIES = {
    "a shape": lambda F, x: x.reshape((x.shape[0], -1)),
    "a shape, as a code": lambda F, x: x.reshape((0, -1)),
    "a value": lambda F, x: x * float(x.sum().asscalar()),
    "a branch": lambda F, x: x if x.sum() > 0 else -x,
    "a branch, as an operation": lambda F, x: F.where(x.sum(axis=1) > 0, x, -x),
    "an index": lambda F, x: x[0, 1],
    "an index, as an operation": lambda F, x: F.slice(x, begin=(0, 1), end=(1, 2)).reshape((-1,)),
    "mx.nd instead of F": lambda F, x: mx.nd.relu(x),
    "in place": lambda F, x: x.__iadd__(1),
}
x = mx.nd.array([[-1, -2]])
for what, body in BODIES.items():
    network = block(body)
    before = outcome(network, x)
    network.hybridize()
    print(f"{what:26} before: {before}, hybridized: {outcome(network, x)}")

print("Python values of the first call are kept")
state = np.random.RandomState(0)
network = block(lambda F, x: x * state.uniform())
network.hybridize()
print("    random numbers, two calls equal:", outcome(network, x) == outcome(network, x))
network = block(lambda F, x: x * F.random.uniform(shape=(1, 2)))
network.hybridize()
print("    as an operation, two calls equal:", outcome(network, x) == outcome(network, x))
setting = {"factor": 1}
network = block(lambda F, x: x * setting["factor"])
network.hybridize()
first = outcome(network, x)
setting["factor"] = 10
print("    a factor of 1, then 10:", first, outcome(network, x))

network = block(lambda F, x: x if mx.autograd.is_training() else 0 * x)
network.hybridize()
first = outcome(network, x)
with mx.autograd.record():
    print("    a branch on is_training, outside, then in training:", first, outcome(network, x))
