"""The same expression line by line, as a Symbol, and through a block that can be either."""

import mxnet as mx

a, b = mx.nd.array([1, 2, 3]), mx.nd.array([10, 20, 30])


def expression(F, a, b):
    product = a * b
    F.linalg.gemm2(F.zeros((1000, 1000)), F.zeros((1000, 1000)))
    return product + 1


print("imperative")
product = a * b
print("    after the first line:", product.asnumpy())
print("    after the second:", (product + 1).asnumpy())

print("symbolic")
result = expression(mx.sym, mx.sym.Variable("a"), mx.sym.Variable("b"))
print("    arguments:", result.list_arguments())
print("    nodes:", [node for node in result.get_internals().list_outputs()])
(value,) = result.eval(a=a, b=b)
print("    with values:", value.asnumpy())
print("    the same lines, given arrays:", expression(mx.nd, a, b).asnumpy())

print("shapes that do not fit")
for what, compute in {
    "imperative": lambda: mx.nd.zeros(3) + mx.nd.zeros(4),
    "symbolic": lambda: mx.sym.Variable("a") + mx.sym.Variable("b"),
    "symbolic, bound": lambda: result.simple_bind(mx.cpu(), a=(3,), b=(4,)),
}.items():
    try:
        compute()
        print(f"    {what}: no error yet")
    except Exception as error:
        print(f"    {what}: {type(error).__name__}")
