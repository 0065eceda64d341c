"""Two inputs, a connection past a layer, and a branch on values: what each of Keras' ways can say."""

import numpy as np
import tensorflow as tf

keras = tf.keras
layers = tf.keras.layers

image, size = keras.Input(shape=(8,), name="image"), keras.Input(shape=(1,), name="size")
hidden = layers.Dense(8, activation="relu")(image)
hidden = layers.Add()([hidden, image])
joined = layers.Concatenate()([hidden, size])
residual = keras.Model({"image": image, "size": size}, layers.Dense(1)(joined))
print("functional, two inputs:", residual({"image": np.ones((2, 8)), "size": np.ones((2, 1))}).shape)

try:
    keras.Model(image, hidden if tf.reduce_sum(hidden) > 0 else -hidden)
except Exception as error:
    print("functional, a branch on values:", type(error).__name__)


class Branching(keras.Model):
    def __init__(self):
        super().__init__()
        self.small, self.large = layers.Dense(1), layers.Dense(1)

    def call(self, x, training=False):
        if training:
            return self.small(x) + self.large(x)
        return self.small(x) if tf.reduce_sum(x) < 1 else self.large(x)


model = Branching()
x = np.ones((2, 8), "float32")
print("subclass, called in training:", model(x, training=True).shape)
as_written = np.allclose(model(x), model.large(x)) and np.allclose(model(0 * x), model.small(0 * x))
print("subclass, a branch on values, takes the right one:", as_written)


class Lists(keras.Model):
    def __init__(self):
        super().__init__()
        self.parts = [layers.Dense(8), layers.Dense(8)]
        self.hidden_away = {"layer": (layers.Dense(8),)}
        self.factor = self.add_weight(shape=(), initializer="ones", name="factor")
        self.variable = tf.Variable(1.0)

    def call(self, x):
        for part in self.parts:
            x = part(x)
        return self.variable * self.factor * self.hidden_away["layer"][0](x)


model = Lists()
model(x)
print("subclass, layers found in lists and dicts:", len(model.layers))
print("weights found:", [variable.name for variable in model.weights])
found = [id(variable) for variable in model.weights]
print(
    "among them the one of add_weight:",
    id(model.factor) in found,
    "the tf.Variable:",
    id(model.variable) in found,
)
