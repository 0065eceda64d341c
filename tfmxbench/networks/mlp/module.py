"""Module: a declared network, and fit runs the loop.

The network is a ``Symbol``: an expression without values, declared once. A ``Module`` binds it to a
device and to the shape of a batch, and ``fit`` does the rest. Early MXNet code is written
this way, and so is much of the code that has to be ported.

**Names.** A ``Symbol`` is the graph; variables in it are named, and layers name their own
(``dense1_weight``, ``dense1_bias``). *Binding* allocates memory for one batch size. A data iterator
yields batches as ``data`` and ``softmax_label``. A metric is summed up while training.

**What it does for you.** Batches, forward and backward pass, update, metric, logging, evaluation and
checkpoints on request. ``SoftmaxOutput`` is softmax in the forward pass and the gradient of the
cross-entropy in the backward pass: the loss itself is never computed, and the one that is reported
comes from the metric, which reads the probabilities back at each batch.

**Coming from TensorFlow.** ``Module`` is Keras' ``compile`` and ``fit`` over a graph that you name.
``SoftmaxOutput`` sums its gradient over the batch, and ``Module`` tells the optimiser to divide by the
batch size (``rescale_grad``); an optimiser that you create does not divide. A second ``fit``
continues where the first ended, with its parameters and optimiser state, and warns that it ignores what is
set up already. There is no ``from_logits``: the softmax is part of the graph, the logits are inside it.
"""

from types import SimpleNamespace

import mxnet as mx

STYLE = {"level": "high", "paradigm": "compiled", "pair": "framework owns the loop"}


def build(task):
    context = mx.gpu() if mx.context.num_gpus() else mx.cpu()
    data = mx.sym.Variable("data")
    dense1 = mx.sym.FullyConnected(data, num_hidden=task.hidden_units[0], name="dense1")
    hidden1 = mx.sym.Activation(dense1, act_type="relu")
    dense2 = mx.sym.FullyConnected(hidden1, num_hidden=task.hidden_units[1], name="dense2")
    hidden2 = mx.sym.Activation(dense2, act_type="relu")
    logits = mx.sym.FullyConnected(hidden2, num_hidden=task.classes, name="dense3")
    probabilities = mx.sym.SoftmaxOutput(logits, name="softmax")

    data_shapes = [("data", (task.batch_size, *task.input_shape))]
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
    # "discard" leaves out the incomplete last batch; the default pads it with rows from the start.
    batches = mx.io.NDArrayIter(x, y, batch_size=task.batch_size, last_batch_handle="discard")
    metric = mx.metric.create("ce")
    # The first call makes the optimiser; further calls keep it, with its momentum.
    model.module.fit(
        batches,
        eval_metric=metric,
        optimizer="sgd",
        optimizer_params={"learning_rate": task.learning_rate, "momentum": task.momentum},
        num_epoch=1,
    )
    _, loss = metric.get()
    return float(loss)


def predict(model, x):
    # An array is taken as one batch, and the module binds anew when its size differs from the last.
    return model.predictor.predict(x).asnumpy()


def set_parameters(model, parameters):
    values = {}
    for name, value in parameters.items():
        # FullyConnected keeps its weight as (outputs, inputs).
        values[name.replace("kernel", "weight")] = mx.nd.array(value.T)
    model.module.set_params(values, aux_params={})


def get_parameters(model):
    values, _ = model.module.get_params()
    return {name: values[name.replace("kernel", "weight")].asnumpy().T for name in model.task.parameters}
