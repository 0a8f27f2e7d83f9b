"""Quantiles from pipelines and searches."""

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklstm import LSTMRegressor, PerFeatureScaler, SlidingWindow, predict_quantiles

X = np.sin(np.arange(60) / 3)[:, np.newaxis]
Y = 5 * X[:, 0]


def regressor():
    return LSTMRegressor(units=4, epochs=2, loss="quantile", random_state=0)


def test_a_pipeline_gives_the_quantiles_of_its_last_step():
    pipe = make_pipeline(SlidingWindow(5), PerFeatureScaler(), regressor()).fit(X, Y)
    by_hand = pipe[-1].predict_quantiles(pipe[:-1].transform(X))
    np.testing.assert_array_equal(predict_quantiles(pipe, X), by_hand)
    nested = make_pipeline(SlidingWindow(5), make_pipeline(regressor())).fit(X, Y)
    assert predict_quantiles(nested, X).shape == (60, 3)
    np.testing.assert_array_equal(by_hand[:, 1], pipe.predict(X))


@pytest.mark.filterwarnings("ignore:.*start cold")
def test_a_search_and_the_regressor_itself_give_them():
    pipe = make_pipeline(SlidingWindow(5), regressor())
    search = GridSearchCV(pipe, {"lstmregressor__units": [3]}, cv=2).fit(X, Y)
    np.testing.assert_array_equal(predict_quantiles(search, X)[:, 1], search.predict(X))
    windows = search.best_estimator_[0].transform(X)
    alone = search.best_estimator_[-1]
    np.testing.assert_array_equal(
        predict_quantiles(alone, windows), alone.predict_quantiles(windows)
    )


def test_what_predicts_no_quantiles_is_told():
    windows = SlidingWindow(5).fit_transform(X)
    wrapped = TransformedTargetRegressor(regressor(), func=np.negative)
    with pytest.raises(TypeError, match="can't undo the transform of a Transformed"):
        predict_quantiles(wrapped, windows)
    for estimator in (
        Ridge(),
        make_pipeline(LSTMRegressor()),
        GridSearchCV(Ridge(), {}),
    ):
        with pytest.raises(TypeError, match=r"needs an LSTMRegressor with loss='quant"):
            predict_quantiles(estimator, windows)


def test_quantiles_without_their_loss_are_told():
    X = np.random.default_rng(0).normal(size=(20, 3, 1))
    regressor = LSTMRegressor(2, epochs=1, quantiles=(0.2, 0.8))
    with pytest.warns(UserWarning, match=r"\(0.2, 0.8\) is not used with loss='mse'"):
        regressor.fit(X, X[:, -1, 0])
    assert not hasattr(regressor, "predict_quantiles")
    with pytest.raises(AttributeError) as error:
        regressor.predict_quantiles(X)
    assert 'needs loss="quantile"' in str(error.value.__cause__)
