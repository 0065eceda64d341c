"""Numbers as a reference could have computed them, and as an implementation would."""

import numpy as np


def reference_numbers() -> dict[str, np.ndarray]:
    """What a reference could have computed, in float64."""
    random = np.random.RandomState(0)
    return {
        "logits": random.normal(size=(8, 10)),
        "losses": random.uniform(0.5, 2.5, 50),
        "pass_loss": np.array(1.2345678901234),
        "step/kernel": random.normal(size=(5, 3)),
        "step/bias": random.normal(size=3),
        "pass/kernel": random.normal(size=(5, 3)),
        "pass/bias": random.normal(size=3),
        "trained_logits": random.normal(size=(8, 10)),
        "reloaded_logits": random.normal(size=(8, 10)),
        "epoch_loss": np.array(0.3456789012345),
        "accuracy": np.array(0.9432),
    }


def rounded(numbers) -> dict[str, np.ndarray]:
    """The same numbers as a computation in float32 would leave them, at best."""
    found = {name: values.astype(np.float32) for name, values in numbers.items()}
    # Losses are Python floats, which NumPy keeps in float64; an accuracy is a count of images.
    for name in ("losses", "pass_loss", "epoch_loss"):
        found[name] = found[name].astype(np.float64)
    return found | {"accuracy": numbers["accuracy"].copy()}
