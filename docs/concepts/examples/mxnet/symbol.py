"""A Symbol from its declaration to gradients: what is known at which point."""

import mxnet as mx
import numpy as np

data, label = mx.sym.Variable("data"), mx.sym.Variable("label")
hidden = mx.sym.FullyConnected(data, num_hidden=8, name="hidden")
hidden = mx.sym.Activation(hidden, act_type="relu", name="relu")
logits = mx.sym.FullyConnected(hidden, num_hidden=3, name="logits")
loss = mx.sym.MakeLoss(-mx.sym.pick(mx.sym.log_softmax(logits), label), name="loss")

print("arguments:", loss.list_arguments())
arguments, outputs, _ = loss.infer_shape(data=(5, 4), label=(5,))
for name, shape in zip(loss.list_arguments(), arguments, strict=True):
    print(f"    {name:14} {shape}")
print("    the result", outputs)
try:
    loss.infer_shape(data=(5, 4), label=(6,))
except mx.base.MXNetError as error:
    print("shapes that do not fit:", type(error).__name__)

wanted = {"hidden_weight": "write", "logits_weight": "add"}
executor = loss.simple_bind(mx.cpu(), data=(5, 4), label=(5,), grad_req=wanted)
random = np.random.RandomState(0)
for name in ("data", "hidden_weight", "logits_weight"):
    executor.arg_dict[name][:] = random.uniform(-1, 1, executor.arg_dict[name].shape)

for number in (1, 2):
    (losses,) = executor.forward(is_train=True)
    executor.backward()
    sizes = {name: executor.grad_dict[name].norm().asscalar() for name in wanted}
    print(f"gradients, pass {number}:", {name: f"{size:.3f}" for name, size in sizes.items()})

internals = loss.get_internals()
print("inside:", *(name for name in internals.list_outputs() if name.endswith("_output")), sep="\n    ")
hidden = internals["relu_output"]
shared = {name: executor.arg_dict[name] for name in hidden.list_arguments()}
print("the hidden layer alone, on the same arrays:", hidden.bind(mx.cpu(), shared).forward()[0].shape)
again = mx.sym.load_json(loss.tojson())
print("read back from JSON, the same arguments:", again.list_arguments() == loss.list_arguments())
