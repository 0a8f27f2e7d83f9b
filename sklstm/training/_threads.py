"""How many threads compute, and in how many parts they take a batch."""

import os

import tensorflow as tf


def n_parts(spec):
    """Choose into how many concurrent parts the batches of a network are taken."""
    return min(_n_threads(), 2) if max(spec.units) >= 24 else 1


def _n_threads():
    given = tf.config.threading.get_inter_op_parallelism_threads()
    return given or os.cpu_count()
