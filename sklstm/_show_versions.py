"""What a report of a bug needs to say of the machine."""

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

import sklstm

# What sklstm stands on, and what is often used with it.
_REQUIRED = (
    "tensorflow",
    "keras",
    "scikeras",
    "scikit-learn",
    "numpy",
    "scipy",
    "pandas",
    "joblib",
)
_OPTIONAL = (
    "dask",
    "distributed",
    "mapie",
    "matplotlib",
    "onnx",
    "onnxruntime",
    "optuna",
    "polars",
    "pyarrow",
    "ray",
    "rich",
    "skops",
    "tf2onnx",
)
# Environment variables by which other numbers, or another speed, are computed.
_VARIABLES = (
    "KERAS_BACKEND",
    "SKLSTM_THREADS",
    "OMP_NUM_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_ENABLE_ONEDNN_OPTS",
    "CUDA_VISIBLE_DEVICES",
)


def _installed(package):
    """Return the version of a package, or None where there is none."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _sections():
    """Return what is printed: titles, and values by name."""
    required = {package: _installed(package) for package in _REQUIRED}
    optional = {package: _installed(package) for package in _OPTIONAL}
    return {
        "System": {
            "python": sys.version.replace("\n", " "),
            "executable": sys.executable,
            "machine": platform.platform(),
            "CPUs": os.cpu_count(),
        },
        "Packages": {
            "sklstm": sklstm.__version__,
            **{name: found or "not installed" for name, found in required.items()},
            **{name: found for name, found in optional.items() if found},
        },
        "Environment": {
            name: os.environ[name] for name in _VARIABLES if name in os.environ
        },
    }


def show_versions():
    """Print the versions of Python, sklstm and the packages that it is used with.

    The number of CPUs, and environment variables that change what is computed, are
    printed too. TensorFlow is not imported. This is what a report of a bug needs.

    See Also
    --------
    sklearn.show_versions : The same for scikit-learn, with BLAS and OpenMP.

    Examples
    --------
    >>> import sklstm
    >>> sklstm.show_versions()
    System:
        python: 3...
    Packages:
        sklstm: ...
        tensorflow: ...
    """
    for title, values in _sections().items():
        if values:
            print(f"{title}:")
        for name, value in values.items():
            print(f"    {name}: {value}")
