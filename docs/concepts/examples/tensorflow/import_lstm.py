"""An LSTM from MXNet: one bias for two, and the gates in the same order.

Run after mxnet/export_lstm.py, in the same folder.
"""

import numpy as np
import tensorflow as tf

found = dict(np.load("lstm.npz"))
# Both keep input gate, forget gate, candidate, output gate beside each other.
kernel, recurrent_kernel = found["i2h_weight"].T, found["h2h_weight"].T
bias = found["i2h_bias"] + found["h2h_bias"]

layer = tf.keras.layers.LSTM(found["h2h_weight"].shape[1], return_sequences=True)
# MXNet: time, batch, features. Keras: batch, time, features.
sequences = found["sequences"].transpose(1, 0, 2)
layer.build(sequences.shape)
layer.set_weights([kernel, recurrent_kernel, bias])
expected = found["outputs"].transpose(1, 0, 2)
print(f"greatest difference of the outputs: {np.abs(layer(sequences) - expected).max():.0e}")
layer.set_weights([kernel, recurrent_kernel, found["i2h_bias"]])
print(f"with one of the two biases: {np.abs(layer(sequences) - expected).max():.0e}")
