"""Gluon, hybridized."""

import mxnet as mx
from mxnet import autograd
from mxnet.gluon import nn


def initialise(model):
    """The same as without ``hybridize``: the graph holds no values, and reads new ones at its next call."""
    # Xavier() is Glorot uniform. Without force_reinit, parameters that have values would keep them.
    model.network.initialize(mx.init.Xavier(), ctx=model.context, force_reinit=True)


def step(model, x, y):
    """The network is one graph, and its gradient another. A ``tf.function`` around a step also contains the
    loss and the update. ``backward`` sums over the rows, and ``step`` divides by the batch size.
    """
    x, y = mx.nd.array(x, ctx=model.context), mx.nd.array(y, ctx=model.context)
    with autograd.record():
        losses = model.loss_function(model.network(x), y)
    losses.backward()
    model.trainer.step(len(x))
    # The only line that waits for the step.
    return float(losses.mean().asscalar())


def save(model, folder):
    """The counterpart of ``save_weights``. Like ``model.export`` in Keras, ``export`` also writes the graph,
    for programs that lack this Python code.
    """
    model.network.save_parameters(f"{folder}/mlp.params")


def load(model, folder):
    # Also works on a network without values: ctx then says where they go.
    model.network.load_parameters(f"{folder}/mlp.params", ctx=model.context)


def device():
    """The graph runs where its inputs are, which must be where the parameters are. Unlike TensorFlow, MXNet
    copies nothing to another device by itself.
    """
    context = mx.gpu() if mx.context.num_gpus() else mx.cpu()
    layer = nn.Dense(10)
    layer.initialize(ctx=context)
    layer.hybridize()
    return str(layer(mx.nd.ones((1, 64), ctx=context)).context)


def count_parameters(model):
    """The same as without ``hybridize``. ``network.summary(x)`` prints the counts by layer, like
    ``model.summary()`` in Keras, but refuses a hybridized network.
    """
    return sum(parameter.data().size for parameter in model.network.collect_params().values())
