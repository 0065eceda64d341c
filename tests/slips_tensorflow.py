"""Slips that people make when porting to TensorFlow, planted into copies of its implementations."""

from slips import ANOTHER_MODEL, LOGITS, ONE_PASS, STEP_1, STEP_2, STEP_3, slip

KERAS_LOADS = "    model.network.set_weights([parameters[name] for name in model.task.parameters])\n"
KERAS_FITS = "    history = model.fit(x[:n], y[:n], batch_size=batch_size, shuffle=False, verbose=0)\n"

TENSORFLOW_SLIPS = [
    # The network.
    slip(
        "pooling moves by 1",
        "lenet/keras_sequential",
        "            tf.keras.layers.AveragePooling2D(task.pool_size),\n"
        "            tf.keras.layers.Conv2D(filters2,",
        "            tf.keras.layers.AveragePooling2D(task.pool_size, strides=1),\n"
        "            tf.keras.layers.Conv2D(filters2,",
        "ValueError: .*shape",
    ),
    slip(
        "pooling takes the greatest value",
        "lenet/keras_function",
        "AveragePooling2D(task.pool_size),\n            tf.keras.layers.Flatten()",
        "MaxPooling2D(task.pool_size),\n            tf.keras.layers.Flatten()",
        LOGITS,
    ),
    slip(
        "rows and columns swapped",
        "lenet/variables_function",
        '    x = tf.nn.conv2d(x, parameters["convolution1_kernel"]',
        '    x = tf.nn.conv2d(tf.transpose(x, (0, 2, 1, 3)), parameters["convolution1_kernel"]',
        LOGITS,
    ),
    slip(
        "a hidden layer in float16",
        "mlp/keras_function",
        'tf.keras.layers.Dense(hidden2, activation="relu")',
        'tf.keras.layers.Dense(hidden2, activation="relu", dtype="mixed_float16")',
        LOGITS,
    ),
    slip(
        "softmax twice",
        "mlp/keras_function",
        "tf.keras.layers.Dense(task.classes),",
        'tf.keras.layers.Dense(task.classes, activation="softmax"),',
        LOGITS,
    ),
    # The initial values.
    slip(
        "the default initial values",
        "mlp/keras_function",
        KERAS_LOADS,
        "    pass\n",
        LOGITS,
    ),
    slip(
        "biases begin at one",
        "mlp/keras_function",
        "tf.keras.layers.Dense(task.classes),",
        'tf.keras.layers.Dense(task.classes, bias_initializer="ones"),',
        LOGITS,
        (
            KERAS_LOADS,
            "    for layer, kernel in zip(model.network.layers, list(parameters.values())[::2]):\n"
            "        layer.kernel.assign(kernel)\n",
        ),
    ),
    slip(
        "biases are not set: all begin at zero, and end elsewhere",
        "mlp/variables_eager",
        "        model.parameters[name].assign(value)\n",
        '        if name.endswith("kernel"):\n            model.parameters[name].assign(value)\n',
        ANOTHER_MODEL,
    ),
    # The loss and its gradient.
    slip(
        "the sum of the losses in place of their mean",
        "mlp/variables_function",
        "tf.reduce_mean(losses)",
        "tf.reduce_sum(losses)",
        STEP_1,
    ),
    slip(
        "the loss takes logits for probabilities",
        "mlp/keras_function",
        "from_logits=True",
        "from_logits=False",
        STEP_1,
    ),
    slip(
        "the gradient divided by the batch size twice",
        "mlp/variables_eager",
        "tape.gradient(loss, model.parameters)",
        "{n: g / task.batch_size for n, g in tape.gradient(loss, model.parameters).items()}",
        STEP_2,
    ),
    slip(
        "one bias gets no gradient",
        "mlp/variables_eager",
        "    for name, gradient in gradients.items():\n",
        '    del gradients["dense1_bias"]\n    for name, gradient in gradients.items():\n',
        STEP_2,
    ),
    # The optimiser.
    slip(
        "Keras' own epsilon, 1e-7",
        "lenet/keras_function",
        ", epsilon=task.epsilon",
        "",
        "the loss of step [2-5] differs",
    ),
    slip(
        "Adam's step counter is a constant of the graph",
        "lenet/variables_function",
        "        step.assign_add(1.0)\n",
        "        step = 1.0\n",
        STEP_3,
        ("    step = tf.Variable(0.0)\n", ""),
    ),
    slip(
        "Nesterov's momentum",
        "mlp/keras_function",
        "momentum=task.momentum",
        "momentum=task.momentum, nesterov=True",
        STEP_2,
    ),
    slip(
        "the rate applied twice",
        "mlp/variables_function",
        "assign_add(velocity)",
        "assign_add(task.learning_rate * velocity)",
        STEP_2,
    ),
    # The loop.
    slip(
        "fit shuffles",
        "mlp/keras_sequential",
        "shuffle=False",
        "shuffle=True",
        ONE_PASS,
    ),
    slip(
        "fit trains on the incomplete batch",
        "mlp/keras_sequential",
        "    n = len(x) // batch_size * batch_size\n",
        "    n = len(x)\n",
        ONE_PASS,
    ),
    slip(
        "the loop trains on the incomplete batch",
        "mlp/variables_function",
        "drop_remainder=True",
        "drop_remainder=False",
        ONE_PASS,
    ),
    slip(
        "evaluates, and does not train",
        "mlp/keras_sequential",
        KERAS_FITS,
        "    return model.evaluate(x[:n], y[:n], batch_size=batch_size, verbose=0)\n",
        STEP_2,
    ),
    slip(
        "returns a loss that is not a number",
        "mlp/keras_function",
        "    return float(total) / int(batches.cardinality())\n",
        '    return float("nan")\n',
        "the loss of step 1 differs by nan",
    ),
]
