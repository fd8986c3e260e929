import numpy as np
import pytest

import goldpan

SMALL = {"strategies": ["random", "margin"], "budgets": [0.1, 0.5, 1], "seeds": [1, 2], "progress": False}


@pytest.fixture(scope="module")
def results(clouds, tmp_path_factory):
    return goldpan.run(clouds, tmp_path_factory.mktemp("run"), **SMALL, test_fraction=0.25)


def test_tables_are_attributes(results):
    assert {"learning_curves", "budget_gains", "labels_to_match", "class_counts", "batches", "timings"} <= set(results.tables)
    curves = results.learning_curves
    assert list(curves["strategy"].unique()) == ["random", "margin"] and len(curves) == 6
    assert results.budget_gains["budget"].tolist() == [0.1, 0.5, 1.0]
    assert "learning_curves" in dir(results)
    with pytest.raises(AttributeError, match="no table 'gains', expected one of"):
        results.gains


def test_settings_facts_picks_and_text(results):
    assert results.settings["data.test_fraction"] == "0.25"
    assert results.settings["protocol.reserve"] == "0.1"
    assert int(results.facts["pool_size"]) + int(results.facts["test_size"]) == 600
    assert results.class_names == ["0", "1", "2"]
    picks = results.picks()
    assert len(picks) == 2 * 2 * int(results.facts["pool_size"]) and set(picks["reason"]) >= {"cold_start", "reserve", "strategy"}
    assert results.reflection.startswith("# Reflection")
    assert "budget_gains" in repr(results) and "<table" in results._repr_html_()


def test_plot(results):
    import matplotlib
    matplotlib.use("Agg")
    axes = results.plot()
    assert [line.get_label() for line in axes.get_lines()] == ["random", "margin"]
    np.testing.assert_allclose(axes.get_lines()[1].get_xdata(), [10, 50, 100])


def test_a_second_call_resumes_and_another_setting_is_refused(results, clouds):
    before = (results.out / "run.db").stat().st_mtime_ns
    again = goldpan.run(clouds, results.out, **SMALL, test_fraction=0.25)
    assert again.learning_curves.equals(results.learning_curves)
    with pytest.raises(ValueError, match="test_fraction"):
        goldpan.run(clouds, results.out, **SMALL, test_fraction=0.3)
    assert (results.out / "run.db").stat().st_mtime_ns >= before


def test_ctrl_c_stops_rendering_too(tmp_path):
    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        goldpan.run(f"scenes:1500:{tmp_path / 'scenes'}", tmp_path / "out", strategies=["random"], seeds=[1], progress=interrupt)
    assert len(list(tmp_path.glob("scenes/images/100k/*/*.jpg"))) < 1500  # it was in the midst of them
    assert not (tmp_path / "out" / "run.db").exists()


def test_ctrl_c_stops_and_the_same_call_resumes(results, clouds, tmp_path):
    calls = []

    def interrupt(done, total):
        calls.append((done, total))
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        goldpan.run(clouds, tmp_path, **{**SMALL, "progress": interrupt}, test_fraction=0.25, max_batch=10)
    assert calls
    with pytest.raises(ValueError, match="holds no tables"):
        goldpan.Results(tmp_path)
    resumed = goldpan.run(clouds, tmp_path, **SMALL, test_fraction=0.25, max_batch=10)
    assert resumed.learning_curves["labels"].max() == int(results.facts["pool_size"])


def test_names_of_classes_and_unknown_settings(clouds, tmp_path):
    names = np.array(["car", "bus", "tram"])[clouds[1]]
    results = goldpan.run((clouds[0].astype(np.float64), names), tmp_path, **{**SMALL, "seeds": [1]}, calibration=False)
    assert results.class_names == ["bus", "car", "tram"] and results.settings["protocol.calibration"] == "false"
    with pytest.raises(TypeError, match="unknown setting 'bugdets', expected one of aggregate, attribute"):
        goldpan.run(clouds, tmp_path, bugdets=[1])
    with pytest.raises(ValueError, match="--reserve"):
        goldpan.run(clouds, tmp_path, reserve=2)
    with pytest.raises(ValueError, match=r"\[labels\] got shape"):
        goldpan.run((clouds[0], clouds[1][:5]), tmp_path)


def test_labels_that_nobody_knows_are_no_class(clouds, tmp_path):
    embeddings, labels = clouds[0], np.asarray(clouds[1])
    for unknown in (np.nan, None, -1, ""):
        spoiled = labels.astype(object) if unknown in (None, "") else labels.astype(type(unknown))
        spoiled[5] = unknown
        with pytest.raises(ValueError, match=r"\[labels\] got 1 unknown labels .* in row 5 is the first"):
            goldpan.run((embeddings, spoiled), tmp_path, **SMALL)


def test_classes_are_those_that_occur(clouds, tmp_path):
    labels = np.asarray(clouds[1]) * 4 + 3
    results = goldpan.run((clouds[0], labels), tmp_path, **{**SMALL, "seeds": [1]}, calibration=False)
    assert results.class_names == [str(label) for label in np.unique(labels)]


def test_prices_are_numbers(clouds, tmp_path):
    for price in (float("nan"), -1.0, float("inf")):
        with pytest.raises(ValueError, match="--label-price"):
            goldpan.run(clouds, tmp_path, **SMALL, label_price=price)
    with pytest.raises(ValueError, match="got ''"):
        goldpan.run(clouds, tmp_path, **{**SMALL, "budgets": "0.1,,0.2"})
