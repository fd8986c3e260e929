import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import check_estimator

import goldpan


@pytest.mark.parametrize("hidden", [0, 16])
def test_check_estimator(hidden):
    """All of scikit-learn's checks, but the one that asks for SCIPY_ARRAY_API in the environment."""
    results = check_estimator(goldpan.LinearHead(hidden=hidden, threads=1), on_fail=None, on_skip=None)
    assert [r["check_name"] for r in results if r["status"] not in ("passed", "skipped")] == []
    assert [r["check_name"] for r in results if r["status"] == "skipped"] in ([], ["check_array_api_input"])
    assert len(results) > 50


@pytest.mark.parametrize("hidden", [0, 16])
def test_learns_is_stored_and_cloned(hidden, clouds):
    X, y = clouds
    names = np.array(["car", "bus", "tram"])[y]
    head = goldpan.LinearHead(hidden=hidden).fit(X[:300], names[:300])
    assert head.score(X[300:], names[300:]) > 0.75
    assert list(head.classes_) == ["bus", "car", "tram"]
    again = pickle.loads(pickle.dumps(head))
    np.testing.assert_array_equal(again.logits(X), head.logits(X))
    np.testing.assert_array_equal(again.mc_predict_proba(X, 3), head.mc_predict_proba(X, 3))
    np.testing.assert_array_equal(again.features(X), head.features(X))
    np.testing.assert_array_equal(clone(head).fit(X[:300], names[:300]).logits(X), head.logits(X))
    assert cross_val_score(goldpan.LinearHead(hidden=hidden), X, names, cv=3).mean() > 0.75


def test_rows_do_not_depend_on_each_other_nor_on_threads(clouds):
    X, y = clouds
    head = goldpan.LinearHead(threads=1).fit(X, y)
    whole = head.logits(X)
    np.testing.assert_array_equal(head.logits(X[37:51]), whole[37:51])
    passes = head.mc_predict_proba(X, 7, seed=5, temperature=1.5)
    assert passes.shape == (7, 600, 3)
    np.testing.assert_array_equal(head.mc_predict_proba(X[10:20], 7, seed=5, temperature=1.5), passes[:, 10:20])
    np.testing.assert_allclose(passes.sum(-1), 1, rtol=1e-5)
    two = goldpan.LinearHead(threads=2).fit(X, y)
    np.testing.assert_array_equal(two.logits(X), whole)
    assert not np.array_equal(head.mc_predict_proba(X, 7, seed=6, temperature=1.5), passes)


def test_order_of_rows_and_whole_weights_change_nothing(clouds):
    X, y = clouds
    rng = np.random.default_rng(3)
    weights = rng.integers(0, 4, len(y))
    repeated = goldpan.LinearHead().fit(np.repeat(X, weights, axis=0), np.repeat(y, weights))
    order = rng.permutation(len(y))
    weighted = goldpan.LinearHead().fit(X[order], y[order], sample_weight=weights[order])
    np.testing.assert_array_equal(weighted.logits(X), repeated.logits(X))
    # Weights that are not whole say nearly the same: the columns' scales are those of the rows as given.
    nearly = goldpan.LinearHead().fit(X, y, sample_weight=weights + 1e-9 * (weights > 0) + 1e-9)
    np.testing.assert_allclose(nearly.predict_proba(X), repeated.predict_proba(X), atol=0.05)


def test_half_precision_is_taken_as_it_is(clouds):
    X, y = clouds[0].astype(np.float16), clouds[1]
    half, single = goldpan.LinearHead().fit(X, y), goldpan.LinearHead().fit(X.astype(np.float32), y)
    np.testing.assert_array_equal(half.logits(X), single.logits(X.astype(np.float32)))


def test_two_classes_as_scikit_learn_has_them(clouds):
    X, y = clouds[0], clouds[1] == 1
    head = goldpan.LinearHead().fit(X, y)
    assert head.decision_function(X).shape == (600,) and head.logits(X).shape == (600, 2)
    np.testing.assert_array_equal(head.decision_function(X) > 0, head.predict(X))


@pytest.mark.parametrize("parameters, message", [
    ({"dropout": 1.0}, r"\[dropout\]"), ({"weight_decay": -1.0}, r"\[weight_decay\]"),
    ({"scaling": "none"}, r"\[scaling\] got 'none', expected auto, common or per_column"),
])
def test_bad_parameters(parameters, message, clouds):
    with pytest.raises(ValueError, match=message):
        goldpan.LinearHead(**parameters).fit(*clouds)


