"""How often the Python code of a block runs before and after hybridize, and what it is given."""

import mxnet as mx
from mxnet.gluon import nn


class Network(nn.HybridBlock):
    def __init__(self):
        super().__init__()
        self.dense = nn.Dense(3, flatten=False)
        self.calls = []

    def hybrid_forward(self, F, x):
        self.calls.append((F.__name__.split(".")[1], type(x).__name__))
        return F.relu(self.dense(x))


def run(network, *shapes):
    """The calls of the Python code that inputs of these shapes cause."""
    network.calls.clear()
    for shape in shapes:
        network(mx.nd.ones(shape))
    return len(network.calls), sorted(set(network.calls))


network = Network()
network.initialize()
print("not hybridized, 3 inputs:", run(network, (2, 4), (2, 4), (2, 4)))
network.hybridize()
print("hybridized, 3 inputs:", run(network, (2, 4), (2, 4), (2, 4)))
print("3 more, of new shapes:", run(network, (5, 4), (6, 4), (7, 5, 4)))

network.dense.weight.set_data(mx.nd.zeros((3, 4)))
network.dense.bias.set_data(mx.nd.array([1, 2, 3]))
print("new weights are seen:", network(mx.nd.ones((1, 4))).asnumpy(), "with calls:", run(network, (1, 4)))

with mx.autograd.record():
    print("recorded:", run(network, (1, 4)))
network.dense = nn.Dense(2, in_units=4)
network.dense.initialize()
print("a layer was replaced:", run(network, (1, 4), (1, 4)))
network.hybridize()
print("hybridized once more:", run(network, (1, 4), (1, 4)))
network.hybridize(False)
print("switched off:", run(network, (1, 4), (1, 4)))
