"""Symbol and Executor."""

import mxnet as mx


def initialise(model):
    """Binding leaves zeros in the arrays; a ``tf.Variable`` cannot be created without a value. An initializer
    fills an array in place, according to the array's name: ``..._bias`` becomes zero.
    """
    # Glorot uniform.
    initializer = mx.init.Xavier()
    for name, parameter in model.parameters.items():
        initializer(mx.init.InitDesc(name), parameter)


def step(model, x, y):
    """Three calls, while ``tf.function`` has everything in one graph. After ``backward``, ``grad_dict`` holds
    the gradients by name. There is no tape, because the whole graph is known.
    """
    executor = model.executor
    # The arrays are copied into the ones that the executor was bound to: the shapes have to agree.
    (loss,) = executor.forward(is_train=True, data=mx.nd.array(x), label=mx.nd.array(y))
    executor.backward()
    for name, parameter in model.parameters.items():
        mx.nd.sgd_mom_update(
            parameter,
            executor.grad_dict[name],
            model.velocities[name],
            lr=model.task.learning_rate,
            momentum=model.task.momentum,
            # Without out, the result is a new array that no executor knows.
            out=parameter,
        )
    return float(loss.asscalar())


def save(model, folder):
    """Writes a dict of arrays, like ``tf.train.Checkpoint`` for a dict of variables, but into one file.
    ``symbol.save(...)`` saves the graph; a TensorFlow checkpoint has no graph either.
    """
    mx.nd.save(f"{folder}/mlp.params", model.parameters)


def load(model, folder):
    # Copies into the executor's own arrays; a name that it does not know is an error.
    model.executor.copy_params_from(mx.nd.load(f"{folder}/mlp.params"))


def device():
    """Binding decides for all arrays and operations of the executor. ``tf.device`` can change from one
    operation to the next.
    """
    context = mx.gpu() if mx.context.num_gpus() else mx.cpu()
    logits = mx.sym.FullyConnected(mx.sym.Variable("data"), num_hidden=10, name="dense")
    executor = logits.simple_bind(context, data=(128, 64))
    (output,) = executor.forward()
    return str(output.context)


def count_parameters(model):
    """The symbol's ``infer_shape`` would tell as much before anything is bound. The executor's ``arg_dict``
    also holds the inputs.
    """
    return sum(parameter.size for parameter in model.parameters.values())
