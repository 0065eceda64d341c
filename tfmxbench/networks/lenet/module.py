"""Module: a declared convolutional network, and fit runs the loop with Adam.

Convolutions, activations and poolings are symbols: each call adds a node to an expression, and no value
exists before ``bind`` gives the shape of a batch. ``fit`` then trains it from a data iterator.

**Names.** ``mx.sym.Convolution``, ``mx.sym.Pooling``, ``mx.sym.Flatten`` add a node each. A node that is
given a ``name`` names its parameters after it: ``convolution1_weight``, ``convolution1_bias``.

**What it does for you.** Shapes of all parameters, found from the shape of the batch; batches, steps,
metric, logging and checkpoints; Adam, its state and its bias correction, with the gradient divided by
the batch size. It plans the memory of the whole graph for one batch size.

**Coming from TensorFlow.** Images are (n, channels, rows, columns), weights (output channels, input
channels, rows, columns), and flattening keeps a channel's pixels together. Unlike Gluon and Keras,
``Pooling`` moves by 1 unless ``stride`` is given; a network without it binds and trains, with far larger
dense layers. ``FullyConnected`` would flatten by itself; ``Flatten`` only makes it visible. Keras'
``beta_1`` is ``beta1`` here, and its epsilon is by default 1e-7, MXNet's 1e-8.
"""

from types import SimpleNamespace

import mxnet as mx

STYLE = {"level": "high", "paradigm": "compiled", "pair": "framework owns the loop"}


def build(task):
    context = mx.gpu() if mx.context.num_gpus() else mx.cpu()
    kernel, same = (task.kernel_size, task.kernel_size), (task.kernel_size // 2, task.kernel_size // 2)
    # The stride of a Pooling symbol would be 1 by default.
    pooling = {
        "kernel": (task.pool_size, task.pool_size),
        "stride": (task.pool_size, task.pool_size),
        "pool_type": "avg",
    }
    net = mx.sym.Variable("data")
    net = mx.sym.Convolution(net, num_filter=task.filters[0], kernel=kernel, pad=same, name="convolution1")
    net = mx.sym.Activation(net, act_type="tanh")
    net = mx.sym.Pooling(net, **pooling)
    net = mx.sym.Convolution(net, num_filter=task.filters[1], kernel=kernel, name="convolution2")
    net = mx.sym.Activation(net, act_type="tanh")
    net = mx.sym.Pooling(net, **pooling)
    net = mx.sym.Flatten(net)
    net = mx.sym.FullyConnected(net, num_hidden=task.dense_units[0], name="dense1")
    net = mx.sym.Activation(net, act_type="tanh")
    net = mx.sym.FullyConnected(net, num_hidden=task.dense_units[1], name="dense2")
    net = mx.sym.Activation(net, act_type="tanh")
    logits = mx.sym.FullyConnected(net, num_hidden=task.classes, name="dense3")
    probabilities = mx.sym.SoftmaxOutput(logits, name="softmax")

    rows, columns, channels = task.input_shape
    data_shapes = [("data", (task.batch_size, channels, rows, columns))]
    module = mx.mod.Module(probabilities, context=context)
    module.bind(data_shapes, label_shapes=[("softmax_label", (task.batch_size,))])
    module.init_params(mx.init.Xavier())
    # A module's outputs are its symbol's: for the logits, a second module on the same parameters.
    predictor = mx.mod.Module(logits, label_names=None, context=context)
    # Bound as for training: on a CPU, oneDNN fuses what is bound only for inference, and the
    # fused operations keep the weights of their first call, whatever is trained afterwards.
    predictor.bind(data_shapes, for_training=True, shared_module=module)
    return SimpleNamespace(task=task, module=module, predictor=predictor)


def train(model, x, y):
    task = model.task
    # MXNet's operations expect channels before rows and columns.
    x = x.transpose(0, 3, 1, 2)
    # "discard" leaves out the incomplete last batch; the default pads it with images from the start.
    batches = mx.io.NDArrayIter(x, y, batch_size=task.batch_size, last_batch_handle="discard")
    metric = mx.metric.create("ce")
    adam = {
        "learning_rate": task.learning_rate,
        "beta1": task.beta_1,
        "beta2": task.beta_2,
        "epsilon": task.epsilon,
    }
    # The first call makes the optimiser; further calls keep it, with its state and its step count.
    model.module.fit(batches, eval_metric=metric, optimizer="adam", optimizer_params=adam, num_epoch=1)
    _, loss = metric.get()
    return float(loss)


def predict(model, x):
    # An array is taken as one batch, and the module binds anew when its size differs from the last.
    return model.predictor.predict(x.transpose(0, 3, 1, 2)).asnumpy()


def set_parameters(model, parameters):
    values = {}
    for name, value in parameters.items():
        if value.ndim == 4:
            # From (rows, columns, in, out) to (out, in, rows, columns).
            value = value.transpose(3, 2, 0, 1)
        elif name == "dense1_kernel":
            # Its inputs are flattened images: pixels, then channels, in the task's order; channels,
            # then pixels, in MXNet's. Also, FullyConnected keeps its weight as (out, in).
            channels, units = model.task.filters[1], value.shape[1]
            value = value.reshape(-1, channels, units).transpose(2, 1, 0).reshape(units, -1)
        else:
            value = value.T
        values[name.replace("kernel", "weight")] = mx.nd.array(value)
    model.module.set_params(values, aux_params={})


def get_parameters(model):
    parameters, (values, _) = {}, model.module.get_params()
    for name in model.task.parameters:
        value = values[name.replace("kernel", "weight")].asnumpy()
        if value.ndim == 4:
            value = value.transpose(2, 3, 1, 0)
        elif name == "dense1_kernel":
            units, channels = value.shape[0], model.task.filters[1]
            value = value.reshape(units, channels, -1).transpose(2, 1, 0).reshape(-1, units)
        else:
            value = value.T
        parameters[name] = value
    return parameters
