"""Module with fit."""

import mxnet as mx


def initialise(model):
    """A Keras layer draws its values when it is built. A module has none before this call, which comes after
    ``bind``. The initializer goes by the names: ``..._bias`` becomes zero.
    """
    # Xavier() is Glorot uniform; force_init because the module was initialised before.
    model.module.init_params(mx.init.Xavier(), force_init=True)


def step(model, x, y):
    """``train_on_batch`` in three calls. The graph does not output the loss: the metric computes it from the
    probabilities and the labels.
    """
    module = model.module
    if not module.optimizer_initialized:
        # If the optimiser is given by name, Module divides the gradients by the batch size.
        parameters = {"learning_rate": model.task.learning_rate, "momentum": model.task.momentum}
        module.init_optimizer(optimizer="sgd", optimizer_params=parameters)
    batch = mx.io.DataBatch(data=[mx.nd.array(x)], label=[mx.nd.array(y)])
    metric = mx.metric.create("ce")
    module.forward_backward(batch)
    module.update()
    # The outputs are still those of the forward pass, so this is the loss before the update.
    module.update_metric(metric, batch.label)
    _, loss = metric.get()
    return float(loss)


def save(model, folder):
    """Graph and parameters, in ``mlp-symbol.json`` and ``mlp-0001.params`` (1 is the epoch). Keras also
    writes the optimiser's state; here ``save_optimizer_states=True`` would pickle it in a third file.
    """
    model.module.save_checkpoint(f"{folder}/mlp", epoch=1)


def load(model, folder):
    # In addition to parameters there are auxiliary states, such as the means of batch normalisation.
    _, parameters, states = mx.model.load_checkpoint(f"{folder}/mlp", epoch=1)
    model.module.set_params(parameters, states)


def device():
    """The module takes the context once; TensorFlow asks for none. A list of contexts splits each batch over
    them, like ``tf.distribute.MirroredStrategy`` in Keras.
    """
    context = mx.gpu() if mx.context.num_gpus() else mx.cpu()
    logits = mx.sym.FullyConnected(mx.sym.Variable("data"), num_hidden=10, name="dense")
    module = mx.mod.Module(logits, label_names=None, context=context)
    module.bind([("data", (128, 64))], for_training=False)
    module.init_params()
    module.forward(mx.io.DataBatch([mx.nd.ones((128, 64))]))
    (output,) = module.get_outputs()
    return str(output.context)


def count_parameters(model):
    """``get_params`` returns copies on the CPU: first the parameters, then the auxiliary states, which
    ``count_params`` in Keras also counts.
    """
    parameters, _ = model.module.get_params()
    return sum(array.size for array in parameters.values())
