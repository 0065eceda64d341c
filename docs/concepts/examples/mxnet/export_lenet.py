"""Trains a LeNet with a batch normalisation, and writes its weights and what it makes of some images."""

import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn

mx.random.seed(0)
random = np.random.RandomState(0)
prototypes = random.uniform(size=(10, 1, 28, 28))
labels = random.randint(0, 10, 640).astype("int32")
images = (prototypes[labels] + random.normal(0, 0.5, (640, 1, 28, 28))).astype("float32")

network = nn.HybridSequential()
network.add(
    nn.Conv2D(6, 5, padding=2, activation="tanh"),
    nn.BatchNorm(),
    nn.AvgPool2D(2),
    nn.Conv2D(16, 5, activation="tanh"),
    nn.AvgPool2D(2),
    nn.Dense(120, activation="tanh"),
    nn.Dense(10),
)
network.initialize(mx.init.Xavier())
network.hybridize()
crossentropy = gluon.loss.SoftmaxCrossEntropyLoss()


def train(trainer, images, labels):
    with autograd.record():
        losses = crossentropy(network(mx.nd.array(images)), mx.nd.array(labels))
    losses.backward()
    trainer.step(len(images))
    return float(losses.mean().asscalar())


trainer = gluon.Trainer(network.collect_params(), "adam", {"learning_rate": 0.003})
batches = range(0, 576, 64)
losses = [train(trainer, images[start : start + 64], labels[start : start + 64]) for start in batches]
print(f"loss of the first and of the last batch: {losses[0]:.1f}, {losses[-1]:.1f}")

arrays = {name: parameter.data().asnumpy() for name, parameter in network.collect_params().items()}
for name, array in arrays.items():
    print(f"{name:24} {array.shape}")
# The rest has not been trained on.
images, labels = images[576:], labels[576:]
arrays.update(images=images, labels=labels, logits=network(mx.nd.array(images)).asnumpy())
# One more step, with an optimiser that starts from nothing, for the other framework to repeat.
trainer = gluon.Trainer(network.collect_params(), "sgd", {"learning_rate": 0.05, "momentum": 0.9})
arrays["next_loss"] = train(trainer, images, labels)
arrays["next_logits"] = network(mx.nd.array(images)).asnumpy()
np.savez("lenet.npz", **arrays)
