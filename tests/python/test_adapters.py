import numpy as np
import pytest

import goldpan

skactiveml = pytest.importorskip("skactiveml")


@pytest.fixture
def cycle(clouds):
    X, y_true = clouds
    y = np.full(len(y_true), np.nan)
    y[::50] = y_true[::50]
    return X.astype(np.float64), y, y_true


@pytest.mark.parametrize("strategy", ["badge", "k_center", "entropy", "typiclust", "hybrid"])
def test_an_active_learning_cycle_of_scikit_activeml(strategy, cycle):
    from skactiveml.classifier import SklearnClassifier
    from sklearn.linear_model import LogisticRegression
    X, y, y_true = cycle
    classifier = SklearnClassifier(LogisticRegression(), classes=np.unique(y_true))
    query_strategy = goldpan.adapters.SkactivemlStrategy(strategy, random_state=0)
    for _ in range(3):
        rows = query_strategy.query(X=X, y=y, clf=classifier, batch_size=10)
        assert len(set(rows)) == 10 and np.isnan(y[rows]).all()
        y[rows] = y_true[rows]
    assert classifier.fit(X, y).score(X, y_true) > 0.7


def test_same_rows_as_scikit_activeml_and_utilities(cycle):
    from skactiveml.classifier import SklearnClassifier
    from skactiveml.pool import UncertaintySampling
    from sklearn.linear_model import LogisticRegression
    X, y, y_true = cycle
    classifier = SklearnClassifier(LogisticRegression(), classes=np.unique(y_true)).fit(X, y)
    ours, utilities = goldpan.adapters.SkactivemlStrategy("entropy").query(
        X, y, clf=classifier, fit_clf=False, batch_size=8, return_utilities=True)
    theirs = UncertaintySampling("entropy", random_state=0).query(X, y, clf=classifier, fit_clf=False, batch_size=8)
    assert set(ours) == set(theirs)
    assert utilities.shape == (8, len(X)) and (np.nanargmax(utilities, axis=1) == ours).all()


def test_candidates_stochastic_passes_and_what_is_missing(cycle):
    X, y, y_true = cycle
    rows = goldpan.adapters.SkactivemlStrategy("k_center").query(X, y, candidates=[1, 2, 3], batch_size=2)
    assert set(rows) < {1, 2, 3}
    rows = goldpan.adapters.SkactivemlStrategy("bald").query(X, y, clf=goldpan.LinearHead(), batch_size=4)
    assert len(rows) == 4 and np.isnan(y[rows]).all()
    with pytest.raises(ValueError, match=r"\[clf\] got None, expected a classifier for strategy 'badge'"):
        goldpan.adapters.SkactivemlStrategy("badge").query(X, y)
    with pytest.raises(ValueError, match=r"\[strategy\] got 'best'"):
        goldpan.adapters.SkactivemlStrategy("best").query(X, y)


def test_modal_query(clouds):
    X, y = clouds
    learner = type("Learner", (), {})()
    learner.X_training = X[:50]
    learner.estimator = goldpan.LinearHead().fit(X[:50], y[:50])
    learner.predict_proba = learner.estimator.predict_proba
    pool = X[50:]
    for strategy in ("margin", "k_center", "badge", "bald"):
        rows, chosen = goldpan.adapters.modal_query(strategy)(learner, pool, n_instances=6)
        assert len(set(rows)) == 6 and rows.min() >= 0
        np.testing.assert_array_equal(chosen, pool[rows])
    everything = goldpan.select("k_center", embeddings=X, labeled=np.arange(50), batch=6)
    rows, _ = goldpan.adapters.modal_query("k_center")(learner, pool, n_instances=6)
    np.testing.assert_array_equal(rows, everything.indices - 50)
    with pytest.raises(ValueError, match=r"\[strategy\] got 'best'"):
        goldpan.adapters.modal_query("best")
