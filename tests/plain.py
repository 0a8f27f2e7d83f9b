"""Parameters of estimators that are their recurrent network alone."""

# No linear part beside the network, which sees windows as they are, step by step.
PLAIN = {
    "linear_skip": 0,
    "target_feature": None,
    "window_norm": None,
    "patch_size": 1,
}

# No convolutions beside the recurrent layers.
PLAIN_CLASSIFIER = {"fcn_filters": ()}
