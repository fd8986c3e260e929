"""scikit-learn's base class where it is installed: its parameters' names and `clone` for pipelines."""
try:
    from sklearn.base import BaseEstimator
except ImportError:

    class BaseEstimator:  # type: ignore[no-redef]
        pass


__all__ = ["BaseEstimator"]
