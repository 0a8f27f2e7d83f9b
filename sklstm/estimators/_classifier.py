"""Classification of sequences."""

import numpy as np
from sklearn.utils import check_consistent_length

from sklstm._compat.scikeras import KerasClassifier
from sklstm._compat.sklearn import StrOptions
from sklstm.estimators._check_target import holds_nan
from sklstm.estimators._class_estimator import ClassEstimator
from sklstm.estimators._fcn_branch import FCNBranch
from sklstm.estimators._held_out import last_of_each_class
from sklstm.estimators._one_state import OneState
from sklstm.estimators._targets import check_labels, weights_of_known
from sklstm.estimators._weights import check_class_weight


class LSTMClassifier(FCNBranch, OneState, ClassEstimator, KerasClassifier):
    """Classification of sequences by an LSTM beside convolutions.

    LSTM-FCN [5]_: the state of the recurrent layers (an LSTM [1]_) is joined with the
    mean and the maximum over time of a fully convolutional network. With tokens or
    ``fcn_filters=()`` there are only recurrent layers.

    A `scikeras.wrappers.KerasClassifier`, with SciKeras's routed parameters, such as
    ``optimizer__beta_1=0.8`` or ``callbacks__patience=3``. y is
    binary, multi-class, or multilabel (zeros and ones, a column per label).

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

    dropout : float or "auto", default="auto"
        Fraction of the outputs of recurrent layers set to zero in training, in [0, 1).
        "auto" is 0.8 beside convolutions (`fcn_filters`) [5]_, and 0 without.

    recurrent_dropout : float, default=0.0
        Fraction of the recurrent state set to zero in training, in [0, 1).

    pooling : {"auto", "last", "mean", "max", "attention", "concat"}, default="auto"
        How the states of all time steps become one: "last" takes the last; "mean",
        "max" and "attention" [3]_ take their mean, maximum and learned weighted mean,
        missing time steps left out; "concat" [4]_ joins last, maximum and mean. "auto"
        is "last" beside convolutions (`fcn_filters`), and "concat" without.

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

    fcn_filters : int, sequence of int or "auto", default="auto"
        Number of filters of each convolution beside the recurrent layers, followed by
        batch normalization and a ReLU. Their output after `fcn_pooling` is joined with
        the states after `pooling`. () for none. "auto" is (64, 64, 64), or (64, 128,
        128) if `fcn_pool_size` is above 1; with `model` or `embedding_dim` none.

    fcn_kernel_size : int, sequence of int or "auto", default="auto"
        Number of time steps that each of these convolutions spans; the ends of a
        sequence are padded with zeros. "auto" is 8, 5, and 3 for all others.

    fcn_pool_size : int or "auto", default="auto"
        Size of the max pooling after each of these convolutions but the last; 1 for
        none. "auto" is the number of time steps of the longest sequence over 100,
        rounded, from 1 to 4.

    fcn_pooling : {"mean", "max", "concat"}, default="concat"
        How the time steps after these convolutions become one: by their mean, as in
        LSTM-FCN; by their maximum, which keeps short patterns of long sequences; or by
        both ("concat"), the maximum divided by 20 and with a dropout of at most 0.5.

    fcn_dropout : float or "auto", default="auto"
        Fraction of the samples of a batch for which training leaves out these
        convolutions, so that the recurrent layers learn the classes alone. "auto" is
        0.3 if the first fit has at least 16 samples per class and sequences of less
        than 150 time steps, and 0 otherwise.

    fcn_squeeze_excite : bool, default=False
        Whether the filters of all these convolutions but the last have weights for
        each sequence, computed from their means over time, as in MLSTM-FCN [6]_.

    patch_size : int or "auto", default="auto"
        Number of time steps that are joined into one before the recurrent layers. The
        length of the sequences is the dimension shuffle of LSTM-FCN, for one feature.
        "auto" makes at most 64 patches of the longest sequence; it is 1 without
        convolutions beside the recurrent layers.

    window_norm : {"last", "standard"} or None, default=None
        How each feature of a sequence is normalized: by its last value ("last"), or by
        its mean and standard deviation ("standard"). Then only shapes separate classes.
        None keeps the levels.

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
        Number of passes over the samples. "auto" makes 500 updates (1000 if
        `fcn_filters` has none) or 10 epochs, if these are more. A resource for
        `HalvingGridSearchCV`: ``resource="epochs"``, in a pipeline
        "lstmclassifier__epochs"; "n_samples" would draw rows at random.

    batch_size : int, default=32
        Number of samples per update; -1 takes all.

    shuffle : bool, default=True
        Whether to shuffle the samples before every epoch.

    validation_split : float, default=None
        Fraction of the samples, the last ones of each class, that is held out for
        `val_loss`. None is 0.1 with `early_stopping`, and 0 without.

    early_stopping : bool, default=False
        Whether to stop when the held-out loss (the training loss if nothing is held
        out) has not improved for `patience` epochs, and to restore the best weights.

    patience : int, default=10
        Number of epochs without improvement before early stopping.

    callbacks : keras.callbacks.Callback, type, list or dict, default=None
        Callbacks of Keras, or their classes. Training uses copies, `callbacks_`.
        Objects that your own callback refers to (a list, an Optuna trial) are shared by
        all copies, including those of clones and threads, but not of other processes.

    class_weight : dict, list of dict or "balanced", default=None
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
        The labels; for multilabel y the indices of its columns.

    model_ : keras.Model
        The trained network.

    history_ : dict of str to list of float
        Loss and metrics of every epoch.

    callbacks_ : list of keras.callbacks.Callback
        The callbacks after training.

    vocabulary_ : ndarray of int, of shape (n_tokens,)
        The sorted tokens that `fit` found; only with `embedding_dim`.

    patch_size_ : int
        Number of time steps that are joined into one.

    fcn_dropout_ : float
        Fraction that is used.

    fcn_filters_ : tuple of int
        Number of filters of each convolution beside the recurrent layers.

    fcn_pool_size_ : int
        Size of the max pooling after these; "auto" is chosen in the first fit.

    n_features_in_ : int
        Number of features of a time step; of a 2-D X its number of columns.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if X was a DataFrame.

    target_names_in_ : ndarray of str
        Names of the targets, if y was a Series or DataFrame that has names.

    n_outputs_ : int
        Width of the output layer.

    See Also
    --------
    LSTMRegressor : Regression on sequences.
    LSTMTagger : Classification of every time step of sequences.
    sklstm.preprocessing.PadSequences : From sequences of unequal length to 3-D.

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
    .. [5] F. Karim, S. Majumdar, H. Darabi and S. Chen, "LSTM Fully Convolutional
       Networks for Time Series Classification", IEEE Access 6, 2018.
    .. [6] F. Karim, S. Majumdar, H. Darabi and S. Harford, "Multivariate LSTM-FCNs for
       Time Series Classification", Neural Networks 116, 2019.

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
        **ClassEstimator._parameter_constraints,
        **OneState._parameter_constraints,
        **FCNBranch._parameter_constraints,
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
        fcn_dropout="auto",
        fcn_squeeze_excite=False,
        patch_size="auto",
        window_norm=None,
        hidden_layer_sizes=(),
        hidden_activation="relu",
        heads="joint",
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
        self.fcn_dropout = fcn_dropout
        self.fcn_squeeze_excite = fcn_squeeze_excite
        self.patch_size = patch_size
        self.window_norm = window_norm
        self.hidden_layer_sizes = hidden_layer_sizes
        self.hidden_activation = hidden_activation
        self.heads = heads
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
        """Predict the most probable label.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Sequences; with three axes any number of time steps.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            Labels as in y.
        """
        return self._decode(X, "inverse_transform")

    def predict_proba(self, X):
        """Estimate the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Sequences; with three axes any number of time steps.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`. Rows sum to 1; with multilabel targets the
            columns are the probabilities of each label.
        """
        return self._decode(X, "probabilities")

    def score(self, X, y, sample_weight=None):
        """Score the predictions by their accuracy; missing labels are left out.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or \
                (n_samples, n_timesteps)
            Sequences.

        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            True labels.

        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.

        Returns
        -------
        float
            Fraction of correct labels; with multilabel targets, fraction of samples
            with all labels correct.
        """
        predicted = self.predict(X)
        check_consistent_length(y, predicted, sample_weight)
        y, known = check_labels(y)
        if holds_nan(y):  # ignore missing labels of a sample
            y = np.where(np.isnan(y), predicted, y).astype(int)
        weights = None if sample_weight is None else np.asarray(sample_weight)[known]
        return self.scorer(y[known], predicted[known], sample_weight=weights)

    def _check_target(self, y, table):
        return check_labels(y)

    def _all_labels(self, y):
        """Return all labels, as those held out may be further ones."""
        return (np.unique(y),) if np.ndim(y) == 1 else ()

    def _weigh(self, weights, y):
        """Multiply by class weights, in a new array."""
        if self.class_weight is None:
            return weights
        check_class_weight(self.class_weight)
        of_classes = weights_of_known(self.class_weight, y)
        return of_classes if weights is None else weights * of_classes

    def _held_out(self, y, share):
        of_all = super()._held_out if np.ndim(y) == 2 else last_of_each_class
        return of_all(y, share)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
