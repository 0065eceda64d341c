"""Gluon's counterparts of Keras' three ways: a Sequential, a block of one's own, a block from a Symbol."""

import mxnet as mx
from mxnet import gluon
from mxnet.gluon import nn

x = mx.nd.array([[1, 2, 3, 4], [5, 6, 7, 8]]) / 10

sequential = nn.HybridSequential()
sequential.add(nn.Dense(8, activation="relu"), nn.Dense(3))


class Own(nn.HybridBlock):
    def __init__(self):
        super().__init__()
        with self.name_scope():
            self.hidden, self.logits = nn.Dense(8, activation="relu"), nn.Dense(3)
            self.factor = self.params.get("factor", shape=(1,), init=mx.init.One())

    # The parameters that this block holds itself come as arguments, by their names.
    def hybrid_forward(self, F, x, factor):
        return F.broadcast_mul(self.logits(self.hidden(x)), factor)


own = Own()
for name, network in {"HybridSequential": sequential, "HybridBlock": own}.items():
    network.initialize()
    print(name)
    parameters = network.collect_params()
    shapes = {key: value.shape for key, value in parameters.items()}
    waiting = [key for key, shape in shapes.items() if 0 in shape]
    try:
        parameters[waiting[0]].data()
    except gluon.parameter.DeferredInitializationError as error:
        print("    values before the first input:", type(error).__name__)
    network(x)
    for key, value in parameters.items():
        print(f"    {key:20} {shapes[key]} before the first input, {value.shape} after it")

# A hybridized block can be written as a Symbol and its parameters, and read without its class.
sequential.hybridize()
expected = sequential(x)
sequential.export("network")
imported = gluon.SymbolBlock.imports("network-symbol.json", ["data"], "network-0000.params")
print("SymbolBlock")
print("    greatest difference:", float(mx.nd.abs(imported(x) - expected).max().asscalar()))
nodes = mx.sym.load("network-symbol.json").get_internals().list_outputs()
print("    what can be taken out of it:", [name for name in nodes if name.endswith("_output")])
