"""What a tf.function refuses, with the error that says so."""

import textwrap

import tensorflow as tf


def attempt(what, action):
    try:
        action()
    except Exception as error:
        # An error while tracing ends with what happened, after the places in the code.
        first, *others = [line.strip() for line in str(error).splitlines() if line.strip()]
        said = others[-1] if first == "in user code:" else first
        kind = type(error).__name__
        print(f"{what}:\n    {kind}: {textwrap.shorten(said.removeprefix(f'{kind}: '), 75)}")
    else:
        print(f"{what}:\n    works")


@tf.function
def makes_a_variable(x):
    return tf.Variable(1.0) * x


kept = []


@tf.function
def keeps_a_tensor(x):
    kept.append(2 * x)
    return x


@tf.function
def asks_for_values(x):
    return x.numpy()


@tf.function(autograph=False)
def branches(x):
    return x if x > 0 else -x


@tf.function
def returns_in_one_branch(x):
    if x > 0:
        y = x
    return y


@tf.function
def grows(x):
    for _ in tf.range(3):
        x = tf.concat([x, x], axis=0)
    return x


@tf.function
def grows_as_announced(x):
    for _ in tf.range(3):
        tf.autograph.experimental.set_loop_options(shape_invariants=[(x, tf.TensorShape((None,)))])
        x = tf.concat([x, x], axis=0)
    return x


one = tf.constant(1.0)
attempt("makes a variable at each call", lambda: makes_a_variable(one))
keeps_a_tensor(one)
attempt("uses a tensor of a finished trace", lambda: kept[0] + 1)
attempt("asks a traced tensor for its values", lambda: asks_for_values(one))
attempt("branches on a tensor, without AutoGraph", lambda: branches(one))
attempt("gives a name to a tensor in one branch only", lambda: returns_in_one_branch(one))
attempt("a tensor grows in a loop", lambda: grows(tf.ones(1)))
attempt("a tensor grows in a loop, and that was announced", lambda: grows_as_announced(tf.ones(1)))
