"""Runs an LSTM on some sequences, and writes its weights and its outputs."""

import mxnet as mx
import numpy as np
from mxnet.gluon import rnn

mx.random.seed(0)
layer = rnn.LSTM(5, i2h_bias_initializer=mx.init.Uniform(1), h2h_bias_initializer=mx.init.Uniform(1))
layer.initialize(mx.init.Xavier())
sequences = np.random.RandomState(0).normal(size=(7, 2, 3)).astype("float32")
outputs = layer(mx.nd.array(sequences)).asnumpy()

arrays = {name.split("l0_")[-1]: value.data().asnumpy() for name, value in layer.collect_params().items()}
for name, array in arrays.items():
    print(f"{name:12} {array.shape}")
print("time, batch, features:", outputs.shape)
np.savez("lstm.npz", sequences=sequences, outputs=outputs, **arrays)
