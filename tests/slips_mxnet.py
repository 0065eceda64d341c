"""Slips that people make when porting to MXNet, planted into copies of its implementations."""

from slips import ANOTHER_MODEL, LOGITS, ONE_PASS, STEP_1, STEP_2, STEP_3, slip

GLUON_STEPS = "        model.trainer.step(batch_size)\n"
MODULE_RATES = '{"learning_rate": task.learning_rate, "momentum": task.momentum}'
SYMBOL_STRIDE = '        "stride": (task.pool_size, task.pool_size),\n'
NDARRAY_POOL = 'mx.nd.Pooling(x, kernel=(size, size), stride=(size, size), pool_type="avg")'

MXNET_SLIPS = [
    # The network.
    slip(
        "pooling moves by 1, its default",
        "lenet/symbol",
        SYMBOL_STRIDE,
        "",
        "(ValueError|MXNetError): .*7744",
    ),
    slip(
        "pooling moves by 1, its default, in a Module",
        "lenet/module",
        SYMBOL_STRIDE,
        "",
        "(ValueError|AssertionError|MXNetError): .*7744",
    ),
    # The same slip where no shape gives it away: what is too much is cut off.
    slip(
        "pooling moves by 1, and the shape is made to fit",
        "lenet/ndarray",
        NDARRAY_POOL,
        'mx.nd.Pooling(x, kernel=(size, size), pool_type="avg")'
        "[:, :, : x.shape[2] // size, : x.shape[3] // size]",
        LOGITS,
    ),
    slip(
        "pooling takes one pixel in four",
        "lenet/ndarray",
        NDARRAY_POOL,
        NDARRAY_POOL.replace("kernel=(size, size)", "kernel=(1, 1)"),
        LOGITS,
    ),
    slip(
        "pooling takes the greatest value, its default",
        "lenet/symbol",
        '        "pool_type": "avg",\n',
        '        "pool_type": "max",\n',
        LOGITS,
    ),
    slip(
        "rows and columns swapped",
        "lenet/ndarray",
        "x.transpose(0, 3, 1, 2)",
        "x.transpose(0, 3, 2, 1)",
        LOGITS,
    ),
    slip(
        "a hidden layer in float16",
        "mlp/ndarray",
        "    hidden2 = ",
        '    hidden1 = hidden1.astype("float16").astype("float32")\n    hidden2 = ',
        LOGITS,
    ),
    # The initial values.
    slip(
        "features flattened in Keras' order",
        "lenet/gluon",
        "kernel.reshape(-1, channels, units).transpose(2, 1, 0).reshape(units, -1)",
        "kernel.T",
        LOGITS,
        ("weight.reshape(units, channels, -1).transpose(2, 1, 0).reshape(-1, units)", "weight.T"),
    ),
    slip(
        "features given back in another order than they were taken",
        "lenet/gluon",
        "weight.reshape(units, channels, -1).transpose(2, 1, 0).reshape(-1, units)",
        "weight.T",
        "dense1_kernel after the steps differs",
    ),
    slip(
        "the default initial values",
        "mlp/gluon",
        '        layer.weight.set_data(mx.nd.array(parameters[f"dense{number}_kernel"].T))\n',
        "        pass\n",
        LOGITS,
    ),
    slip(
        "biases begin at one",
        "mlp/gluon_hybrid",
        "        nn.Dense(task.classes),\n",
        '        nn.Dense(task.classes, bias_initializer="ones"),\n',
        LOGITS,
        ('        layer.bias.set_data(mx.nd.array(parameters[f"dense{number}_bias"]))\n', ""),
    ),
    slip(
        "biases are not set: all begin at zero, and end elsewhere",
        "mlp/gluon",
        '        layer.bias.set_data(mx.nd.array(parameters[f"dense{number}_bias"]))\n',
        "",
        ANOTHER_MODEL,
    ),
    # The loss and its gradient.
    slip(
        "the sum of the losses in place of their mean",
        "mlp/ndarray",
        "mx.nd.pick(mx.nd.log_softmax(logits), y).mean()",
        "mx.nd.pick(mx.nd.log_softmax(logits), y).sum()",
        STEP_1,
    ),
    slip(
        "step(1): the gradient of the sum",
        "mlp/gluon",
        GLUON_STEPS,
        "        model.trainer.step(1)\n",
        STEP_2,
    ),
    slip(
        "step(batch_size) after a mean: divided twice",
        "mlp/gluon_hybrid",
        "            losses = model.loss_function(model.network(batch_x), batch_y)\n",
        "            losses = model.loss_function(model.network(batch_x), batch_y).mean()\n",
        STEP_2,
    ),
    slip(
        "rescale_grad after a mean: divided twice",
        "mlp/symbol",
        "            lr=model.task.learning_rate,\n",
        "            lr=model.task.learning_rate,\n            rescale_grad=1 / model.task.batch_size,\n",
        STEP_2,
    ),
    slip(
        "SoftmaxOutput that normalises, in a Module that rescales",
        "mlp/module",
        'mx.sym.SoftmaxOutput(logits, name="softmax")',
        'mx.sym.SoftmaxOutput(logits, name="softmax", normalization="valid")',
        STEP_2,
    ),
    slip(
        "SoftmaxOutput's sum, not rescaled",
        "mlp/module",
        MODULE_RATES,
        MODULE_RATES.replace("}", ', "rescale_grad": 1.0}'),
        STEP_2,
    ),
    slip(
        "biases get no gradient",
        "mlp/symbol",
        'grad_req={name: "write" for name in names}',
        'grad_req={name: "null" if name.endswith("bias") else "write" for name in names}',
        STEP_2,
        (
            "    for name, parameter in model.parameters.items():\n",
            "    for name, parameter in model.parameters.items():\n"
            "        if model.executor.grad_dict[name] is None:\n            continue\n",
        ),
        (
            "    gradients = {name: executor.grad_dict[name] for name in names}\n",
            "    gradients = {name: mx.nd.zeros_like(executor.arg_dict[name]) for name in names}\n",
        ),
    ),
    slip(
        "gradients add up from step to step",
        "mlp/symbol",
        'name: "write"',
        'name: "add"',
        STEP_3,
    ),
    # The optimiser.
    slip(
        "Keras' epsilon, 1e-7",
        "lenet/gluon_hybrid",
        '"epsilon": task.epsilon',
        '"epsilon": 1e-7',
        "the loss of step [2-5] differs",
    ),
    slip(
        "epsilon inside the root",
        "lenet/ndarray",
        "(mx.nd.sqrt(variance) + task.epsilon)",
        "mx.nd.sqrt(variance + task.epsilon)",
        STEP_2,
    ),
    slip(
        "adam_update without the correction of its bias",
        "lenet/symbol",
        "lr=task.learning_rate * correction,",
        "lr=task.learning_rate,",
        STEP_2,
    ),
    slip(
        "a dampened gradient in the momentum",
        "mlp/ndarray",
        "- model.task.learning_rate * parameter.grad",
        "- (1 - model.task.momentum) * model.task.learning_rate * parameter.grad",
        STEP_2,
    ),
    slip(
        "Nesterov's momentum",
        "mlp/gluon",
        '"sgd"',
        '"nag"',
        STEP_2,
    ),
    slip(
        "the weight decay of old examples, 1e-4",
        "mlp/module",
        MODULE_RATES,
        MODULE_RATES.replace("}", ', "wd": 1e-4}'),
        "the loss of step ([2-9]|1[0-9]) differs",
    ),
    # The loop.
    slip(
        "the iterator shuffles",
        "mlp/module",
        'last_batch_handle="discard"',
        'last_batch_handle="discard", shuffle=True',
        ONE_PASS,
    ),
    slip(
        "the iterator fills the incomplete batch up, its default",
        "mlp/module",
        ', last_batch_handle="discard"',
        "",
        ONE_PASS,
    ),
    slip(
        "computes gradients, and does not train",
        "mlp/gluon",
        GLUON_STEPS,
        "",
        STEP_2,
    ),
    slip(
        "returns a loss that is not a number",
        "mlp/ndarray",
        "    return float(total.asscalar()) / batches\n",
        '    return float("nan")\n',
        "the loss of step 1 differs by nan",
    ),
]
