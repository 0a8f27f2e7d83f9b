"""Quantiles from a pipeline."""


def predict_quantiles(estimator, X):
    """Predict quantiles by a pipeline that ends in an LSTMRegressor.

    A `Pipeline` passes on `predict`, but not `predict_quantiles`.

    Parameters
    ----------
    estimator : estimator
        A fitted `LSTMRegressor` with ``loss="quantile"``, a `Pipeline` that ends in
        one, or a refitted search over either.

    X : array-like
        As for the `predict` of `estimator`.

    Returns
    -------
    ndarray of shape (n_samples, n_quantiles), (n_samples, n_outputs, n_quantiles) \
            or (n_samples, n_steps, n_outputs, n_quantiles)
        On the scale of y, in the order of `quantiles`.

    Raises
    ------
    TypeError
        If `estimator` does not end in an estimator with `predict_quantiles`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import LSTMRegressor, SlidingWindow, predict_quantiles
    >>> X = np.random.default_rng(0).normal(size=(50, 1))
    >>> pipe = make_pipeline(SlidingWindow(4), LSTMRegressor(loss="quantile", epochs=2))
    >>> predict_quantiles(pipe.fit(X, X[:, 0]), X).shape
    (50, 3)
    """
    if hasattr(estimator, "predict_quantiles"):
        return estimator.predict_quantiles(X)
    if hasattr(estimator, "best_estimator_"):
        return predict_quantiles(estimator.best_estimator_, X)
    if hasattr(estimator, "steps"):
        if len(estimator.steps) > 1:
            X = estimator[:-1].transform(X)
        return predict_quantiles(estimator[-1], X)
    if hasattr(estimator, "regressor"):
        raise TypeError(
            "predict_quantiles can't undo the transform of a "
            f"{type(estimator).__name__}, which may turn the order of quantiles "
            "around. Fit the regressor on the transformed y, and transform its "
            "quantiles back."
        )
    raise TypeError(
        "predict_quantiles needs an LSTMRegressor with loss='quantile', a Pipeline "
        f"that ends in one, or a search over such with refit=True; got {estimator!r}."
    )
