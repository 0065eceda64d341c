"""Symbol and Executor: convolutions and the loss in one bound graph, Adam one raw operation.

The same symbols that ``Module`` takes, bound and stepped by hand: fill in the inputs, run forward and
backward, and update each array with ``adam_update``.

**Names.** ``simple_bind`` finds all shapes from those of the inputs and allocates the arrays;
``bind`` takes arrays that exist. ``list_arguments`` has the names of inputs and parameters in order;
``infer_shape`` shows what a graph would get, without binding it.

**What it does for you.** Shapes, derivatives, one plan of operations and memory. ``adam_update``
changes the parameter and its two state arrays in place, and that is all: it counts no steps. The
bias correction comes in through ``lr``; without it the first steps are several times too large.
``Activation`` is what layers call; ``mx.sym.tanh`` computes the same function with another kernel.

**Coming from TensorFlow.** Images are (n, channels, rows, columns), weights (output channels, input
channels, rows, columns), and flattening keeps a channel's pixels together. ``Pooling`` moves by 1
unless ``stride`` is given. ``Convolution`` includes a bias. Epsilon is added outside the root, with the
correction in the rate, so it is the same as TensorFlow's epsilon. The shape of a batch is part of a
binding: another number of images needs another executor, which can share the parameters.
"""

from types import SimpleNamespace

import mxnet as mx

STYLE = {"level": "low", "paradigm": "compiled", "pair": "low level, compiled"}


def build(task):
    context = mx.gpu() if mx.context.num_gpus() else mx.cpu()
    kernel, same = (task.kernel_size, task.kernel_size), (task.kernel_size // 2, task.kernel_size // 2)
    # The stride of a Pooling symbol would be 1 by default.
    pooling = {
        "kernel": (task.pool_size, task.pool_size),
        "stride": (task.pool_size, task.pool_size),
        "pool_type": "avg",
    }
    data, label = mx.sym.Variable("data"), mx.sym.Variable("label")
    net = mx.sym.Convolution(data, num_filter=task.filters[0], kernel=kernel, pad=same, name="convolution1")
    net = mx.sym.Pooling(mx.sym.Activation(net, act_type="tanh"), **pooling)
    net = mx.sym.Convolution(net, num_filter=task.filters[1], kernel=kernel, name="convolution2")
    net = mx.sym.Pooling(mx.sym.Activation(net, act_type="tanh"), **pooling)
    net = mx.sym.FullyConnected(mx.sym.Flatten(net), num_hidden=task.dense_units[0], name="dense1")
    net = mx.sym.Activation(net, act_type="tanh")
    net = mx.sym.FullyConnected(net, num_hidden=task.dense_units[1], name="dense2")
    net = mx.sym.Activation(net, act_type="tanh")
    logits = mx.sym.FullyConnected(net, num_hidden=task.classes, name="dense3")
    # pick takes the entry of each row's label.
    loss = mx.sym.MakeLoss(-mx.sym.mean(mx.sym.pick(mx.sym.log_softmax(logits), label)))

    # Everything that is not an input is a parameter, and only parameters need gradients.
    names = [name for name in loss.list_arguments() if name not in ("data", "label")]
    rows, columns, channels = task.input_shape
    executor = loss.simple_bind(
        context,
        grad_req={name: "write" for name in names},
        data=(task.batch_size, channels, rows, columns),
        label=(task.batch_size,),
    )
    parameters = {name: executor.arg_dict[name] for name in names}
    # A second executor for the logits, bound to the same arrays as parameters.
    inputs = {"data": mx.nd.zeros((1, channels, rows, columns), ctx=context)}
    # Bound with gradients: on a CPU, oneDNN fuses what is bound without them, and the fused
    # operations keep the weights of their first call, whatever is trained afterwards.
    gradients = {name: executor.grad_dict[name] for name in names}
    predictor = logits.bind(context, {**parameters, **inputs}, args_grad=gradients)
    return SimpleNamespace(
        task=task,
        context=context,
        executor=executor,
        predictor=predictor,
        parameters=parameters,
        means={name: mx.nd.zeros_like(parameter) for name, parameter in parameters.items()},
        variances={name: mx.nd.zeros_like(parameter) for name, parameter in parameters.items()},
        step=0,
    )


def update(model):
    task = model.task
    model.step += 1
    # adam_update leaves Adam's bias correction to the rate, as both frameworks' optimisers do.
    correction = (1 - task.beta_2**model.step) ** 0.5 / (1 - task.beta_1**model.step)
    for name, parameter in model.parameters.items():
        mx.nd.adam_update(
            parameter,
            model.executor.grad_dict[name],
            model.means[name],
            model.variances[name],
            lr=task.learning_rate * correction,
            beta1=task.beta_1,
            beta2=task.beta_2,
            epsilon=task.epsilon,
            # Without out, the result is a new array that no executor knows.
            out=parameter,
        )


def to_device(model, x):
    # MXNet's operations expect channels before rows and columns.
    return mx.nd.array(x.transpose(0, 3, 1, 2), ctx=model.context)


def train(model, x, y):
    batch_size = model.task.batch_size
    batches = len(x) // batch_size
    # One copy to the device; a slice of images is then a view and costs nothing.
    x, y = to_device(model, x), mx.nd.array(y, ctx=model.context)
    total = mx.nd.zeros(1, ctx=model.context)
    for start in range(0, batches * batch_size, batch_size):
        batch_x, batch_y = x[start : start + batch_size], y[start : start + batch_size]
        (loss,) = model.executor.forward(is_train=True, data=batch_x, label=batch_y)
        model.executor.backward()
        update(model)
        # Summed on the device: reading each loss would make Python wait for each step.
        total += loss
    return float(total.asscalar()) / batches


def predict(model, x):
    x = to_device(model, x)
    if model.predictor.arg_dict["data"].shape != x.shape:
        # A new executor for this number of images, on the same parameters.
        model.predictor = model.predictor.reshape(allow_up_sizing=True, data=x.shape)
    (logits,) = model.predictor.forward(data=x)
    return logits.asnumpy()


def set_parameters(model, parameters):
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
        model.parameters[name.replace("kernel", "weight")][:] = value


def get_parameters(model):
    parameters = {}
    for name in model.task.parameters:
        value = model.parameters[name.replace("kernel", "weight")].asnumpy()
        if value.ndim == 4:
            value = value.transpose(2, 3, 1, 0)
        elif name == "dense1_kernel":
            units, channels = value.shape[0], model.task.filters[1]
            value = value.reshape(units, channels, -1).transpose(2, 1, 0).reshape(-1, units)
        else:
            value = value.T
        parameters[name] = value
    return parameters
