"""Tagging: a label for every time step of a sequence."""

import numpy as np
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_is_fitted

from sklstm._compat.scikeras import KerasClassifier
from sklstm.estimators._class_estimator import ClassEstimator
from sklstm.estimators._step_labels import (
    StepTarget,
    at_front,
    in_place,
    step_labels,
    step_weights,
    time_steps_present,
)


class LSTMTagger(ClassEstimator, KerasClassifier):
    """Label every time step of sequences by an LSTM.

    The network is an LSTM [1]_ with an output at every time step. y has the shape
    (n_samples, n_timesteps), or is a list with the labels of each sample, for all its
    time steps or for those that are not missing. Time steps without a label (NaN, None)
    and missing time steps are left out of loss and score. Predictions have the shape of
    X, with NaN at missing time steps.

    A `scikeras.wrappers.KerasClassifier`, with SciKeras's routed parameters, such as
    ``optimizer__beta_1=0.8`` or ``callbacks__patience=3``. But
    `sklearn.base.is_classifier` is False: it promises one label per sample, on which
    scikit-learn's splitters and scorers rely. Leave `scoring` at its default, which is
    :meth:`score`.

    Parameters
    ----------
    units : int or sequence of int, default=32
        Number of units of the recurrent layer, or of each of several stacked layers.

    cell : {"lstm", "gru", "simple_rnn"}, default="lstm"
        Type of the recurrent layers.

    bidirectional : bool, default=True
        Whether recurrent layers run in both directions, with `units` for each.

    activation : str, default="tanh"
        Activation of the recurrent layers, such as "tanh" or "relu".

    recurrent_activation : str, default="sigmoid"
        Activation of the gates of the recurrent layers; a "simple_rnn" has none.

    dropout : float, default=0.0
        Fraction of the outputs of recurrent layers set to zero in training, in [0, 1).

    recurrent_dropout : float, default=0.0
        Fraction of the recurrent state set to zero in training, in [0, 1).

    embedding_dim : int, default=None
        Size of the token embedding; X then holds one integer token per time step. `fit`
        learns the vocabulary; other tokens share one small random vector. None: no
        embedding.

    window_norm : {"last", "standard"} or None, default=None
        How each feature of a sequence is normalized: by its last value ("last"), or by
        its mean and standard deviation ("standard"). Then only shapes separate classes.
        None keeps the levels.

    hidden_layer_sizes : int or sequence of int, default=()
        Number of units of each dense layer before the output layer.

    hidden_activation : str, default="relu"
        Activation of these dense layers.

    model : callable, default=None
        A function that builds another network. It is called with a
        `sklstm.networks.CustomSpec` of the data (`n_timesteps`, `n_features`,
        `n_outputs`, `output_activation` and more) and with routed parameters
        (``model__n_filters=8``), and returns an uncompiled `keras.Model`. The
        parameters above are then not used. Missing time steps are masked zeros.

    optimizer : str, type or keras.optimizers.Optimizer, default="adam"
        Name, class or instance of an optimizer. An instance keeps its own learning rate
        and clipping; every fit uses a new copy of it.

    learning_rate : float, default=0.01
        Learning rate of the optimizer.

    learning_rate_schedule : {"cosine", "constant"}, default="cosine"
        Learning rate over the epochs of `fit`: half a cosine down to a hundredth [2]_,
        or constant. The cosine is not used with an optimizer instance, a Keras schedule
        or a `LearningRateScheduler`; it multiplies what other callbacks set.

    clipnorm : float, default=None
        Maximum norm of the gradient of each weight array. None does not clip.

    loss : str, callable or keras.losses.Loss, default=None
        Loss to minimize. None takes the cross-entropy that fits y. Losses whose name
        begins with "sparse" get class numbers as targets, others one column per class.
        Two classes are one sigmoid output, or a softmax if "categorical" is in the
        name.

    metrics : str, keras.metrics.Metric, type or list of such, default=None
        Further metrics of Keras for `history_`.

    epochs : int or "auto", default="auto"
        Number of passes over the samples. "auto" makes 1000 updates or 10 epochs, if
        these are more. A resource for `HalvingGridSearchCV`: ``resource="epochs"``, in
        a pipeline "lstmtagger__epochs".

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

    class_weight : dict or "balanced", default=None
        Weights of the classes, multiplied with `sample_weight`, as in
        :func:`sklearn.utils.class_weight.compute_sample_weight`.

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
    classes_ : ndarray of shape (n_classes,)
        The labels.

    model_ : keras.Model
        The trained network.

    history_ : dict of str to list of float
        Loss and metrics of every epoch.

    callbacks_ : list of keras.callbacks.Callback
        The callbacks after training.

    vocabulary_ : ndarray of int, of shape (n_tokens,)
        The sorted tokens that `fit` found; only with `embedding_dim`.

    n_features_in_ : int
        Number of features of a time step; of a 2-D X its number of columns.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X was a DataFrame.

    n_outputs_ : int
        Width of the output layer.

    See Also
    --------
    LSTMClassifier : Classification of sequences.
    LSTMRegressor : Regression on sequences.
    sklstm.preprocessing.PadSequences : From sequences of unequal length to 3-D.

    References
    ----------
    .. [1] S. Hochreiter and J. Schmidhuber, "Long Short-Term Memory", Neural
       Computation 9(8), 1997.
    .. [2] I. Loshchilov and F. Hutter, "SGDR: Stochastic Gradient Descent with Warm
       Restarts", ICLR 2017, equation 5.

    Examples
    --------
    Is the running sum positive?

    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import LSTMTagger, PadSequences, PerFeatureScaler
    >>> rng = np.random.default_rng(0)
    >>> X = [rng.normal(size=(n, 1)) for n in rng.integers(5, 12, size=100)]
    >>> y = [np.where(x[:, 0].cumsum() > 0, "above", "below") for x in X]
    >>> pipe = make_pipeline(
    ...     PadSequences(), PerFeatureScaler(),
    ...     LSTMTagger(units=8, epochs=20, learning_rate=0.02, random_state=0))
    >>> pipe.fit(X[:80], y[:80]).score(X[80:], y[80:]) > 0.8
    True
    >>> pipe.predict_proba(X[80:]).shape
    (20, 11, 2)
    """

    _per_step = True
    _target_type = StepTarget

    def __init__(
        self,
        units=32,
        *,
        cell="lstm",
        bidirectional=True,
        activation="tanh",
        recurrent_activation="sigmoid",
        dropout=0.0,
        recurrent_dropout=0.0,
        embedding_dim=None,
        window_norm=None,
        hidden_layer_sizes=(),
        hidden_activation="relu",
        model=None,
        optimizer="adam",
        learning_rate=0.01,
        learning_rate_schedule="cosine",
        clipnorm=None,
        loss=None,
        metrics=None,
        epochs="auto",
        batch_size=32,
        shuffle=True,
        validation_split=None,
        early_stopping=False,
        patience=10,
        callbacks=None,
        class_weight=None,
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
        self.embedding_dim = embedding_dim
        self.window_norm = window_norm
        self.hidden_layer_sizes = hidden_layer_sizes
        self.hidden_activation = hidden_activation
        self.model = model
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
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
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state
        self._store_routed(routed)

    def predict(self, X):
        """Predict the most probable label of each time step.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Sequences; with three axes any number of time steps.

        Returns
        -------
        ndarray of shape (n_samples, n_timesteps)
            Labels as in y; NaN at missing time steps.
        """
        return self._decode(X, "inverse_transform")

    def predict_proba(self, X):
        """Estimate the probability of each class at each time step.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Sequences; with three axes any number of time steps.

        Returns
        -------
        ndarray of shape (n_samples, n_timesteps, n_classes)
            In the order of `classes_`; NaN at missing time steps.
        """
        return self._decode(X, "probabilities")

    def score(self, X, y, sample_weight=None):
        """Score the predictions by their accuracy over all time steps with a label.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Sequences.

        y : array-like of shape (n_samples, n_timesteps), or list of sequences
            True labels, as for :meth:`fit`.

        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.

        Returns
        -------
        float
            Fraction of correct labels.
        """
        now = self._shallow_copy()
        check_is_fitted(now)
        check_consistent_length(X, y, sample_weight)
        present, outputs = now._outputs_of_steps(X)
        y = step_labels(y, present)
        predicted = at_front(now.target_encoder_.inverse_transform(outputs), present)
        known = ~y.mask
        if sample_weight is not None:
            sample_weight = np.repeat(sample_weight, known.sum(axis=1))
        truth, predicted = y[known].data, predicted[known].data
        return self.scorer(truth, predicted, sample_weight=sample_weight)

    def _decode(self, X, decoding):
        """Decode the outputs by a method of the target; NaN at missing time steps."""
        now = self._shallow_copy()  # another thread may be fitting
        check_is_fitted(now)
        present, outputs = now._outputs_of_steps(X)
        return in_place(getattr(now.target_encoder_, decoding)(outputs), present)

    def _outputs_of_steps(self, X):
        """Return the mask of time steps, and the outputs of all present ones."""
        table = self._read(X, reset=False)
        return time_steps_present(table), self.network_.predict(table.drop_missing())

    def _check_target(self, y, table):
        y = step_labels(y, time_steps_present(table))
        return y, y.count(axis=1) > 0

    def _all_labels(self, y):
        """Return all labels, as those held out may be further ones."""
        return (np.unique(y.compressed()),)

    def _weigh(self, weights, y):
        return step_weights(self.class_weight, weights, y)

    def _unknown_token(self):
        return 0.0  # NaN would have no label

    def _spec_entries(self, n_features):
        return {**super()._spec_entries(n_features), "pooling": "none"}

    def __sklearn_tags__(self):
        # Classes are the third axis of predict_proba; scikit-learn expects the second
        # for classifiers, and would stratify by y.
        tags = super().__sklearn_tags__()
        tags.estimator_type = None
        tags.target_tags.one_d_labels = False
        tags.target_tags.two_d_labels = True
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        return tags
