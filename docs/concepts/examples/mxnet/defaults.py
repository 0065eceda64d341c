"""The defaults of MXNet, read from its objects or found by computing."""

import inspect

import mxnet as mx
import numpy as np
from mxnet import autograd, gluon, optimizer
from mxnet.gluon import nn


def default(function, name):
    return inspect.signature(function).parameters[name].default


def show(what, *values):
    print(f"{what:34} {' '.join(str(value) for value in values)}")


def step(name, gradient, steps=1, **options):
    """Where a weight of 1 is after steps with one gradient."""
    weight = mx.nd.ones(1)
    update = optimizer.get_updater(optimizer.create(name, learning_rate=0.1, **options))
    for _ in range(steps):
        update(0, mx.nd.array([gradient]), weight)
    return f"{weight.asscalar():.4f}"


show("SGD learning rate", optimizer.create("sgd").lr)
show("Adam epsilon", default(optimizer.Adam, "epsilon"))
show("RMSProp decay, epsilon", default(optimizer.RMSProp, "gamma1"), default(optimizer.RMSProp, "epsilon"))
show("AdaGrad accumulator", optimizer.create("adagrad").create_state(0, mx.nd.ones(1)).asscalar())
show("AdaDelta decay, epsilon", default(optimizer.AdaDelta, "rho"), default(optimizer.AdaDelta, "epsilon"))
show("AdaDelta, 1 step", step("adadelta", 1.0))
show("SGD momentum, 1 step, 2 steps", *(step("sgd", 1.0, steps, momentum=0.9) for steps in (1, 2)))
show("SGD with decay 0.1", step("sgd", 0.0, wd=0.1))
show("Adam with decay 0.1", step("adam", 0.0, wd=0.1))

show("batch norm epsilon", default(nn.BatchNorm, "epsilon"))
show("batch norm momentum", default(nn.BatchNorm, "momentum"))
show("layer norm epsilon", default(nn.LayerNorm, "epsilon"))
normalise = nn.BatchNorm(momentum=0.0)
normalise.initialize()
with autograd.record():
    normalised = normalise(mx.nd.array([[1], [2], [3], [6]]))
show("variance of 1 2 3 6, forward", f"{normalise.running_var.data().asscalar():.3f}")
normalised.backward()
show("variance of 1 2 3 6, backward too", f"{normalise.running_var.data().asscalar():.3f}")

dense = nn.Dense(100, in_units=300)
dense.initialize()
show("dense initial values, greatest", f"{np.abs(dense.weight.data().asnumpy()).max():.2f}")
show("dense kernel of 300 to 100", dense.weight.shape)
dense = nn.Dense(5)
dense.initialize()
show("dense on (2, 3, 4), shape", dense(mx.nd.ones((2, 3, 4))).shape)

ones = mx.nd.ones((1, 1, 4, 4))
show("average pool 2, shape", nn.AvgPool2D(2)(ones).shape)
show("average pool 2 operation, shape", mx.nd.Pooling(ones, kernel=(2, 2), pool_type="avg").shape)
show("average at a padded corner", f"{nn.AvgPool2D(3, 1, padding=1)(ones)[0, 0, 0, 0].asscalar():.4f}")
show("pool 2 of 5 pixels", nn.MaxPool2D(2)(mx.nd.ones((1, 1, 5, 5)))[0, 0].shape)

show("leaky relu of -1", "has no default")
show("leaky relu operation of -1", mx.nd.LeakyReLU(mx.nd.array([-1])).asscalar())
show("hard sigmoid of 1", f"{mx.nd.hard_sigmoid(mx.nd.array([1])).asscalar():.4f}")
show("gelu of 1", f"{nn.GELU()(mx.nd.array([1])).asscalar():.4f}")
show("dropout outside training, changes", not np.array_equal(nn.Dropout(0.5)(ones).asnumpy(), ones.asnumpy()))
with autograd.record():
    show("dropout kept values", nn.Dropout(0.5)(ones).max().asscalar())
with autograd.record():
    changed = not np.array_equal(nn.Dropout(0.5)(ones).asnumpy(), ones.asnumpy())
show("dropout while recording, changes", changed)

logits, labels = mx.nd.array([[0, 0], [0, 2], [3, 0]]), mx.nd.array([0, 1, 1])
crossentropy = gluon.loss.SoftmaxCrossEntropyLoss()(logits, labels)
show("cross-entropy of logits", *(f"{value:.3f}" for value in crossentropy.asnumpy()))
show("cross-entropy, from_logits", default(gluon.loss.SoftmaxCrossEntropyLoss, "from_logits"))
show("cross-entropy operation", f"{mx.nd.softmax_cross_entropy(logits, labels).asscalar():.3f}")
weight, sides = mx.nd.zeros(1), mx.nd.array([[1, 0]] * 4)
weight.attach_grad()
with autograd.record():
    losses = gluon.loss.SoftmaxCrossEntropyLoss()(weight * sides, mx.nd.ones(4))
losses.backward()
show("gradient over 4 rows of 0.5 each", f"{weight.grad.asscalar():.3f}")
show("squared error of 0 and 2", gluon.loss.L2Loss()(mx.nd.array([2]), mx.nd.array([0])).asscalar())

show("type of an array of float64", mx.nd.array(np.ones(1)).dtype.__name__)
show("type of an array of int64", mx.nd.array(np.arange(3)).dtype.__name__)
show("type of a list of integers", mx.nd.array([1, 2]).dtype.__name__)
show("int32 7 divided by 2", (mx.nd.array([7], dtype="int32") / 2).asscalar())
show("type of argmax", mx.nd.argmax(logits, axis=1).dtype.__name__)
show("axis of argmax", mx.nd.argmax(mx.nd.array([[1, 2], [5, 0]])).shape)
