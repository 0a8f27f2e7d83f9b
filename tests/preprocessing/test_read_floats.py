"""Tables of floats, beside what scikit-learn's `check_array` reads of them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.utils import check_array

from sklstm._validation import FLOATS, check_rows

TABLES = {
    "float64": pd.DataFrame({"a": [1.0, np.nan], "b": [3.0, 4.0]}),
    "one column": pd.DataFrame({"a": [1.0, np.nan]}),
    "float32": pd.DataFrame({"a": [1.0, 2.0]}, dtype="float32"),
    "float64 and float32": pd.DataFrame({"a": [1.0], "b": np.float32([0.1])}),
    "float and int": pd.DataFrame({"a": [1.0], "b": [2]}),
    "float and bool": pd.DataFrame({"a": [1.0], "b": [True]}),
    "float16": pd.DataFrame({"a": [1.5]}, dtype="float16"),
    "nullable": pd.DataFrame({"a": [1.0, None]}, dtype="Float64"),
    "sparse": pd.DataFrame({"a": pd.arrays.SparseArray([0.0, 1.0])}),
    "array": np.array([[1.0, np.nan]]),
    "columns first": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "float32 array": np.float32([[1.5]]),
    "long double": np.longdouble([[1.5]]),
    "objects": np.array([[1.5, None]], dtype=object),
    "list": [[1.0, 2.0]],
}


@pytest.mark.parametrize("name", TABLES)
def test_values_and_type_are_those_of_check_array(name):
    X, estimator = TABLES[name], BaseEstimator()
    values = check_rows(estimator, X, reset=True)
    dense = X.astype(float) if name == "sparse" else X
    if name == "objects":
        dense = np.where(pd.isna(X), np.nan, X)
    expected = check_array(dense, dtype=FLOATS, ensure_all_finite=False)
    np.testing.assert_array_equal(values, expected)
    assert values.dtype == expected.dtype
    assert estimator.n_features_in_ == values.shape[1]
    names = list(X.columns) if hasattr(X, "columns") else None
    found = getattr(estimator, "feature_names_in_", None)
    assert names == (None if found is None else list(found))
    check_rows(estimator, X, reset=False)


def test_what_is_refused():
    X, estimator = np.ones((2, 2)), BaseEstimator()
    check_rows(estimator, X, reset=True)
    for message, wrong in {
        "0 sample": X[:0],
        "1 features": X[:, :1],
        "0 feature": X[:, :0],
        "1D array": X[0],
    }.items():
        with pytest.raises(ValueError, match=message):
            check_rows(estimator, wrong, reset=False)


def test_other_column_names_are_refused():
    estimator = BaseEstimator()
    check_rows(estimator, TABLES["float64"], reset=True)
    with pytest.raises(ValueError, match="feature names"):
        check_rows(estimator, TABLES["float64"][["b", "a"]], reset=False)
    with pytest.raises(ValueError, match="no columns"):
        check_rows(estimator, TABLES["float64"][[]], reset=False)
