"""Loops and branches that remain in the graph of a hybridized block."""

import mxnet as mx
from mxnet.gluon import nn


class Powers(nn.HybridBlock):
    """Multiplies by x until the sum exceeds a limit, at most eight times."""

    def hybrid_forward(self, F, x):
        def goes_on(power, count):
            return power.sum() < 100

        def multiply(power, count):
            return [], [power * x, count + 1]

        _, (power, count) = F.contrib.while_loop(goes_on, multiply, [x, F.zeros((1,))], max_iterations=8)
        return F.contrib.cond(count > 3, lambda: -power, lambda: power), count


network = Powers()
network.hybridize()
for value in (2.0, 5.0, 200.0):
    power, count = network(mx.nd.array([value]))
    print(f"{value:g}: {power.asscalar():g} after {count.asscalar():g} rounds")
