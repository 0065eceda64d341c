"""Digits drawn from strokes, for use without MNIST, with its shapes and types.

Each of the ten digits has four skeletons, written down below as the curves that a pen follows. An
image bends a skeleton at random, shears, turns, scales and shifts it, draws it with a pen of
changing width, and spoils it: the pen skips, a stray mark falls next to the digit, a stripe is wiped
out, the ink is grainy. A linear classifier gets about nine in ten right and a small network more, so
training makes a visible difference.

All of it is integer arithmetic on the frozen stream of NumPy's legacy generator: a seed gives the
same bytes with every version of NumPy and on every machine. Lengths are counted in 64ths of a pixel.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

# Part of the cache's file name. Increase it with every change that alters a pixel.
VERSION = 1

PIXEL = 64
SIZE = 28
CHUNK = 512
# A pen that sets this many dots leaves no gaps: the longest skeleton is about 60 pixels long.
DOTS = 64
STRAY_DOTS = 5
# Places along the pen's path where it is pushed aside at random. Between them, the push is linear.
KNOTS = 8
# A squared distance that lies outside the image.
FAR = 1 << 22

Stroke = tuple[tuple[int, int], ...]

# Column and row from the top left of a box 14 wide and 20 high. A stroke runs smoothly through its
# points, and a stroke that ends where it starts is closed. Where one stroke ends and the next begins is
# a corner.
SKELETONS: tuple[tuple[tuple[Stroke, ...], ...], ...] = (
    (
        (((7, 0), (2, 4), (1, 10), (2, 16), (7, 20), (12, 16), (13, 10), (12, 4), (7, 0)),),
        (((9, 0), (4, 3), (2, 10), (3, 17), (6, 20), (10, 17), (12, 10), (12, 3), (9, 0)),),
        (((9, 2), (5, 1), (1, 6), (1, 13), (5, 20), (10, 19), (13, 12), (12, 5), (8, 1), (5, 3)),),
        (((7, 3), (2, 6), (1, 11), (4, 16), (8, 17), (13, 13), (13, 8), (10, 4), (7, 3)),),
    ),
    (
        (((7, 0), (7, 20)),),
        (((9, 0), (5, 20)),),
        (((4, 5), (8, 0)), ((8, 0), (8, 20))),
        (((4, 5), (8, 0)), ((8, 0), (8, 20)), ((4, 20), (12, 20))),
    ),
    (
        (((2, 5), (4, 1), (9, 0), (12, 4), (10, 9), (5, 15), (1, 20)), ((1, 20), (13, 20))),
        (((2, 4), (6, 0), (11, 2), (11, 8), (6, 16), (2, 19), (1, 16), (5, 16), (9, 19), (13, 18)),),
        (((3, 3), (8, 1), (11, 5), (8, 11), (3, 18)), ((3, 18), (7, 17), (12, 19))),
        (((2, 2), (10, 1), (11, 5), (2, 19)), ((2, 19), (13, 18))),
    ),
    (
        (((2, 2), (7, 0), (12, 3), (11, 7), (6, 9)), ((6, 9), (12, 12), (12, 17), (6, 20), (1, 18))),
        (((2, 1), (12, 1)), ((12, 1), (6, 8)), ((6, 8), (12, 11), (12, 17), (6, 20), (1, 17))),
        (((3, 3), (8, 0), (11, 4), (7, 9), (5, 9), (8, 9), (12, 14), (8, 20), (2, 18)),),
        (((4, 1), (9, 2), (9, 7), (5, 10)), ((5, 10), (10, 12), (10, 18), (3, 20))),
    ),
    (
        (((3, 0), (2, 11)), ((2, 11), (13, 11)), ((10, 1), (10, 20))),
        (((9, 0), (1, 13)), ((1, 13), (13, 13)), ((9, 0), (9, 20))),
        (((3, 1), (2, 8), (5, 11), (10, 9)), ((11, 1), (10, 10), (8, 20))),
        (((2, 2), (3, 10), (8, 11), (13, 9)), ((11, 0), (11, 20))),
    ),
    (
        (((12, 1), (3, 1)), ((3, 1), (2, 9)), ((2, 9), (8, 7), (12, 12), (10, 18), (5, 20), (1, 18))),
        (((4, 1), (3, 8), (9, 9), (12, 14), (8, 19), (2, 19)), ((4, 1), (13, 0))),
        (((12, 1), (6, 2), (3, 6), (7, 10), (11, 14), (8, 19), (2, 19)),),
        (((11, 2), (5, 1)), ((5, 1), (4, 9)), ((4, 9), (10, 10), (10, 17), (3, 19))),
    ),
    (
        (((10, 0), (4, 6), (1, 13), (4, 19), (9, 19), (12, 15), (9, 11), (4, 12), (2, 16)),),
        (((6, 0), (3, 8), (3, 16), (7, 20), (11, 17), (10, 12), (6, 11), (3, 14)),),
        (((12, 2), (6, 4), (2, 11), (3, 18), (8, 20), (12, 16), (9, 12), (3, 14)),),
        (((4, 0), (2, 14), (5, 20), (10, 18), (10, 13), (6, 12), (3, 15)),),
    ),
    (
        (((1, 1), (12, 1)), ((12, 1), (6, 20))),
        (((1, 1), (12, 1)), ((12, 1), (6, 20)), ((4, 10), (12, 10))),
        (((1, 3), (2, 1), (12, 2)), ((12, 2), (8, 10), (7, 20))),
        (((2, 4), (2, 1)), ((2, 1), (13, 1)), ((13, 1), (4, 20))),
    ),
    (
        (((11, 2), (6, 0), (3, 4), (7, 9), (12, 15), (8, 20), (3, 17), (5, 11), (11, 5), (11, 2)),),
        (((7, 0), (3, 4), (7, 9), (11, 4), (7, 0)), ((7, 9), (2, 14), (7, 20), (12, 14), (7, 9))),
        (((12, 1), (6, 1), (3, 5), (8, 10), (11, 15), (7, 20), (3, 16), (7, 10), (13, 3)),),
        (((9, 0), (5, 3), (7, 8), (10, 13), (7, 20), (3, 17), (5, 11), (11, 5), (9, 0)),),
    ),
    (
        (((11, 4), (7, 0), (2, 4), (3, 9), (8, 10), (11, 5)), ((11, 4), (11, 12), (9, 20))),
        (((12, 3), (6, 0), (2, 6), (6, 10), (11, 6), (12, 2)), ((12, 2), (12, 20))),
        (((11, 5), (6, 1), (3, 5), (6, 9), (11, 5)), ((11, 5), (12, 12), (9, 19), (3, 19))),
        (((10, 1), (4, 3), (3, 8), (8, 9), (11, 3)), ((11, 3), (7, 20))),
    ),
)


def generate(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw digits, and return them with their labels.

    Parameters
    ----------
    seed : int
        0 to 2**32 - 1.
    count : int
        Number of images.

    Returns
    -------
    images : numpy.ndarray
        uint8 of shape ``(count, 28, 28)``: 0 is paper, 255 is full ink.
    labels : numpy.ndarray
        uint8 of shape ``(count,)``, 0 to 9, each about equally often.

    Raises
    ------
    ValueError
        If NumPy's legacy generator does not accept the seed.
    """
    random = np.random.RandomState(seed)
    labels = _integers(random, 0, 9, count).astype(np.uint8)
    skeletons = np.array([[_dots(strokes) for strokes in variants] for variants in SKELETONS])
    images = np.empty((count, SIZE, SIZE), np.uint8)
    # In chunks, because the working memory of a chunk fits into the processor's cache.
    for start in range(0, count, CHUNK):
        chunk = labels[start : start + CHUNK]
        variants = _integers(random, 0, skeletons.shape[1] - 1, len(chunk))
        x, y = _place(random, skeletons[chunk, variants])
        images[start : start + CHUNK] = _spoil(random, _draw(random, x, y))
    return images, labels


