"""Symbol and Executor."""

import mxnet as mx


def initialise(model):
    """Binding leaves zeros in the arrays, where a ``tf.Variable`` cannot be made without a value. An
    initializer fills an array in place, by the array's name: ``..._bias`` becomes zero.
    """
    # Glorot uniform.
    initializer = mx.init.Xavier()
    for name, parameter in model.parameters.items():
        initializer(mx.init.InitDesc(name), parameter)


def step(model, x, y):
    """Three calls, where ``tf.function`` has all in one graph. Gradients are found in ``grad_dict``, by name,
    after ``backward``; there is no tape, because the whole graph is known.
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
            # Without out the result is a new array, which no executor knows.
            out=parameter,
        )
    return float(loss.asscalar())


def save(model, folder):
    """A dict of arrays in one file, as ``tf.train.Checkpoint`` makes of a dict of variables. The graph can be
    saved beside it, ``symbol.save(...)``; a TensorFlow checkpoint holds none either.
    """
    mx.nd.save(f"{folder}/mlp.params", model.parameters)


def load(model, folder):
    # Copies into the executor's own arrays; a name that it does not know is an error.
    model.executor.copy_params_from(mx.nd.load(f"{folder}/mlp.params"))


def device():
    """Binding decides, for all arrays and all operations of the executor; ``tf.device`` can be changed from
    one operation to the next.
    """
    context = mx.gpu() if mx.context.num_gpus() else mx.cpu()
    logits = mx.sym.FullyConnected(mx.sym.Variable("data"), num_hidden=10, name="dense")
    executor = logits.simple_bind(context, data=(128, 64))
    (output,) = executor.forward()
    return str(output.context)


def count_parameters(model):
    """``infer_shape`` of the symbol would tell as much before anything is bound; ``arg_dict`` of the executor
    holds the inputs as well.
    """
    return sum(parameter.size for parameter in model.parameters.values())
