"""Regression on sequences."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils.metaestimators import available_if

from sklstm._compat.scikeras import KerasRegressor
from sklstm._compat.sklearn import Interval, StrOptions
from sklstm.estimators._base import SequenceEstimator
from sklstm.estimators._check_target import holds_nan
from sklstm.estimators._known_score import r2_of_known
from sklstm.estimators._linear_skip import name_of_loss
from sklstm.estimators._linear_start import LinearStart
from sklstm.estimators._one_state import OneState
from sklstm.estimators._quantiles import (
    check_learns_quantiles,
    check_quantiles,
    learns_quantiles,
    warn_of_unused_quantiles,
)
from sklstm.estimators._sizes import COUNT_OR_AUTO
from sklstm.estimators._targets import RegressionTarget


class LSTMRegressor(LinearStart, OneState, SequenceEstimator, KerasRegressor):
    """Regression on sequences by ridge regression and an LSTM network.

    The network (an LSTM [1]_) learns the residuals of ridge regressions on the last
    time steps (an "autoregressive highway" [5]_). If y continues a feature of X, it
    sees windows relative to their mean and standard deviation [6]_. `fit` measures on
    later samples how much each part helps: forecasts are about as good as those of a
    linear model on series that are linear, have a trend or few rows, and better on
    others.

    A `scikeras.wrappers.KerasRegressor`, with SciKeras's routed parameters, such as
    ``optimizer__beta_1=0.8`` or ``callbacks__patience=3``.

    Parameters
    ----------
    units : int or sequence of int, default=32
        Number of units of the recurrent layer, or of each of several stacked layers.

    cell : {"lstm", "gru", "simple_rnn"}, default="lstm"
        Type of the recurrent layers.

    bidirectional : bool, default=False
        Whether recurrent layers run in both directions, with `units` for each.

    activation : str, default="tanh"
        Activation of the recurrent layers, such as "tanh" or "relu".

    recurrent_activation : str, default="sigmoid"
        Activation of the gates of the recurrent layers; a "simple_rnn" has none.

    dropout : float, default=0.0
        Fraction of the outputs of recurrent layers set to zero in training, in [0, 1).

    recurrent_dropout : float, default=0.0
        Fraction of the recurrent state set to zero in training, in [0, 1).

    pooling : {"last", "mean", "max", "attention", "concat"}, default="last"
        How the states of all time steps become one: "last" takes the last; "mean",
        "max" and "attention" [3]_ take their mean, maximum and learned weighted mean,
        missing time steps left out; "concat" [4]_ joins last, maximum and mean.

    embedding_dim : int, default=None
        Size of the token embedding; X then holds one integer token per time step. `fit`
        learns the vocabulary; other tokens are missing time steps. None: no embedding.

    conv_filters : int or sequence of int, default=()
        Number of filters of each convolution before the recurrent layers. Missing time
        steps are left out first.

    conv_kernel_size : int, default=3
        Number of time steps that each of these convolutions spans. It turns n time
        steps into ``n - conv_kernel_size + 1``.

    conv_activation : str, default="relu"
        Activation of these convolutions.

    conv_pool_size : int, default=1
        Size of the max pooling after each of these convolutions; 1 for none.

    hidden_layer_sizes : int or sequence of int, default=()
        Number of units of each dense layer before the output layer.

    hidden_activation : str, default="relu"
        Activation of these dense layers.

    heads : {"joint", "separate"}, default="joint"
        Whether several outputs share the dense layers, or each has its own.

    model : callable, default=None
        A function that builds another network. It is called with a
        `sklstm.networks.CustomSpec` of the data (`n_timesteps`, `n_features`,
        `n_outputs`, `output_activation` and more) and with routed parameters
        (``model__n_filters=8``), and returns an uncompiled `keras.Model`. The
        parameters above are then not used. Missing time steps are masked zeros.

    optimizer : str, type or keras.optimizers.Optimizer, default="adam"
        Name, class or instance of an optimizer. An instance keeps its own learning rate
        and clipping; every fit uses a new copy of it.

    learning_rate : float, default=0.005
        Learning rate of the optimizer.

    learning_rate_schedule : {"cosine", "constant"}, default="cosine"
        Learning rate over the epochs of `fit`: half a cosine down to a hundredth [2]_,
        or constant. The cosine is not used with an optimizer instance, a Keras schedule
        or a `LearningRateScheduler`; it multiplies what other callbacks set.

    clipnorm : float, default=None
        Maximum norm of the gradient of each weight array. None does not clip.

    loss : str, callable or keras.losses.Loss, default="mse"
        Loss to minimize, on the standardized targets with `standardize_target`: "mse",
        "mae", "huber" or another of Keras; or "quantile", which learns `quantiles`:
        `predict` then returns the median, and `predict_quantiles` returns all of them.

    quantiles : sequence of float, default=(0.1, 0.5, 0.9)
        Probabilities of the quantiles that ``loss="quantile"`` learns, ascending,
        within (0, 1). Predicted quantiles never cross.

    metrics : str, keras.metrics.Metric, type or list of such, default=None
        Further metrics of Keras for `history_`.

    epochs : int or "auto", default="auto"
        Number of passes over the samples. "auto" makes 1000 updates (with a linear
        part one per sample, from 300 to 1000) or 10 epochs, if these are more. A
        resource for `HalvingGridSearchCV`: ``resource="epochs"``, in a pipeline
        "lstmregressor__epochs"; "n_samples" would draw rows at random.

    batch_size : int, default=32
        Number of samples per update; -1 takes all.

    shuffle : bool, default=True
        Whether to shuffle the samples before every epoch.

    validation_split : float, default=None
        Fraction of the samples, the last ones, that is held out for `val_loss`. None
        is 0.1 with `early_stopping`, and 0 without.

    early_stopping : bool, default=False
        Whether to stop when the held-out loss (the training loss if nothing is held
        out) has not improved for `patience` epochs, and to restore the best weights.

    patience : int, default=10
        Number of epochs without improvement before early stopping.

    callbacks : keras.callbacks.Callback, type, list or dict, default=None
        Callbacks of Keras, or their classes. Training uses copies, `callbacks_`.
        Objects that your own callback refers to (a list, an Optuna trial) are shared by
        all copies, including those of clones and threads, but not of other processes.

    standardize_target : bool, default=True
        Whether the network learns each target with zero mean and unit variance.
        Predictions are on the scale of y either way.

    linear_skip : int or "auto", default="auto"
        Number of last time steps that the linear part sees; 0 for no linear part.
        "auto" takes all, up to 1000 inputs; but none with `model` or `embedding_dim`,
        if training starts with `partial_fit`, or for losses that do not depend on the
        difference alone, such as "poisson". The linear part is a ridge regression whose
        penalty is chosen on later samples. If y continues a feature of X, it is the
        mean of three (or the one that is clearly better): on plain values, on values
        relative to the last (NLinear [7]_), and on these divided by the deviation of
        the window. It leaves out samples with an outlier: one or two rows that differ
        by several times the changes nearby, without a change of another feature.

    network_weight : float or "auto", default="auto"
        Factor of the output of the network beside the linear part, in [0, 1]. "auto"
        measures it on later samples, or those of `validation_split`, with networks that
        are trained on the samples before (of the `callbacks` they use only a
        `LearningRateScheduler`). A network that does not help is trained for one epoch,
        with ``epochs="auto"``, and `partial_fit` changes no prediction. A network that
        is better alone has no linear part. With ``loss="quantile"`` the factor is 1.

    target_feature : int, sequence of int, None or "auto", default="auto"
        Index of the feature of X whose later values y holds; one per output. "auto"
        looks for it; None for no feature. Windows and y may be scaled.

    window_norm : {"last", "standard", "auto"} or None, default="auto"
        How `target_feature` (without one, all features) is normalized for the network:
        by the last value of the window ("last"), or by its mean and standard deviation
        ("standard"); None for neither. "auto" is "standard" if the linear part uses the
        last value.

    patch_size : int or "auto", default="auto"
        Number of time steps that are joined into one before the recurrent layers [8]_,
        which makes long windows faster. "auto" takes 4 from 48 time steps on, else 1.

    warm_start : bool, default=False
        Whether `fit` continues from the weights of the previous fit.

    verbose : int, default=0
        0 is silent, 1 shows a progress bar, 2 prints a line per epoch.

    random_state : int, RandomState instance or None, default=None
        Determines initial weights, dropout and the order of samples. Pass an int for
        the same result in every call, thread and process.

    **routed
        SciKeras's routed parameters: ``model__...``, ``optimizer__...``, ``loss__...``,
        ``metrics__...``, ``callbacks__...``.

    Attributes
    ----------
    model_ : keras.Model
        The trained network, without the linear part: :meth:`to_keras` has both.

    history_ : dict of str to list of float
        Loss and metrics of every epoch; with a linear part, of its scaled residuals.

    callbacks_ : list of keras.callbacks.Callback
        The callbacks after training.

    vocabulary_ : ndarray of int, of shape (n_tokens,)
        The sorted tokens that `fit` found; only with `embedding_dim`.

    n_features_in_ : int
        Number of features of a time step; of a 2-D X its number of columns.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X was a DataFrame.

    target_names_in_ : ndarray of str
        Names of the targets, if y was a Series or DataFrame that has names.

    n_outputs_ : int
        Number of targets.

    network_weight_ : float
        Factor of the output of the network; 1 without a linear part.

    target_feature_ : ndarray of int, of shape (n_columns,), or None
        Feature that each column of y continues, -1 for none; None if none does.

    window_norm_ : {"last", "standard"} or None
        Normalization of the windows that the network sees.

    patch_size_ : int
        Number of time steps that are joined into one.

    See Also
    --------
    LSTMClassifier : Classification of sequences.
    LSTMTagger : Classification of every time step of sequences.
    sklstm.preprocessing.SlidingWindow : From a table to windows.

    References
    ----------
    .. [1] S. Hochreiter and J. Schmidhuber, "Long Short-Term Memory", Neural
       Computation 9(8), 1997.
    .. [2] I. Loshchilov and F. Hutter, "SGDR: Stochastic Gradient Descent with Warm
       Restarts", ICLR 2017, equation 5.
    .. [3] Z. Yang et al., "Hierarchical Attention Networks for Document
       Classification", NAACL 2016, equations 5 to 7.
    .. [4] J. Howard and S. Ruder, "Universal Language Model Fine-tuning for Text
       Classification", ACL 2018, section 3.3.
    .. [5] G. Lai et al., "Modeling Long- and Short-Term Temporal Patterns with Deep
       Neural Networks", SIGIR 2018, section 3.6.
    .. [6] T. Kim et al., "Reversible Instance Normalization for Accurate Time-Series
       Forecasting against Distribution Shift", ICLR 2022.
    .. [7] A. Zeng et al., "Are Transformers Effective for Time Series Forecasting?",
       AAAI 2023, section 4.2.
    .. [8] Y. Nie et al., "A Time Series is Worth 64 Words: Long-term Forecasting with
       Transformers", ICLR 2023, section 3.1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import LSTMRegressor, PerFeatureScaler, SlidingWindow
    >>> X = np.sin(np.arange(300) / 5)[:, np.newaxis]
    >>> pipe = make_pipeline(
    ...     SlidingWindow(window_length=10, history="fit"), PerFeatureScaler(),
    ...     LSTMRegressor(units=8, epochs=30, learning_rate=0.02, random_state=0))
    >>> pipe.fit(X[:250], X[:250, 0]).score(X[250:], X[250:, 0]) > 0.95
    True
    """

    _parameter_constraints = {
        **SequenceEstimator._parameter_constraints,
        **OneState._parameter_constraints,
        "quantiles": ["array-like"],
        "standardize_target": ["boolean"],
        "linear_skip": [
            Interval(Integral, 0, None, closed="left"),
            StrOptions({"auto"}),
        ],
        "network_weight": [Interval(Real, 0, 1, closed="both"), StrOptions({"auto"})],
        "target_feature": [Integral, str, "array-like", None],
        "window_norm": [StrOptions({"auto", "last", "standard"}), None],
        "patch_size": COUNT_OR_AUTO,
    }

    def __init__(
        self,
        units=32,
        *,
        cell="lstm",
        bidirectional=False,
        activation="tanh",
        recurrent_activation="sigmoid",
        dropout=0.0,
        recurrent_dropout=0.0,
        pooling="last",
        embedding_dim=None,
        conv_filters=(),
        conv_kernel_size=3,
        conv_activation="relu",
        conv_pool_size=1,
        hidden_layer_sizes=(),
        hidden_activation="relu",
        heads="joint",
        model=None,
        optimizer="adam",
        learning_rate=0.005,
        learning_rate_schedule="cosine",
        clipnorm=None,
        loss="mse",
        quantiles=(0.1, 0.5, 0.9),
        metrics=None,
        epochs="auto",
        batch_size=32,
        shuffle=True,
        validation_split=None,
        early_stopping=False,
        patience=10,
        callbacks=None,
        standardize_target=True,
        linear_skip="auto",
        network_weight="auto",
        target_feature="auto",
        window_norm="auto",
        patch_size="auto",
        warm_start=False,
        verbose=0,
        random_state=None,
        **routed,
    ):
        self.units = units
        self.cell = cell
        self.bidirectional = bidirectional
        self.activation = activation
        self.recurrent_activation = recurrent_activation
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.pooling = pooling
        self.embedding_dim = embedding_dim
        self.conv_filters = conv_filters
        self.conv_kernel_size = conv_kernel_size
        self.conv_activation = conv_activation
        self.conv_pool_size = conv_pool_size
        self.hidden_layer_sizes = hidden_layer_sizes
        self.hidden_activation = hidden_activation
        self.heads = heads
        self.model = model
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.clipnorm = clipnorm
        self.loss = loss
        self.quantiles = quantiles
        self.metrics = metrics
        self.epochs = epochs
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.validation_split = validation_split
        self.early_stopping = early_stopping
        self.patience = patience
        self.callbacks = callbacks
        self.standardize_target = standardize_target
        self.linear_skip = linear_skip
        self.network_weight = network_weight
        self.target_feature = target_feature
        self.window_norm = window_norm
        self.patch_size = patch_size
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state
        self._store_routed(routed)

    def predict(self, X):
        """Predict the targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Sequences; with three axes any number of time steps.

        Returns
        -------
        ndarray of shape (n_samples,), (n_samples, n_outputs) or \
                (n_samples, n_steps, n_outputs)
            In scale and shape of y.
        """
        return self._decode(X, "inverse_transform")

    @available_if(lambda self: check_learns_quantiles(self.loss))
    def predict_quantiles(self, X):
        """Predict the quantiles of the targets that `loss="quantile"` has learned.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Sequences, as for :meth:`predict`.

        Returns
        -------
        ndarray of shape (n_samples, n_quantiles), (n_samples, n_outputs, \
                n_quantiles) or (n_samples, n_steps, n_outputs, n_quantiles)
            On the scale of y, in the order of `quantiles`.

        Examples
        --------
        >>> import numpy as np
        >>> from sklstm import LSTMRegressor
        >>> X = np.random.default_rng(0).normal(size=(50, 4, 1))
        >>> regressor = LSTMRegressor(loss="quantile", quantiles=(0.1, 0.9), epochs=2)
        >>> low, high = regressor.fit(X, X[:, -1, 0]).predict_quantiles(X).T
        >>> bool((low < high).all())
        True
        """
        return self._decode(X, "quantiles_of")

    @staticmethod
    def scorer(y_true, y_pred, **kwargs):
        """Return R², averaged over outputs and steps ahead; NaN in y are left out."""
        y_true, y_pred = RegressionTarget.check(y_true), np.asarray(y_pred)
        if y_true.ndim == 3:
            y_true, y_pred = (y.reshape(len(y), -1) for y in (y_true, y_pred))
        if holds_nan(y_true):
            return r2_of_known(y_true, y_pred, **kwargs)
        return KerasRegressor.scorer(y_true, y_pred, **kwargs)

    @property
    def n_outputs_(self):
        """Number of targets."""
        return self.target_encoder_.n_outputs_

    def _check_target(self, y, table):
        y = RegressionTarget.check(y)
        return y, ~np.isnan(y).reshape(len(y), -1).all(axis=1)

    def _fit_target(self, y, weights):
        quantiles = ()
        if learns_quantiles(self.loss):
            quantiles = check_quantiles(self.quantiles, self.metrics)
        else:
            warn_of_unused_quantiles(self.quantiles, self.loss)
        return RegressionTarget(self.standardize_target, quantiles).fit(y, weights)

    def _loss(self):
        if not learns_quantiles(self.loss):
            loss = super()._loss()
            if "crossentropy" in name_of_loss(loss).lower():
                raise ValueError(
                    f"loss={self.loss!r} is for classes, but LSTMRegressor predicts "
                    'numbers. Use "mse", "mae", "huber" or "quantile"; or '
                    "LSTMClassifier."
                )
            return loss
        quantiles = check_quantiles(self.quantiles, self.metrics)
        if quantiles != self.target_encoder_.quantiles:
            raise ValueError(
                f"The network learned quantiles={self.target_encoder_.quantiles}; it "
                f"can't go on with quantiles={self.quantiles!r}. Set warm_start=False "
                "and call fit to begin anew."
            )
        return None  # for default_loss_ of the target

    def _weigh(self, weights, y):
        return weights

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
