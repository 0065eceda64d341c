"""Gluon."""

import mxnet as mx
from mxnet import autograd
from mxnet.gluon import nn


def initialise(model):
    """A call of its own, where Keras draws when a layer is built. ``Xavier()`` is Glorot uniform, which Keras
    has as its default; Gluon's is uniform between -0.07 and 0.07.
    """
    # Without force_reinit, parameters that have values would keep them, with a warning.
    model.network.initialize(mx.init.Xavier(), ctx=model.context, force_reinit=True)


def step(model, x, y):
    """``record`` is the tape; ``backward`` and ``trainer.step`` stand for ``tape.gradient`` and ``apply``.
    ``backward`` makes the gradient of the losses' sum, and ``step`` divides it by the batch size.
    """
    x, y = mx.nd.array(x, ctx=model.context), mx.nd.array(y, ctx=model.context)
    with autograd.record():
        losses = model.loss_function(model.network(x), y)
    losses.backward()
    model.trainer.step(len(x))
    # The only line that waits for the step.
    return float(losses.mean().asscalar())


def save(model, folder):
    """The counterpart of ``save_weights``: arrays by their place in the network (``0.weight``). What the
    trainer keeps, such as velocities, is not in the file.
    """
    model.network.save_parameters(f"{folder}/mlp.params")


def load(model, folder):
    # Works on a network without values too: then ctx says where they go.
    model.network.load_parameters(f"{folder}/mlp.params", ctx=model.context)


def device():
    """Nothing goes to a GPU by itself: parameters and each batch are put there with ``ctx=``, and an
    operation on arrays of two devices raises an error.
    """
    context = mx.gpu() if mx.context.num_gpus() else mx.cpu()
    layer = nn.Dense(10)
    layer.initialize(ctx=context)
    return str(layer(mx.nd.ones((1, 64), ctx=context)).context)


def count_parameters(model):
    """Counts what is not trained too, as ``count_params`` does in Keras. A parameter has no array before
    the first input, which tells the layers their sizes.
    """
    return sum(parameter.data().size for parameter in model.network.collect_params().values())
