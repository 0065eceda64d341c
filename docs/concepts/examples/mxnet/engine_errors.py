"""Where an error comes up: at the call if shapes tell, or else where a value is read."""

import mxnet as mx


def attempt(what, action):
    try:
        action()
        print(f"{what}: no error")
    except mx.base.MXNetError as error:
        # The C++ stack comes first, what happened last.
        said = str(error).strip().splitlines()[-1].split(") : ")[-1]
        print(f"{what}: {type(error).__name__}: {said}")


attempt("shapes that do not fit", lambda: mx.nd.dot(mx.nd.ones((2, 3)), mx.nd.ones((2, 3))))

kept = {}
attempt("a negative scale", lambda: kept.update(first=mx.nd.random.normal(0, -1, (2, 2))))
attempt("computing with the result", lambda: kept.update(second=kept["first"] + 1))
attempt("its shape", lambda: kept["second"].shape)
attempt("reading another array", lambda: mx.nd.ones(2).asnumpy())
attempt("reading it", lambda: kept["second"].asnumpy())
attempt("reading it again", lambda: kept["second"].asnumpy())
attempt("reading the first", lambda: kept["first"].asnumpy())

kept["third"] = mx.nd.random.normal(0, -1, (2, 2))
attempt("one that nobody reads, waiting for all", mx.nd.waitall)
attempt("reading it now", lambda: kept["third"].asnumpy())
