"""mx.np and mx.npx."""

import math

from mxnet import autograd, np, npx

# Without it, NDArray's rules for shapes apply, and there are no arrays without axes.
npx.set_np()


def initialise(model):
    """NumPy's own call plus ``ctx=``. TensorFlow's ``shape`` is called ``size`` here, as in NumPy."""
    for name, parameter in model.parameters.items():
        if name.endswith("bias"):
            parameter[:] = 0
        else:
            limit = math.sqrt(6 / sum(parameter.shape))
            parameter[:] = np.random.uniform(-limit, limit, size=parameter.shape, ctx=parameter.ctx)


def forward(parameters, x):
    hidden1 = npx.relu(x @ parameters["dense1_kernel"] + parameters["dense1_bias"])
    hidden2 = npx.relu(hidden1 @ parameters["dense2_kernel"] + parameters["dense2_bias"])
    return hidden2 @ parameters["dense3_kernel"] + parameters["dense3_bias"]


def step(model, x, y):
    """The same as for an ``NDArray``, with NumPy's names. A mean has no axes, as in TensorFlow, and ``item``
    reads its value.
    """
    task = model.task
    x, y = np.array(x, ctx=model.context), np.array(y, ctx=model.context)
    with autograd.record():
        # pick takes the entry of each row's label.
        loss = -npx.pick(npx.log_softmax(forward(model.parameters, x)), y).mean()
    loss.backward()
    for name, parameter in model.parameters.items():
        velocity = model.velocities[name]
        velocity[:] = task.momentum * velocity - task.learning_rate * parameter.grad
        # In place: "parameter = parameter + velocity" would make a new array without a gradient.
        parameter += velocity
    # Until here Python has only queued operations: this line waits for them.
    return loss.item()


def save(model, folder):
    """``npx.save`` is for these arrays, which ``mx.nd.save`` refuses. It writes one dict of arrays, like
    ``tf.train.Checkpoint``.
    """
    npx.save(f"{folder}/mlp.params", model.parameters)


def load(model, folder):
    for name, array in npx.load(f"{folder}/mlp.params").items():
        # Loaded arrays are on the CPU and have no gradient, so their values are copied.
        model.parameters[name][:] = array


def device():
    """``npx`` has what NumPy lacks, including devices. Arrays are created on the CPU by default, while
    TensorFlow prefers the GPU.
    """
    context = npx.gpu() if npx.num_gpus() else npx.cpu()
    x = np.zeros((64, 10), ctx=context)
    return str(x.ctx)


def count_parameters(model):
    """``size`` is a number, as in NumPy; ``tf.size`` returns a tensor."""
    return sum(parameter.size for parameter in model.parameters.values())
