"""Gluon, hybridized."""

import mxnet as mx
from mxnet import autograd
from mxnet.gluon import nn


def initialise(model):
    """The same as without ``hybridize``: the graph holds no values, and reads new ones at its next call."""
    # Xavier() is Glorot uniform. Without force_reinit, parameters that have values would keep them.
    model.network.initialize(mx.init.Xavier(), ctx=model.context, force_reinit=True)


def step(model, x, y):
    """The network is one graph, and its gradient another; ``tf.function`` around a step has the loss and the
    update inside as well. ``backward`` sums over the rows, and ``step`` divides by the batch size.
    """
    x, y = mx.nd.array(x, ctx=model.context), mx.nd.array(y, ctx=model.context)
    with autograd.record():
        losses = model.loss_function(model.network(x), y)
    losses.backward()
    model.trainer.step(len(x))
    # The only line that waits for the step.
    return float(losses.mean().asscalar())


def save(model, folder):
    """The counterpart of ``save_weights``. ``export`` writes the graph too, for programs that lack this
    Python code, as ``model.export`` does in Keras.
    """
    model.network.save_parameters(f"{folder}/mlp.params")


def load(model, folder):
    # Works on a network without values too: then ctx says where they go.
    model.network.load_parameters(f"{folder}/mlp.params", ctx=model.context)


def device():
    """The graph runs where its inputs are, and they have to be where the parameters are: nothing is copied
    to another device by itself, as TensorFlow does.
    """
    context = mx.gpu() if mx.context.num_gpus() else mx.cpu()
    layer = nn.Dense(10)
    layer.initialize(ctx=context)
    layer.hybridize()
    return str(layer(mx.nd.ones((1, 64), ctx=context)).context)


def count_parameters(model):
    """The same as without ``hybridize``. ``network.summary(x)`` prints them by layer, as ``model.summary()``
    does in Keras, but refuses a network that is hybridized.
    """
    return sum(parameter.data().size for parameter in model.network.collect_params().values())
