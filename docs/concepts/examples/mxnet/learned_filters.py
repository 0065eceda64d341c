"""Trains a convolution to tell four orientations of an edge apart, and shows what its filters became."""

import mxnet as mx
import numpy as np
from mxnet import autograd, gluon
from mxnet.gluon import nn

random = np.random.RandomState(0)
ORIENTATIONS = {"upright": (0, 1), "level": (1, 0), "falling": (1, -1), "rising": (1, 1)}
SIZE, FILTERS, STEPS, BATCH = 16, 8, 300, 64


def edges(count):
    """Images of one edge each, at any place, dark to light or light to dark, with noise."""
    labels = random.randint(0, 4, count)
    rows, columns = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    directions = np.array(list(ORIENTATIONS.values()), float)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    images = np.empty((count, 1, SIZE, SIZE), "float32")
    for image, label in zip(images, labels, strict=True):
        along = directions[label][0] * rows + directions[label][1] * columns
        side = np.where(along > random.uniform(-4, 4), 1, -1) * random.choice([-1, 1])
        image[0] = side + random.normal(0, 0.5, (SIZE, SIZE))
    return images, labels.astype("int32")


images, labels = edges(2048)
first = random.uniform(-0.1, 0.1, (FILTERS, 1, 5, 5)).astype("float32")
dense = random.uniform(-0.5, 0.5, (4, FILTERS)).astype("float32")

network = nn.HybridSequential()
network.add(nn.Conv2D(FILTERS, 5, activation="relu"), nn.GlobalAvgPool2D(), nn.Dense(4))
network.initialize()
network.hybridize()
network(mx.nd.array(images[:1]))
network[0].weight.set_data(mx.nd.array(first))
network[2].weight.set_data(mx.nd.array(dense))
trainer = gluon.Trainer(network.collect_params(), "adam", {"learning_rate": 0.01, "epsilon": 1e-8})
crossentropy = gluon.loss.SoftmaxCrossEntropyLoss()

for number in range(STEPS):
    start = number * BATCH % len(images)
    x, y = mx.nd.array(images[start : start + BATCH]), mx.nd.array(labels[start : start + BATCH])
    with autograd.record():
        losses = crossentropy(network(x), y)
    losses.backward()
    trainer.step(BATCH)

right = (network(mx.nd.array(images)).asnumpy().argmax(axis=1) == labels).mean()
print(f"images right: {100 * right:.0f}%")
responses = network[1](network[0](mx.nd.array(images))).asnumpy()[:, :, 0, 0]
print("mean response of each filter to edges that are")
for number, name in enumerate(ORIENTATIONS):
    print(f"    {name:8}", " ".join(f"{value:5.2f}" for value in responses[labels == number].mean(axis=0)))
learned = network[0].weight.data().asnumpy()
np.savez("filters_mxnet.npz", images=images, labels=labels, first=first, dense=dense, learned=learned)
