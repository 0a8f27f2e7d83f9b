"""Regression on sequences."""

from scikeras.wrappers import KerasRegressor

from sklstm.estimators._base import SequenceEstimator
from sklstm.estimators._targets import RegressionTarget


class LSTMRegressor(SequenceEstimator, KerasRegressor):
    """Regression on sequences by a long short-term memory network [1]_.

    A `scikeras.wrappers.KerasRegressor`, with SciKeras's routed parameters, such as
    ``optimizer__beta_1=0.8`` or ``callbacks__patience=3``.

    Parameters
    ----------
    units : int or sequence of int, default=32
        Units of the LSTM layer, or of each of several stacked layers.

    dropout : float, default=0.0
        Share of the outputs of each LSTM layer that training sets to zero, in [0, 1).

    hidden_layer_sizes : int or sequence of int, default=()
        Units of the dense ReLU layers between the last state and the output.

    activation : str, default="tanh"
        Activation of the LSTM's cell, such as "tanh" or "relu".

    model : callable, default=None
        A function that builds another network: called with a description of the data
        (`n_timesteps`, `n_features`, `n_outputs`, `output_activation`) and with what is
        routed to it (``model__n_filters=8``), it returns an uncompiled `keras.Model`.
        `units` to `activation` are not used then. Missing steps are masked zeros.

    optimizer : str, type or keras.optimizers.Optimizer, default="adam"
        Name or class of an optimizer, or an instance, which brings its own learning
        rate and clipping and of which every fit uses a fresh copy.

    learning_rate : float, default=0.001
        Step size of the optimizer.

    clipnorm : float, default=None
        Largest norm of the gradient of each weight array. None clips nothing.

    loss : str, callable or keras.losses.Loss, default="mse"
        What training minimizes, over the standardized targets with
        `standardize_target`.

    metrics : str, keras.metrics.Metric, type or list of such, default=None
        Further metrics of Keras for `history_`.

    epochs : int, default=50
        Passes over the samples.

    batch_size : int, default=32
        Samples an update; -1 takes all.

    shuffle : bool, default=True
        Whether every epoch takes the samples in another order.

    validation_split : float, default=None
        Share of the samples, the last ones, that is held out for `val_loss`. None
        holds out 0.1 with `early_stopping`, and nothing without.

    early_stopping : bool, default=False
        Whether to stop when the held-out loss (the training loss where nothing is
        held out) has not improved for `patience` epochs, and to take the best weights.

    patience : int, default=10
        Epochs without improvement that early stopping waits for.

    callbacks : keras.callbacks.Callback, type, list or dict, default=None
        Callbacks, or classes of them. Training uses copies: `callbacks_`.

    standardize_target : bool, default=True
        Whether the network learns the targets with zero mean and unit variance each.
        Predictions are in the units of y either way.

    warm_start : bool, default=False
        Whether `fit` goes on with the weights of the fit before.

    verbose : int, default=0
        0 is silent, 1 shows a progress bar, 2 a line an epoch.

    random_state : int, RandomState instance or None, default=None
        Determines initial weights, dropout, and the order of samples. Pass an int for
        the same result at every call, in any thread and process.

    **routed
        SciKeras's routed parameters: ``model__...``, ``optimizer__...``,
        ``loss__...``, ``metrics__...``, ``callbacks__...``.

    Attributes
    ----------
    model_ : keras.Model
        The trained network.

    history_ : dict of str to list of float
        Loss and metrics of every epoch.

    callbacks_ : list of keras.callbacks.Callback
        The callbacks as training left them.

    n_features_in_ : int
        Features of a time step; of a 2-D X its number of columns.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where X was a DataFrame.

    n_outputs_ : int
        Number of targets.

    See Also
    --------
    LSTMClassifier : Classification of sequences.
    sklstm.preprocessing.SlidingWindow : From a table to windows.

    References
    ----------
    .. [1] S. Hochreiter and J. Schmidhuber, "Long Short-Term Memory", Neural
       Computation 9(8), 1997.

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
        "standardize_target": ["boolean"],
    }

    def __init__(
        self,
        units=32,
        *,
        dropout=0.0,
        hidden_layer_sizes=(),
        activation="tanh",
        model=None,
        optimizer="adam",
        learning_rate=0.001,
        clipnorm=None,
        loss="mse",
        metrics=None,
        epochs=50,
        batch_size=32,
        shuffle=True,
        validation_split=None,
        early_stopping=False,
        patience=10,
        callbacks=None,
        standardize_target=True,
        warm_start=False,
        verbose=0,
        random_state=None,
        **routed,
    ):
        self.units = units
        self.dropout = dropout
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.model = model
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.clipnorm = clipnorm
        self.loss = loss
        self.metrics = metrics
        self.epochs = epochs
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.validation_split = validation_split
        self.early_stopping = early_stopping
        self.patience = patience
        self.callbacks = callbacks
        self.standardize_target = standardize_target
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
            Sequences; of three axes with any number of time steps.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the units and the shape of y.
        """
        outputs = self._outputs(X)
        return self.target_encoder_.inverse_transform(outputs)

    @property
    def n_outputs_(self):
        """Number of targets."""
        return self.target_encoder_.n_outputs_

    def _check_target(self, y):
        return RegressionTarget.check(y)

    def _fit_target(self, y, weights):
        return RegressionTarget(self.standardize_target).fit(y, weights)

    def _weigh(self, weights, y):
        return weights

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
