"""Gluon."""

import mxnet as mx
from mxnet import autograd
from mxnet.gluon import nn


def initialise(model):
    """A separate call, while Keras draws values when a layer is built. ``Xavier()`` is Glorot uniform, which
    is the default in Keras. Gluon's default is uniform between -0.07 and 0.07.
    """
    # Without force_reinit, parameters that have values would keep them, with a warning.
    model.network.initialize(mx.init.Xavier(), ctx=model.context, force_reinit=True)


def step(model, x, y):
    """``record`` is the tape; ``backward`` and ``trainer.step`` replace ``tape.gradient`` and ``apply``.
    ``backward`` computes the gradient of the losses' sum, and ``step`` divides it by the batch size.
    """
    x, y = mx.nd.array(x, ctx=model.context), mx.nd.array(y, ctx=model.context)
    with autograd.record():
        losses = model.loss_function(model.network(x), y)
    losses.backward()
    model.trainer.step(len(x))
    # The only line that waits for the step.
    return float(losses.mean().asscalar())


def save(model, folder):
    """The counterpart of ``save_weights``. Arrays are named by their place in the network (``0.weight``). The
    trainer's state, such as velocities, is not in the file.
    """
    model.network.save_parameters(f"{folder}/mlp.params")


def load(model, folder):
    # Also works on a network without values: ctx then says where they go.
    model.network.load_parameters(f"{folder}/mlp.params", ctx=model.context)


def device():
    """Nothing moves to a GPU by itself: ``ctx=`` puts the parameters and each batch there. An operation on
    arrays of two devices raises an error.
    """
    context = mx.gpu() if mx.context.num_gpus() else mx.cpu()
    layer = nn.Dense(10)
    layer.initialize(ctx=context)
    return str(layer(mx.nd.ones((1, 64), ctx=context)).context)


def count_parameters(model):
    """Includes parameters that are not trained, like ``count_params`` in Keras. A parameter has no array
    before the first input, which gives the layers their sizes.
    """
    return sum(parameter.data().size for parameter in model.network.collect_params().values())
