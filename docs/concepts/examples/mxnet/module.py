"""A Module step by step, which is what fit does; and what it sets without being asked."""

import mxnet as mx
import numpy as np

random = np.random.RandomState(0)
points = random.uniform(-1, 1, (1000, 2)).astype("float32")
inside = (np.square(points).sum(axis=1) < 0.6).astype("float32")

net = mx.sym.FullyConnected(mx.sym.Variable("data"), num_hidden=32, name="hidden")
net = mx.sym.FullyConnected(mx.sym.Activation(net, act_type="relu"), num_hidden=2, name="logits")
net = mx.sym.SoftmaxOutput(net, name="softmax")


def batches():
    return mx.io.NDArrayIter(points, inside, batch_size=64, label_name="softmax_label")


def prepare():
    mx.random.seed(0)
    module = mx.mod.Module(net, data_names=["data"], label_names=["softmax_label"])
    found = batches()
    module.bind(found.provide_data, found.provide_label)
    module.init_params(mx.init.Xavier())
    return module


by_hand = prepare()
by_hand.init_optimizer(optimizer="sgd", optimizer_params={"learning_rate": 0.5})
for _ in range(5):
    for batch in batches():
        by_hand.forward(batch, is_train=True)
        by_hand.backward()
        by_hand.update()

fitted = prepare()
fitted.fit(batches(), optimizer="sgd", optimizer_params={"learning_rate": 0.5}, num_epoch=5)

pairs = [(by_hand.get_params()[0][name], value) for name, value in fitted.get_params()[0].items()]
print("by hand as by fit:", all(np.array_equal(one.asnumpy(), other.asnumpy()) for one, other in pairs))
((_, accuracy),) = fitted.score(batches(), "acc")
print(f"accuracy: {accuracy:.2f}")
print("1000 points in batches of 64: the last has padding of", [batch.pad for batch in batches()][-1])
print("gradients are divided by:", round(1 / fitted._optimizer.rescale_grad))
print("an optimiser of one's own divides by:", round(1 / mx.optimizer.create("sgd").rescale_grad))

batch = next(batches())
fitted.forward(batch, is_train=True)
print(f"outputs are probabilities, of sum {fitted.get_outputs()[0][0].sum().asscalar():.3f}")

fitted.save_checkpoint("circle", 5)
symbol, arguments, _ = mx.model.load_checkpoint("circle", 5)
print("a checkpoint holds", symbol.list_outputs(), "and the values of", sorted(arguments)[:2], "...")
