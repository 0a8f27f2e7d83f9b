"""Parameters of an LSTMRegressor that is its network alone."""

# No linear part beside the network, which sees windows as they are, step by step.
PLAIN = {
    "linear_skip": 0,
    "target_feature": None,
    "window_norm": None,
    "patch_size": 1,
}
