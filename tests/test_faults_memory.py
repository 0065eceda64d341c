"""Trials that exceed their memory limit: each has a record that names the limit."""

from __future__ import annotations

import sys

import pytest
from misbehaving import assert_failed

from tfmxbench.records.trial import COMPLETED

pytestmark = pytest.mark.xdist_group("machine")

linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux limits a process's memory"
)


@linux
@pytest.mark.parametrize(
    "training",
    [
        "import numpy\nheld = numpy.ones(100_000_000)\nreturn 1.0",
        "held = []\nwhile True:\n    held.append(b'x' * 10_000_000)",
    ],
    ids=["at once", "bit by bit"],
)
def test_a_trial_that_needs_more_memory_than_its_limit_fails_and_says_so(misbehave, monkeypatch, training):
    monkeypatch.setenv("TFMXBENCH_MEMORY_LIMIT", "700M")
    assert_failed(misbehave(training), "MemoryError", "limited to 700 MiB by TFMXBENCH_MEMORY_LIMIT")


@linux
def test_native_code_that_gets_no_memory_is_reported_with_the_limit(misbehave, monkeypatch):
    """Some frameworks crash like this code when they get no memory."""
    monkeypatch.setenv("TFMXBENCH_MEMORY_LIMIT", "700M")
    record = misbehave(
        """
        import ctypes
        libc = ctypes.CDLL(None)
        libc.malloc.restype = ctypes.c_void_p
        libc.memset(ctypes.c_void_p(libc.malloc(ctypes.c_size_t(10**9))), 1, ctypes.c_size_t(10**9))
        """
    )
    assert_failed(record, "killed by signal SIGSEGV", "limited to 700 MiB by TFMXBENCH_MEMORY_LIMIT")


@linux
def test_a_trial_within_its_limit_is_not_disturbed(misbehave, monkeypatch):
    monkeypatch.setenv("TFMXBENCH_MEMORY_LIMIT", "2G")
    record = misbehave("return 1.0")
    assert (record.status, record.reason) == (COMPLETED, "")


@linux
def test_the_children_of_a_trial_are_limited_too(misbehave, monkeypatch):
    monkeypatch.setenv("TFMXBENCH_MEMORY_LIMIT", "700M")
    record = misbehave("subprocess.run([sys.executable, '-c', 'b\"x\" * 10**9'], check=True)")
    assert_failed(record, "CalledProcessError", "limited to 700 MiB")


@pytest.mark.parametrize("text", ["700", "0G", "-1G", "1T", "1.5G", "much", "9999999G", " 8G"])
def test_an_invalid_memory_limit_is_refused(call, monkeypatch, text):
    monkeypatch.setenv("TFMXBENCH_MEMORY_LIMIT", text)
    code, out, err = call("run", "--device", "cpu")
    assert (code, out) == (2, "")
    assert err == f"tfmxbench: TFMXBENCH_MEMORY_LIMIT is {text!r}; it is a size such as 800M or 8G\n"


@linux
def test_another_memory_limit_is_another_campaign(make_campaign, monkeypatch):
    """A trial that failed for lack of memory is measured again with more."""
    monkeypatch.delenv("TFMXBENCH_MEMORY_LIMIT", raising=False)
    keys = {make_campaign().key}
    for limit in ("1G", "2G"):
        monkeypatch.setenv("TFMXBENCH_MEMORY_LIMIT", limit)
        keys.add(make_campaign().key)
    assert len(keys) == 3
