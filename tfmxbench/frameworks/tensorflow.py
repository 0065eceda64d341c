"""TensorFlow, with the pinned Keras."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

TITLE = "TensorFlow"
MODULE = "tensorflow"
PYTHONS = ("3.11", "3.12", "3.13")
REQUIREMENTS = {"cpu": "tensorflow-cpu.txt", "gpu": "tensorflow-gpu.txt"}
DISTRIBUTIONS = ("tensorflow-cpu", "tensorflow", "keras", "numpy")


def environment_variables(threads: int, device: str) -> dict[str, str]:
    variables = {
        "OMP_NUM_THREADS": str(threads),
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "KERAS_BACKEND": "tensorflow",
        # Full float32 on every GPU: TF32 would round the inputs of matrix products to 10 bits.
        "NVIDIA_TF32_OVERRIDE": "0",
    }
    if device == "cpu":
        variables["CUDA_VISIBLE_DEVICES"] = "-1"
    return variables


def configure(threads: int) -> None:
    import tensorflow

    tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
    tensorflow.config.threading.set_inter_op_parallelism_threads(threads)
    for gpu in tensorflow.config.list_physical_devices("GPU"):
        # Otherwise TensorFlow takes the whole memory at once, and its use cannot be measured.
        tensorflow.config.experimental.set_memory_growth(gpu, True)


def device_problem(device: str) -> str | None:
    import tensorflow

    if device == "gpu" and not tensorflow.config.list_physical_devices("GPU"):
        return f"TensorFlow {tensorflow.__version__} finds no GPU that it can use"
    try:
        with tensorflow.device(f"/{device.upper()}:0"):
            tensorflow.linalg.matmul(tensorflow.ones((8, 8)), tensorflow.ones((8, 8))).numpy()
    except Exception as error:
        return f"TensorFlow {tensorflow.__version__} failed to compute on the {device}: {error}"
    return None


def device_name(device: str) -> str:
    if device == "cpu":
        return "CPU"
    import tensorflow

    details = tensorflow.config.experimental.get_device_details(
        tensorflow.config.list_physical_devices("GPU")[0]
    )
    return str(details.get("device_name", "GPU"))


def device_memory(device: str) -> int | None:
    if device == "cpu":
        return None
    import tensorflow

    return int(tensorflow.config.experimental.get_memory_info("GPU:0")["peak"])


def parameter_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape


def synchronise() -> None:
    import tensorflow

    tensorflow.test.experimental.sync_devices()


def matrix_product(first: np.ndarray, second: np.ndarray, device: str) -> Callable[[], object]:
    import tensorflow

    with tensorflow.device(f"/{device.upper()}:0"):
        a, b = tensorflow.constant(first), tensorflow.constant(second)
    return lambda: tensorflow.linalg.matmul(a, b)
