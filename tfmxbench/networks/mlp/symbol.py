"""Symbol and Executor: a graph with its loss, bound to arrays, and stepped by hand.

The network and its loss are declared as one expression; binding it to a device and to shapes plans
the memory and yields an ``Executor``. Each step fills the inputs in, runs the graph forward and
backward, and updates the arrays. ``Module`` is a layer over this.

**Names.** A ``Symbol`` is an expression without values. An ``Executor`` is a bound one: ``arg_dict`` has
its arrays by name, inputs and parameters alike, and ``grad_dict`` their gradients. ``MakeLoss`` marks
an output as what ``backward`` starts from.

**What it does for you.** Shapes of all parameters, found from those of the inputs; derivatives; one
plan of operations and memory for all steps. It does not loop, keep optimiser state or count steps:
``sgd_mom_update`` is one operation on arrays that you hold.

**Coming from TensorFlow.** It is what TensorFlow 1 had as graph and session, and what ``tf.function``
traces for you now. No Python runs inside: declaring is not computing, and ``print`` shows a name.
Shapes are fixed at binding, where ``tf.function`` traces again by itself, so another number of rows
needs another executor. ``+`` on symbols does not broadcast (``broadcast_add`` does), and gradients are
computed for everything, images too, unless ``grad_req`` says otherwise.
"""

from types import SimpleNamespace

import mxnet as mx

STYLE = {"level": "low", "paradigm": "compiled", "pair": "low level, compiled"}


def build(task):
    context = mx.gpu() if mx.context.num_gpus() else mx.cpu()
    data, label = mx.sym.Variable("data"), mx.sym.Variable("label")
    dense1 = mx.sym.FullyConnected(data, num_hidden=task.hidden_units[0], name="dense1")
    hidden1 = mx.sym.Activation(dense1, act_type="relu")
    dense2 = mx.sym.FullyConnected(hidden1, num_hidden=task.hidden_units[1], name="dense2")
    hidden2 = mx.sym.Activation(dense2, act_type="relu")
    logits = mx.sym.FullyConnected(hidden2, num_hidden=task.classes, name="dense3")
    # pick takes the entry of each row's label.
    loss = mx.sym.MakeLoss(-mx.sym.mean(mx.sym.pick(mx.sym.log_softmax(logits), label)))

    # Everything that is not an input is a parameter, and only parameters need gradients.
    names = [name for name in loss.list_arguments() if name not in ("data", "label")]
    executor = loss.simple_bind(
        context,
        grad_req={name: "write" for name in names},
        data=(task.batch_size, *task.input_shape),
        label=(task.batch_size,),
    )
    parameters = {name: executor.arg_dict[name] for name in names}
    velocities = {name: mx.nd.zeros_like(parameter) for name, parameter in parameters.items()}
    # A second executor for the logits, bound to the same arrays as parameters.
    inputs = {"data": mx.nd.zeros((1, *task.input_shape), ctx=context)}
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
        velocities=velocities,
    )


def update(model):
    for name, parameter in model.parameters.items():
        mx.nd.sgd_mom_update(
            parameter,
            model.executor.grad_dict[name],
            model.velocities[name],
            lr=model.task.learning_rate,
            momentum=model.task.momentum,
            # Without out, the result is a new array that no executor knows.
            out=parameter,
        )


def train(model, x, y):
    batch_size = model.task.batch_size
    batches = len(x) // batch_size
    # One copy to the device; a slice of rows is then a view and costs nothing.
    x, y = mx.nd.array(x, ctx=model.context), mx.nd.array(y, ctx=model.context)
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
    if model.predictor.arg_dict["data"].shape != x.shape:
        # A new executor for this number of rows, on the same parameters.
        model.predictor = model.predictor.reshape(allow_up_sizing=True, data=x.shape)
    (logits,) = model.predictor.forward(data=mx.nd.array(x, ctx=model.context))
    return logits.asnumpy()


def set_parameters(model, parameters):
    for name, value in parameters.items():
        # FullyConnected keeps its weight as (outputs, inputs).
        model.parameters[name.replace("kernel", "weight")][:] = value.T


def get_parameters(model):
    return {
        name: model.parameters[name.replace("kernel", "weight")].asnumpy().T for name in model.task.parameters
    }
