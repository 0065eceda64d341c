"""A trap on CPUs: what is bound without gradients may keep the weights of its first call."""

import mxnet as mx

net = mx.sym.Variable("data")
net = mx.sym.Convolution(net, num_filter=1, kernel=(1, 1), no_bias=True, name="convolution")
net = mx.sym.Activation(net, act_type="relu")

for gradients in ("null", "write"):
    executor = net.simple_bind(mx.cpu(), data=(1, 1, 1, 1), grad_req=gradients)
    executor.arg_dict["data"][:] = 1
    shown = []
    for weight in (1, 2, 3):
        executor.arg_dict["convolution_weight"][:] = weight
        shown.append(executor.forward(is_train=False)[0].asnumpy().item())
    print(f"weights 1, 2, 3, bound with grad_req={gradients!r}: {shown}")
