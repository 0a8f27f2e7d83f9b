"""How long a call takes, and by how much the process grows at its largest."""

import contextlib
import gc
import threading
import time

import numpy as np


def seconds(function, repeats=1):
    """Give the median time of a call."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


@contextlib.contextmanager
def peak_growth(result):
    """Put into `result` by how many MiB the process grew at its largest."""
    import psutil

    process, done = psutil.Process(), threading.Event()
    gc.collect()
    before = process.memory_info().rss
    largest = [before]

    def watch():
        while not done.wait(0.005):
            largest[0] = max(largest[0], process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
        result["MiB"] = (largest[0] - before) / 2**20