def _integers(random: np.random.RandomState, low: int, high: int, *shape: int) -> np.ndarray:
    # The type is explicit because the default is C's long, whose width depends on the platform.
    return random.randint(low, high + 1, shape, np.int64)


def _smooth(stroke: Stroke) -> list[tuple[int, int]]:
    """Run a Catmull-Rom curve through a stroke's points, in 64ths of a pixel, centred on 0."""
    # 57 / 64 of a pixel to a unit: the box is 18 pixels high before it is scaled.
    points = [((x - 7) * 57, (y - 10) * 57) for x, y in stroke]
    closed = stroke[0] == stroke[-1]
    before, after = (points[-2], points[1]) if closed else (points[0], points[-1])
    padded = [before, *points, after]
    curve = [points[0]]
    for p0, p1, p2, p3 in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        for t in range(1, 9):  # eighths of the way from p1 to p2
            weights = (
                -64 * t + 16 * t**2 - t**3,
                1024 - 40 * t**2 + 3 * t**3,
                64 * t + 32 * t**2 - 3 * t**3,
                -8 * t**2 + t**3,
            )
            x, y = (
                sum(w * p[axis] for w, p in zip(weights, (p0, p1, p2, p3), strict=True)) // 1024
                for axis in (0, 1)
            )
            curve.append((x, y))
    return curve