def test_temperature_scaling_calibrates(clouds):
    X, y = clouds
    head = goldpan.LinearHead().fit(X[:200], y[:200])
    overconfident = head.logits(X) * 4
    scaler = goldpan.TemperatureScaler().fit(overconfident[200:400], y[200:400])
    assert 2 < scaler.temperature_ < 8 and scaler.nll_after_ < scaler.nll_before_
    probs = scaler.transform(overconfident[400:])
    before = goldpan.TemperatureScaler()
    before.temperature_ = 1.0
    assert goldpan.expected_calibration_error(probs, y[400:]) < goldpan.expected_calibration_error(
        before.transform(overconfident[400:]), y[400:])
    names = np.array(["c", "a", "b"])
    by_name = goldpan.TemperatureScaler().fit(overconfident[200:400], names[y[200:400]], classes=names)
    assert by_name.temperature_ == scaler.temperature_
    with pytest.raises(ValueError, match=r"\[y\] got class 3, expected 0 to 2"):
        goldpan.TemperatureScaler().fit(overconfident[:1], [3])
    with pytest.raises(ValueError, match="expected one before"):
        goldpan.TemperatureScaler().transform(overconfident)


def test_calibration_error_by_hand():
    probs = np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8], [0.2, 0.8]], np.float32)
    assert goldpan.expected_calibration_error(probs, [0, 1, 1, 1], bins=2) == pytest.approx((0.2 + 0.4) / 2, abs=1e-6)


def test_patch_encoder_takes_arrays_and_files(tmp_path):
    rng = np.random.default_rng(4)
    images = rng.integers(0, 256, (40, 16, 16, 3), np.uint8)
    encoder = goldpan.PatchEncoder(dim=8, centroids=16)
    embeddings = encoder.fit_transform(images)
    assert embeddings.shape == (40, 8) and embeddings.dtype == np.float32 and np.isfinite(embeddings).all()
    np.testing.assert_array_equal(encoder.transform(list(images[:3])), embeddings[:3])
    np.testing.assert_array_equal(encoder.transform(images[5:6, ::-1][:, ::-1]), embeddings[5:6])
    grey = images[:, :, :, 0]
    np.testing.assert_array_equal(encoder.transform(grey), encoder.transform(np.stack([grey] * 3, axis=-1)))
    matplotlib_image = pytest.importorskip("matplotlib.image")
    matplotlib_image.imsave(tmp_path / "a.png", images[7])
    np.testing.assert_array_equal(encoder.transform([tmp_path / "a.png"]), embeddings[7:8])
    with pytest.raises(ValueError, match="missing.png"):
        encoder.transform([tmp_path / "missing.png"])
    with pytest.raises(ValueError, match="got float64, expected uint8"):
        encoder.transform(images / 255)
    with pytest.raises(ValueError, match="expected one before"):
        goldpan.PatchEncoder().transform(images)
    # Kept and read again, it embeds into the same space.
    encoder.fit(images)
    rows = encoder.transform(images)
    encoder.save(tmp_path / "patches.kept")
    for again in (pickle.loads(pickle.dumps(encoder)), goldpan.PatchEncoder.load(tmp_path / "patches.kept")):
        np.testing.assert_array_equal(again.transform(images), rows)
        assert (again.dim, again.centroids, again.seed) == (8, 16, 0)
    assert not hasattr(pickle.loads(pickle.dumps(goldpan.PatchEncoder(dim=4))), "_encoder")
    with pytest.raises(ValueError, match="no fit"):
        goldpan.PatchEncoder().save(tmp_path / "nothing")
    np.savez(tmp_path / "other.npz", a=rows)
    with pytest.raises(ValueError, match="is not what PatchEncoder.save writes"):
        goldpan.PatchEncoder.load(tmp_path / "other.npz")


def test_unknown_labels_are_refused_and_plus_minus_one_are_classes(clouds):
    embeddings, labels = clouds[0], np.array(clouds[1])
    labels[3] = -1
    with pytest.raises(ValueError, match=r"\[y\] got 1 unknown labels"):
        goldpan.LinearHead().fit(embeddings, labels)
    signs = np.where(labels == 0, -1, 1)
    assert list(goldpan.LinearHead().fit(embeddings, signs).classes_) == [-1, 1]


@pytest.mark.parametrize("magnitude", [1e19, -3.4e38])
def test_a_mark_for_a_missing_value_is_named(magnitude, clouds):
    embeddings = np.array(clouds[0], dtype=np.float32)
    embeddings[7, 1] = magnitude
    with pytest.raises(ValueError, match="row 7 is .* long"):
        goldpan.LinearHead().fit(embeddings, clouds[1])
