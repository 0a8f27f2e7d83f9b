"""Import TensorFlow without the lines that it writes at its start.

They tell of oneDNN and of graphics cards, are no errors, and come before TensorFlow
reads its settings. ``import quiet`` stands first in the examples; leave it out in code
of your own.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # lines of later

sys.stderr.flush()
shown, hidden = os.dup(2), os.open(os.devnull, os.O_WRONLY)
os.dup2(hidden, 2)
try:
    import tensorflow  # noqa: F401
finally:
    os.dup2(shown, 2)
    os.close(shown)
    os.close(hidden)
