"""Module with fit."""

import mxnet as mx


def initialise(model):
    """A layer of Keras has its values from the start; a module has none before this call, which comes
    after ``bind``. The initializer looks at the names: ``..._bias`` becomes zero.
    """
    # Xavier() is Glorot uniform; force_init because the module was initialised before.
    model.module.init_params(mx.init.Xavier(), force_init=True)


def step(model, x, y):
    """``train_on_batch`` in three calls. There is no loss to be had from the graph: the metric computes
    it from the probabilities and the labels.
    """
    module = model.module
    if not module.optimizer_initialized:
        # With an optimiser by name, Module divides the gradients by the batch size.
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
    """Graph and parameters, in ``mlp-symbol.json`` and ``mlp-0001.params``, 1 for the epoch. The optimiser's
    state, which Keras writes too, would be pickled, in a third file: ``save_optimizer_states=True``.
    """
    model.module.save_checkpoint(f"{folder}/mlp", epoch=1)


def load(model, folder):
    # Besides the parameters there are auxiliary states, such as the means of batch normalisation.
    _, parameters, states = mx.model.load_checkpoint(f"{folder}/mlp", epoch=1)
    model.module.set_params(parameters, states)


def device():
    """The context is given to the module, once; TensorFlow asks for none. A list of contexts splits each
    batch over them, which in Keras is ``tf.distribute.MirroredStrategy``.
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
    Keras' ``count_params`` counts too.
    """
    parameters, _ = model.module.get_params()
    return sum(array.size for array in parameters.values())
