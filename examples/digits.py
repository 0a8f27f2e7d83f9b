"""Classify handwritten digits as sequences: 8 rows of 8 pixels, read from the top.

The digits ship with scikit-learn. Run it with ``python examples/digits.py``; it takes
about a minute on two cores.
"""

import time

import quiet  # noqa: F401, TensorFlow without its lines at the start
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import classification_report
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMClassifier, PerFeatureScaler, Reshape3D


def main():
    start = time.perf_counter()
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.25, stratify=y, random_state=0
    )
    lstm = make_pipeline(
        Reshape3D(n_timesteps=8),
        PerFeatureScaler(),
        LSTMClassifier(random_state=0),
    )
    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    print(f"{len(X_train)} digits of 8 steps with 8 features; 3 folds each:")
    for name, pipe in {"LSTM": lstm, "logistic regression": linear}.items():
        scores = cross_val_score(pipe, X_train, y_train, cv=3)
        print(f"  {name:20} accuracy {scores.mean():.3f} +- {scores.std():.3f}")

    lstm.fit(X_train, y_train)
    print("\nThe LSTM on digits that it has not seen:")
    print(classification_report(y_test, lstm.predict(X_test), digits=3))
    print(f"Done in {time.perf_counter() - start:.0f} s.")


if __name__ == "__main__":
    main()
