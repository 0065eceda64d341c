"""Apache MXNet 1.9.1, the last release."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

TITLE = "MXNet"
MODULE = "mxnet"
# The NumPy that MXNet 1.9.1 imports with, 1.23.5, has no wheels for a later Python.
PYTHONS = ("3.11",)
REQUIREMENTS = {"cpu": "mxnet-cpu.txt", "gpu": "mxnet-gpu.txt"}
DISTRIBUTIONS = ("mxnet", "mxnet-cu112", "numpy")


def environment_variables(threads: int, device: str) -> dict[str, str]:
    variables = {
        # libgomp reads its number of threads only once, when MXNet is loaded.
        "OMP_NUM_THREADS": str(threads),
        "MXNET_CPU_WORKER_NTHREADS": str(threads),
        "NVIDIA_TF32_OVERRIDE": "0",
    }
    if device == "cpu":
        variables["CUDA_VISIBLE_DEVICES"] = "-1"
    return variables


def configure(threads: int) -> None:
    import mxnet  # noqa: F401


def device_problem(device: str) -> str | None:
    import mxnet

    if device == "gpu" and mxnet.context.num_gpus() == 0:
        return f"MXNet {mxnet.__version__} finds no GPU that it can use"
    try:
        context = mxnet.gpu() if device == "gpu" else mxnet.cpu()
        mxnet.nd.dot(mxnet.nd.ones((8, 8), context), mxnet.nd.ones((8, 8), context)).asnumpy()
    except Exception as error:
        # MXNet's errors carry a C++ stack: their last line says what happened.
        last_line = (str(error).strip() or type(error).__name__).splitlines()[-1]
        return f"MXNet {mxnet.__version__} failed to compute on the {device}: {last_line}"
    return None


def device_name(device: str) -> str:
    return "CPU" if device == "cpu" else "GPU"


def device_memory(device: str) -> int | None:
    if device == "cpu":
        return None
    import mxnet

    free, total = mxnet.context.gpu_memory_info()
    return int(total - free)


def parameter_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    # Outputs come first, then inputs, then a convolution's rows and columns.
    return (shape[-1], shape[-2], *shape[:-2]) if len(shape) > 1 else shape


def synchronise() -> None:
    import mxnet

    mxnet.nd.waitall()


def matrix_product(first: np.ndarray, second: np.ndarray, device: str) -> Callable[[], object]:
    import mxnet

    context = mxnet.gpu() if device == "gpu" else mxnet.cpu()
    a, b = mxnet.nd.array(first, ctx=context), mxnet.nd.array(second, ctx=context)
    return lambda: mxnet.nd.dot(a, b)