def _dots(strokes: tuple[Stroke, ...]) -> np.ndarray:
    """Set dots at equal distances along strokes: int64 of shape ``(DOTS, 2)``."""
    curves = [_smooth(stroke) for stroke in strokes]
    spans = [span for curve in curves for span in itertools.pairwise(curve)]
    lengths = [math.isqrt((x1 - x0) ** 2 + (y1 - y0) ** 2) for (x0, y0), (x1, y1) in spans]
    dots, span, passed = [], 0, 0
    for dot in range(DOTS):
        at = sum(lengths) * dot // (DOTS - 1)
        while passed + lengths[span] < at:
            passed += lengths[span]
            span += 1
        (x0, y0), (x1, y1) = spans[span]
        along, length = at - passed, max(lengths[span], 1)
        dots.append((x0 + (x1 - x0) * along // length, y0 + (y1 - y0) * along // length))
    return np.array(dots, np.int64)


def _along(random: np.random.RandomState, low: int, high: int, count: int) -> np.ndarray:
    """Draw a value for each knot, and join them by lines: int64 of shape ``(count, DOTS)``."""
    knots = _integers(random, low, high, count, KNOTS)
    knot, beyond = np.divmod(np.arange(DOTS) * (KNOTS - 1), DOTS - 1)
    after = np.minimum(knot + 1, KNOTS - 1)
    joined: np.ndarray = knots[:, knot] * (DOTS - 1 - beyond) + knots[:, after] * beyond
    return joined // (DOTS - 1)


def _place(random: np.random.RandomState, dots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bend, turn and shift skeletons, ``(count, DOTS, 2)``; columns and rows, each ``(count, DOTS)``."""
    count = len(dots)
    x = dots[:, :, 0] + _along(random, -48, 48, count)
    y = dots[:, :, 1] + _along(random, -48, 48, count)
    # Parabolas bend the whole: each moves the edge of the box, 9 pixels out, by up to 2 pixels.
    p, q, r, s = _integers(random, -96, 96, 4, count, 1)
    x, y = x + (y * (p * y + q * x) >> 18), y + (x * (r * x + s * y) >> 18)
    # The rest is in 256ths. The turn, which rows and columns share, is a rotation by a small angle.
    width, height = _integers(random, 200, 290, count, 1), _integers(random, 216, 290, count, 1)
    turn, slant = _integers(random, -48, 48, count, 1), _integers(random, -60, 60, count, 1)
    x, y = (x * width - y * (turn + slant)) >> 8, (x * turn + y * height) >> 8
    shift = SIZE * PIXEL // 2 + _integers(random, -104, 104, 2, count, 1)
    return x + shift[0], y + shift[1]


def _draw(random: np.random.RandomState, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Ink the pixels near dots, ``(count, DOTS)``: int32 of shape ``(count, 28, 28)``, 0 to 255."""
    count = len(x)
    reach = _integers(random, 96, 148, count, 1) ** 2
    # Where the pen presses less, a dot counts as farther away than it is.
    lift = _along(random, 0, 128, count) * reach >> 8
    # One pen in six skips five dots. For the others, the first skipped dot lies past the last dot.
    skipped = np.arange(DOTS) - _integers(random, 0, 6 * DOTS, count, 1)
    lift[(skipped >= 0) & (skipped < 5)] = FAR
    # One image in six has a stray mark: a few dots in a row, anywhere.
    start, step = _integers(random, 0, SIZE * PIXEL, 2, count, 1), _integers(random, -48, 48, 2, count, 1)
    stray = start + step * np.arange(STRAY_DOTS)
    stray_lift = np.where(_integers(random, 1, 6, count, 1) == 1, reach >> 2, FAR).repeat(STRAY_DOTS, 1)
    x, y, lift = np.hstack([x, stray[0]]), np.hstack([y, stray[1]]), np.hstack([lift, stray_lift])

    centres = np.arange(SIZE) * PIXEL + PIXEL // 2
    across = ((centres - x[:, :, None]) ** 2 + lift[:, :, None]).astype(np.int32)
    down = ((centres - y[:, :, None]) ** 2).astype(np.int32)
    nearest = np.full((count, SIZE, SIZE), FAR, np.int32)
    squared = np.empty_like(nearest)
    for dot in range(x.shape[1]):
        np.add(down[:, dot, :, None], across[:, dot, None, :], out=squared)
        np.minimum(nearest, squared, out=nearest)
    # Full ink in the middle of the line, less towards its edge.
    edge = reach.astype(np.int32)[:, :, None]
    ink: np.ndarray = np.minimum(np.maximum(edge - nearest, 0) * 255 // (edge * 5 // 8), 255)
    return ink


def _spoil(random: np.random.RandomState, ink: np.ndarray) -> np.ndarray:
    """Wipe a stripe out of one image in eight, and make all ink grainy: uint8."""
    count = len(ink)
    across, offset = _integers(random, -8, 8, 2, count, 1, 1)
    # The stripe runs in any direction, and is about 3 pixels wide.
    down = 8 - np.abs(across)
    width = np.where(_integers(random, 1, 8, count, 1, 1) == 1, 10, 0)
    centred = np.arange(SIZE) - SIZE // 2
    wiped = np.abs(across * centred + down * centred[:, None] + 8 * offset) < width
    grain = np.frombuffer(random.bytes(ink.size), np.uint8).reshape(ink.shape)
    # Grain takes up to a quarter of the ink away.
    ink = ink * (256 - (grain.astype(np.int32) >> 2)) >> 8
    ink[wiped] = 0
    return ink.astype(np.uint8)
