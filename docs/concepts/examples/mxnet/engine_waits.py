"""What makes Python wait for the engine, counted."""

import mxnet as mx
from mxnet import autograd, gluon
from mxnet.gluon import nn

waits = []


def counted(method):
    original = getattr(mx.nd.NDArray, method)

    def call(self, *arguments):
        waits.append(method)
        return original(self, *arguments)

    return call


for method in ("asnumpy", "wait_to_read"):
    setattr(mx.nd.NDArray, method, counted(method))


def count(action):
    waits.clear()
    action()
    return len(waits)


def change():
    global x
    x[:] = 0
    x += 1


x = mx.nd.ones((2, 3))
one = mx.nd.ones(1)
ACTIONS = {
    "x + x": lambda: x + x,
    "x.shape, x.dtype, x.context, len(x)": lambda: (x.shape, x.dtype, x.context, len(x)),
    "x[0], x[0:1], x.T, x.reshape((-1,))": lambda: (x[0], x[0:1], x.T, x.reshape((-1,))),
    "x[:] = 0, x += 1": change,
    "x.copyto(y), x.as_in_context(...)": lambda: (x.copyto(mx.nd.zeros((2, 3))), x.as_in_context(mx.cpu())),
    "x.asnumpy()": lambda: x.asnumpy(),
    "one.asscalar()": lambda: one.asscalar(),
    "if one > 0:": lambda: bool(one > 0),
    "str(x)": lambda: str(x),
    "max(one, 2 * one)": lambda: max(one, 2 * one),
    "for row in x:": lambda: [row for row in x],
}
for what, action in ACTIONS.items():
    print(f"{what:38} {count(action)}")

network, loss_function = nn.Dense(1), gluon.loss.L2Loss()
network.initialize()
trainer = gluon.Trainer(network.collect_params(), "sgd")
batches = [(mx.nd.ones((4, 3)), mx.nd.ones(4))] * 10
metric = mx.metric.MAE()


def train(note):
    for x, y in batches:
        with autograd.record():
            output = network(x)
            loss = loss_function(output, y)
        loss.backward()
        trainer.step(len(x))
        note(output, y, loss)


train(lambda *_: None)
total = mx.nd.zeros(1)
print("waits in 10 training steps")
NOTES = {
    "nothing noted": lambda output, y, loss: None,
    "each loss read": lambda output, y, loss: loss.mean().asscalar(),
    "a metric updated": lambda output, y, loss: metric.update([y], [output]),
    "losses added on the device": lambda output, y, loss: total.__iadd__(loss.mean()),
}
for what, note in NOTES.items():
    print(f"    {what}: {count(lambda note=note: train(note))}")
