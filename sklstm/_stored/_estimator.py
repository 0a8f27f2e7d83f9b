"""A mixin of estimators whose files hold plain values and versions."""

from sklstm._compat.sklearn import OF_A_FIT
from sklstm._stored._kinds import from_stored, to_stored
from sklstm._versions import versions, warn_of_other_versions


class StoredEstimator:
    """Mixin of estimators, whose state in a file is plain values.

    It must be before `BaseEstimator` in the bases of a class. The state of an estimator
    holds the versions of packages; loading it under other ones warns.
    """

    def _current_versions(self):
        # scikit-learn stores its version for its own classes only.
        return versions()

    def __copy__(self):
        other = object.__new__(type(self))
        vars(other).update(vars(self))
        return other

    def __getstate__(self):
        state = dict(super().__getstate__())
        for name in OF_A_FIT:
            state.pop(name, None)
        state = to_stored(state)
        return {**state, "_versions": self._current_versions()}

    def __setstate__(self, state):
        warn_of_other_versions(
            self, state.get("_versions", {}), self._current_versions()
        )
        own = {name: state[name] for name in state if name != "_versions"}
        super().__setstate__(from_stored(own))
