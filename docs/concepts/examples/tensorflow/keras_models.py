"""One network in Keras' three ways, with the same weights; and what each way knows of itself."""

import numpy as np
import tensorflow as tf

keras = tf.keras
layers = tf.keras.layers


def attempt(what, action):
    try:
        print(f"    {what}: {action()}")
    except Exception as error:
        print(f"    {what}: {type(error).__name__}")


sequential = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(3)])

inputs = keras.Input(shape=(4,))
hidden = layers.Dense(8, activation="relu")(inputs)
functional = keras.Model(inputs, layers.Dense(3)(hidden))


class Subclass(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(8, activation="relu")
        self.logits = layers.Dense(3)

    def call(self, x):
        return self.logits(self.hidden(x))


subclass = Subclass()
models = {"Sequential": sequential, "functional": functional, "subclass": subclass}

x = np.random.RandomState(0).normal(size=(5, 4)).astype("float32")
print("variables before the first input:", {name: len(model.weights) for name, model in models.items()})
outputs = {name: model(x) for name, model in models.items()}
print("variables after it:", {name: len(model.weights) for name, model in models.items()})

for model in (functional, subclass):
    model.set_weights(sequential.get_weights())
for name, model in models.items():
    print(f"{name}: greatest difference from Sequential {np.abs(model(x) - sequential(x)).max():.0e}")
    attempt("shape of its output, from itself", lambda model=model: model.output_shape)
    attempt(
        "hidden units, by a second model on its tensors",
        lambda model=model: keras.Model(model.inputs[0], model.layers[-2].output)(x).shape,
    )
    attempt(
        "its architecture, from its configuration",
        lambda model=model: type(type(model).from_config(model.get_config())).__name__,
    )
