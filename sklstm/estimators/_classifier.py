"""Classification of sequences."""

import numpy as np
from scikeras.utils import loss_name
from scikeras.wrappers import KerasClassifier
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_is_fitted

from sklstm._compat.sklearn import StrOptions
from sklstm.estimators._base import SequenceEstimator
from sklstm.estimators._class_metrics import check_class_metrics
from sklstm.estimators._fcn_branch import FCNBranch
from sklstm.estimators._held_out import last_of_each_class
from sklstm.estimators._steps import (
    StepTarget,
    are_step_labels,
    at_front,
    spread,
    step_labels,
    steps_there,
    warn_of_zeros_and_ones,
    weights_of_steps,
)
from sklstm.estimators._targets import (
    ClassificationTarget,
    check_labels,
    holds_nan,
    weights_of_known,
)


class LSTMClassifier(FCNBranch, SequenceEstimator, KerasClassifier):
    """Classification of sequences by an LSTM [1]_ beside convolutions [2]_.

    LSTM-FCN: what the recurrent layers make of a sequence is joined with the mean and
    the maximum over time of a fully convolutional network. Labels of every time step,
    tokens, and ``fcn_filters=()`` are for recurrent layers alone.

    A `scikeras.wrappers.KerasClassifier`, with SciKeras's routed parameters, such as
    ``optimizer__beta_1=0.8`` or ``callbacks__patience=3``. Binary, multi-class and
    multilabel targets are told apart by y; so are labels of whole sequences and labels
    of every time step (sequence tagging).

    Parameters
    ----------
    units : int or sequence of int, default=32
        Units of the recurrent layer, or of each of several stacked layers.

    cell : {"lstm", "gru", "simple_rnn"}, default="lstm"
        Kind of the recurrent layers.

    bidirectional : bool, default=True
        Whether each recurrent layer also runs from the last step to the first, with
        `units` of its own.

    activation : str, default="tanh"
        Activation of the cell, such as "tanh" or "relu".

    recurrent_activation : str, default="sigmoid"
        Activation of the cell's gates; a "simple_rnn" has none.

    dropout : float or "auto", default="auto"
        Share of the outputs of each recurrent layer that training sets to zero, in
        [0, 1). "auto" takes 0.8 beside convolutions [2]_, and 0 without.

    recurrent_dropout : float, default=0.0
        Share of the hidden state that training sets to zero within the cell, in
        [0, 1).

    pooling : {"auto", "last", "mean", "max", "attention", "concat"}, default="auto"
        What is made of the states of the recurrent layers: the state after the last
        step; the mean, the maximum or a learned weighted mean [3]_ of the states after
        each step that is not missing ("attention" is ALSTM-FCN); or the first three of
        these side by side ("concat" [4]_). "auto" takes "last" beside convolutions,
        and "concat" without.

    embedding_dim : int, default=None
        Where given, X holds one feature, an integer token at each step, of which an
        embedding makes so many features. `fit` finds the vocabulary; a token that is
        not in it is a missing step, or, where every step has a label, one small random
        vector for all such tokens. None takes the features as they are.

    conv_filters : int or sequence of int, default=()
        Filters of the convolutional layer, or of each of several, before the recurrent
        layers. They see the steps that are not missing, next to each other.

    conv_kernel_size : int, default=3
        Steps that a convolution spans. A sequence of n steps has
        ``n - conv_kernel_size + 1`` after it.

    conv_activation : str, default="relu"
        Activation of the convolutions.

    conv_pool_size : int, default=1
        Steps of which the largest value is kept after each convolution; 1 keeps all.

    fcn_filters : int, sequence of int or "auto", default="auto"
        Filters of each convolution of the network beside the recurrent layers. Each is
        followed by batch normalization and a ReLU; what `fcn_pooling` makes of the last
        one is joined to what `pooling` makes of the states. () has none.
        "auto" takes (64, 64, 64), or (64, 128, 128) where steps are pooled, if a whole
        sequence has a label and its steps are no tokens; else it has none.

    fcn_kernel_size : int, sequence of int or "auto", default="auto"
        Steps that each of these spans, the ends of a sequence padded with zeros.
        "auto" takes 8, 5, and 3 for all others.

    fcn_pool_size : int or "auto", default="auto"
        Steps of which the largest value is kept after each of these but the last; 1
        keeps all. "auto" takes one for every 100 steps of the longest sequence,
        rounded, but no more than 4.

    fcn_pooling : {"mean", "max", "concat"}, default="concat"
        What is made of the steps after these: their mean, as in LSTM-FCN; their
        maximum, which shows something short in a long sequence; or the mean and a
        twentieth of the maximum side by side, of which `dropout` leaves out half at
        most.

    fcn_squeeze_excite : bool, default=False
        Whether the filters of these but the last are weighed for each sequence by what
        their means over time tell, as in MLSTM-FCN [5]_.

    patch_size : int or "auto", default="auto"
        Steps that are joined to one for the recurrent layers; as many as the sequence
        has is the dimension shuffle of LSTM-FCN for one feature. "auto" makes 64
        patches of the longest sequence at most; 1 without convolutions beside.

    window_norm : {"last", "standard"} or None, default=None
        What of each sequence is zero, feature by feature: its last value, or its mean
        ("standard", with a standard deviation of one), so that only the shape tells
        classes apart. None leaves levels as they are.

    hidden_layer_sizes : int or sequence of int, default=()
        Units of the dense layers between the pooling and the output.

    hidden_activation : str, default="relu"
        Activation of these dense layers.

    heads : {"joint", "separate"}, default="joint"
        Whether several outputs share the dense layers, or each has its own.

    per_step : bool or "auto", default="auto"
        Whether y has a label for every time step, (n_samples, n_timesteps), rather
        than for the whole sequence; `pooling` is not used then. "auto" says so where
        y has that shape, or is a list of sequences of labels, and warns where y could
        be multilabel as well. Missing steps have no label: they are left out of loss
        and score, whatever y holds there, and so are steps whose label is missing
        (NaN). False takes y of zeros and ones as multilabel, whatever its shape.
        :meth:`score` is what tells how good labels of steps are: scikit-learn's
        scorers know none, and some of them ("roc_auc") give numbers all the same.

    model : callable, default=None
        A function that builds another network: called with a description of the data
        (`n_timesteps`, `n_features`, `n_outputs`, `output_activation`, `per_step`) and
        with what is routed to it (``model__n_filters=8``), it returns an uncompiled
        `keras.Model`.
        `units` to `heads` are not used then. Missing steps are masked zeros.

    optimizer : str, type or keras.optimizers.Optimizer, default="adam"
        Name or class of an optimizer, or an instance, which brings its own learning
        rate and clipping and of which every fit uses a fresh copy.

    learning_rate : float, default=0.01
        Step size of the optimizer.

    learning_rate_schedule : {"cosine", "constant"}, default="cosine"
        How the learning rate goes over the epochs of `fit`: along half a cosine down
        to a hundredth [6]_, or not at all. An optimizer that is an instance or has a
        schedule of Keras, and a `LearningRateScheduler`, go their own way; with what
        other callbacks make of the learning rate the cosine is multiplied.

    clipnorm : float, default=None
        Largest norm of the gradient of each weight array. None clips nothing.

    loss : str, callable or keras.losses.Loss, default=None
        What training minimizes. None takes the cross-entropy that fits y. Any other
        is given one column a class for more than two classes, but for the losses
        whose name begins with "sparse", which are given the number of the class. Two
        classes are one sigmoid, or a softmax for losses with "categorical" in the name.

    metrics : str, keras.metrics.Metric, type or list of such, default=None
        Further metrics of Keras for `history_`, such as "accuracy".

    epochs : int or "auto", default="auto"
        Passes over the samples. "auto" takes as many as make 500 updates (1000 without
        convolutions beside the recurrent layers), but 10 at least. The resource for a
        `HalvingGridSearchCV` (``resource="epochs"``, or "lstmclassifier__epochs" of a
        pipeline); "n_samples" would draw rows at random.

    batch_size : int, default=32
        Samples an update; -1 takes all.

    shuffle : bool, default=True
        Whether every epoch takes the samples in another order.

    validation_split : float, default=None
        Share of the samples, the last ones of each class, that is held out for
        `val_loss`. None holds out 0.1 with `early_stopping`, and nothing without.

    early_stopping : bool, default=False
        Whether to stop when the held-out loss (the training loss where nothing is
        held out) has not improved for `patience` epochs, and to take the best weights.

    patience : int, default=10
        Epochs without improvement that early stopping waits for.

    callbacks : keras.callbacks.Callback, type, list or dict, default=None
        Callbacks, or classes of them. Training uses copies, `callbacks_`; what your
        own refer to (a list, a trial of Optuna) is the same object in each copy, also
        in clones and in threads, but not in processes.

    class_weight : dict, list of dict or "balanced", default=None
        Weights of the classes, multiplied with `sample_weight`, as in
        :func:`sklearn.utils.class_weight.compute_sample_weight`.

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
    classes_ : ndarray of shape (n_classes,)
        The labels; for multilabel y the numbers of its columns.

    model_ : keras.Model
        The trained network.

    history_ : dict of str to list of float
        Loss and metrics of every epoch.

    callbacks_ : list of keras.callbacks.Callback
        The callbacks as training left them.

    vocabulary_ : ndarray of int, of shape (n_tokens,)
        The tokens that `fit` found, sorted; with `embedding_dim` alone.

    patch_size_, fcn_pool_size_ : int
        The sizes in use; "auto" goes by the sequences that the first fit saw.

    fcn_filters_ : tuple of int
        Filters of the convolutions beside the recurrent layers.

    n_features_in_ : int
        Features of a time step; of a 2-D X its number of columns.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where X was a DataFrame.

    target_names_in_ : ndarray of str
        Names of the targets, where y was a Series or DataFrame that names them.

    n_outputs_ : int
        Width of the network's output.

    See Also
    --------
    LSTMRegressor : Regression on sequences.
    sklstm.preprocessing.PadSequences : From sequences of unequal length to 3-D.

    References
    ----------
    .. [1] S. Hochreiter and J. Schmidhuber, "Long Short-Term Memory", Neural
       Computation 9(8), 1997.
    .. [2] F. Karim, S. Majumdar, H. Darabi and S. Chen, "LSTM Fully Convolutional
       Networks for Time Series Classification", IEEE Access 6, 2018.
    .. [3] Z. Yang et al., "Hierarchical Attention Networks for Document
       Classification", NAACL 2016, equations 5 to 7.
    .. [4] J. Howard and S. Ruder, "Universal Language Model Fine-tuning for Text
       Classification", ACL 2018, section 3.3.
    .. [5] F. Karim, S. Majumdar, H. Darabi and S. Harford, "Multivariate LSTM-FCNs for
       Time Series Classification", Neural Networks 116, 2019.
    .. [6] I. Loshchilov and F. Hutter, "SGDR: Stochastic Gradient Descent with Warm
       Restarts", ICLR 2017, equation 5.

    Examples
    --------
    Does a sequence of unequal length rise or fall?

    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import LSTMClassifier, PadSequences, PerFeatureScaler
    >>> rng = np.random.default_rng(0)
    >>> y = np.array(["falls", "rises"] * 50)
    >>> X = [np.cumsum(rng.normal(1 if label == "rises" else -1, size=(n, 1)), axis=0)
    ...      for n, label in zip(rng.integers(5, 12, size=100), y)]
    >>> pipe = make_pipeline(
    ...     PadSequences(), PerFeatureScaler(),
    ...     LSTMClassifier(units=8, epochs=20, learning_rate=0.02, random_state=0))
    >>> pipe.fit(X[:80], y[:80]).score(X[80:], y[80:]) > 0.9
    True
    >>> pipe.predict_proba(X[80:]).shape
    (20, 2)
    """

    _parameter_constraints = {
        **SequenceEstimator._parameter_constraints,
        **FCNBranch._parameter_constraints,
        "per_step": ["boolean", StrOptions({"auto"})],
        "class_weight": [StrOptions({"balanced"}), dict, list, None],
    }

    def __init__(
        self,
        units=32,
        *,
        cell="lstm",
        bidirectional=True,
        activation="tanh",
        recurrent_activation="sigmoid",
        dropout="auto",
        recurrent_dropout=0.0,
        pooling="auto",
        embedding_dim=None,
        conv_filters=(),
        conv_kernel_size=3,
        conv_activation="relu",
        conv_pool_size=1,
        fcn_filters="auto",
        fcn_kernel_size="auto",
        fcn_pool_size="auto",
        fcn_pooling="concat",
        fcn_squeeze_excite=False,
        patch_size="auto",
        window_norm=None,
        hidden_layer_sizes=(),
        hidden_activation="relu",
        heads="joint",
        per_step="auto",
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
        self.pooling = pooling
        self.embedding_dim = embedding_dim
        self.conv_filters = conv_filters
        self.conv_kernel_size = conv_kernel_size
        self.conv_activation = conv_activation
        self.conv_pool_size = conv_pool_size
        self.fcn_filters = fcn_filters
        self.fcn_kernel_size = fcn_kernel_size
        self.fcn_pool_size = fcn_pool_size
        self.fcn_pooling = fcn_pooling
        self.fcn_squeeze_excite = fcn_squeeze_excite
        self.patch_size = patch_size
        self.window_norm = window_norm
        self.hidden_layer_sizes = hidden_layer_sizes
        self.hidden_activation = hidden_activation
        self.heads = heads
        self.per_step = per_step
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

    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train for one more epoch, on these samples alone.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Sequences, as for :meth:`fit`.

        y : array-like of shape (n_samples,), (n_samples, n_labels) or \
                (n_samples, n_timesteps)
            Labels.

        classes : array-like of shape (n_classes,), default=None
            All labels that will ever come. None takes those of the first call.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights in the loss.

        Returns
        -------
        LSTMClassifier
            Itself, fitted.
        """
        if self.class_weight == "balanced":
            raise ValueError(
                'class_weight="balanced" is not supported for partial_fit, which never '
                "sees all of y. Compute the weights by compute_class_weight on data "
                "that has the right shares, and pass them as a dict."
            )
        return self._partial_fit(X, y, sample_weight, classes)

    def predict(self, X):
        """Predict the most probable label.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Sequences; of three axes with any number of time steps.

        Returns
        -------
        ndarray of shape (n_samples,), (n_samples, n_labels) or \
                (n_samples, n_timesteps)
            Labels as in y. Where every time step has a label, missing steps get NaN.
        """
        return self._decode(X, "inverse_transform")

    def predict_proba(self, X):
        """Estimate the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Sequences; of three axes with any number of time steps.

        Returns
        -------
        ndarray of shape (n_samples, n_classes) or \
                (n_samples, n_timesteps, n_classes)
            In the order of `classes_`; rows sum to 1, but for multilabel targets,
            whose columns are the probabilities of each label. Where every time step
            has a label, missing steps get NaN.
        """
        return self._decode(X, "probabilities")

    def score(self, X, y, sample_weight=None):
        """Score the predictions by their accuracy.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Sequences.

        y : array-like of shape (n_samples,), (n_samples, n_labels) or \
                (n_samples, n_timesteps)
            The truth. Where every time step has a label, each that exists counts.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights.

        Returns
        -------
        float
            The share of labels that are right; of multilabel samples, the share that
            have all labels right.
        """
        now = self._as_it_is()
        check_is_fitted(now)
        if not now.target_encoder_.per_step:
            return now._score_known(X, y, sample_weight)
        check_consistent_length(X, y, sample_weight)
        there, outputs = now._outputs_of_steps(X)
        y = step_labels(y, there)
        predicted = at_front(now.target_encoder_.inverse_transform(outputs), there)
        known = ~y.mask
        if sample_weight is not None:
            sample_weight = np.repeat(sample_weight, known.sum(axis=1))
        # Masked arrays no more: nothing of these is masked.
        truth, predicted = y[known].data, predicted[known].data
        return self.scorer(truth, predicted, sample_weight=sample_weight)

    @property
    def classes_(self):
        """The labels."""
        return self.target_encoder_.classes_

    @property
    def n_outputs_(self):
        """Width of the network's output."""
        return self.target_encoder_.n_outputs_

    def _decode(self, X, decoding):
        """Make predictions of the outputs, by a method of the target."""
        now = self._as_it_is()  # another thread may be fitting
        check_is_fitted(now)
        decode = getattr(now.target_encoder_, decoding)
        if not now.target_encoder_.per_step:
            return decode(now._outputs(X))
        there, outputs = now._outputs_of_steps(X)
        return spread(decode(outputs), there)

    def _score_known(self, X, y, sample_weight):
        """Score, leaving out missing labels; SciKeras's scorer refuses them."""
        predicted = self.predict(X)
        check_consistent_length(y, predicted, sample_weight)
        y, known = check_labels(y)
        if holds_nan(y):  # some labels of a sample; the others must be right
            y = np.where(np.isnan(y), predicted, y).astype(int)
        weights = None if sample_weight is None else np.asarray(sample_weight)[known]
        return self.scorer(y[known], predicted[known], sample_weight=weights)

    def _outputs_of_steps(self, X):
        """Tell which steps exist, and give the outputs of these in one row."""
        table = self._read(X, reset=False)
        return steps_there(table), self.network_.predict(table.drop_missing())

    def _check_target(self, y, table):
        if self._are_step_labels(y, table):
            y = step_labels(y, steps_there(table))
            return y, y.count(axis=1) > 0
        return check_labels(y)

    def _are_step_labels(self, y, table):
        if self.initialized_:
            built_for = self.target_encoder_.per_step
            if self.per_step not in ("auto", built_for):
                raise ValueError(
                    f"The network was built for per_step={built_for}; it can't go on "
                    f"training with per_step={self.per_step}."
                )
            return built_for
        if self.per_step != "auto":
            return self.per_step
        if are := are_step_labels(y, table):
            warn_of_zeros_and_ones(y)
        return are

    def _loss(self):
        if isinstance(self.loss, str) and self.loss == "quantile":
            raise ValueError(
                "loss='quantile' is for numbers, but LSTMClassifier predicts classes. "
                "Leave loss at None for the cross-entropy that fits y; or use "
                "LSTMRegressor."
            )
        return super()._loss()

    def _metrics(self):
        metrics, target = super()._metrics(), self.target_encoder_
        of_numbers = not target.loss or target.loss.startswith("sparse")
        if metrics is not None and target.softmax_ and of_numbers:
            check_class_metrics(metrics, target.n_outputs_)
        return metrics

    def _known(self, y):
        """Give the labels of all samples; those held out may have some of their own."""
        if isinstance(y, np.ma.MaskedArray):
            return (np.unique(y.compressed()),)
        return (np.unique(y),) if np.ndim(y) == 1 else ()

    def _fit_target(self, y, weights, classes=None):
        loss = self._loss()
        name = "" if loss is None else loss_name(self.loss)
        per_step = isinstance(y, np.ma.MaskedArray)
        return (StepTarget if per_step else ClassificationTarget)(name).fit(y, classes)

    def _weigh(self, weights, y):
        """Multiply by the classes' weights; SciKeras changes the caller's array."""
        if isinstance(y, np.ma.MaskedArray):
            return weights_of_steps(self.class_weight, weights, y)
        if self.class_weight is None:
            return weights
        of_classes = weights_of_known(self.class_weight, y)
        return of_classes if weights is None else weights * of_classes

    def _last(self, y, share):
        of_all = super()._last if np.ndim(y) == 2 else last_of_each_class
        return of_all(y, share)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
