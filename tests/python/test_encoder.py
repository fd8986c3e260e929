"""goldpan.Encoder: any network a user has."""
import pathlib
import pickle
import sys

import numpy as np
import pytest

import goldpan

pytest.importorskip("goldpan._networks", reason="built without OpenVINO")
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "apps"))
from tiny_network import write_network  # noqa: E402

WEIGHTS = np.arange(-5, 7, dtype=np.float64).reshape(4, 3)


@pytest.fixture
def network(tmp_path):
    path = write_network(tmp_path / "tiny.xml")
    path.with_name("tiny.xml.toml").write_text('size = 16\nresize = "stretch"\noutputs = "features"\n')
    return path


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (30, 16, 16, 3), dtype=np.uint8)


def test_numbers_are_those_worked_out_by_hand(network, images):
    encoder = goldpan.Encoder(network)
    expected = images.mean((1, 2), dtype=np.float64) / 255 @ WEIGHTS.T
    np.testing.assert_allclose(encoder.embed(images), expected, atol=1e-4)
    assert encoder.dim == 4 and encoder.name == "network" and encoder.map_shape is None


def test_arrays_paths_and_pil_images_are_alike(network, images, tmp_path):
    image = pytest.importorskip("PIL.Image")
    pictures = [image.fromarray(array) for array in images]
    paths = [tmp_path / f"{i}.png" for i in range(len(images))]
    for picture, path in zip(pictures, paths):
        picture.save(path)
    encoder = goldpan.Encoder(str(network))
    rows = encoder.embed(images)
    for others in (list(images), pictures, paths):
        assert np.array_equal(encoder.embed(others), rows)


def test_feature_maps(network, images):
    toml = network.with_name("tiny.xml.toml")
    # The convolution has no result of its own in this file: its mean stands in for the error.
    toml.write_text(toml.read_text() + 'map = "map"\n')
    with pytest.raises(ValueError, match="has no output 'map'"):
        goldpan.Encoder(network).maps(images)
    toml.write_text('size = 16\nresize = "stretch"\n')
    with pytest.raises(ValueError, match="has no feature map"):
        goldpan.Encoder(network).maps(images)


def test_what_was_learned_is_kept(network, images, tmp_path):
    encoder = goldpan.Encoder(network, dim=2)
    rows = encoder.embed(images)
    assert rows.shape == (30, 2)
    assert np.array_equal(encoder.embed(images[:7]), rows[:7])  # and stays as it was learned
    fitted = goldpan.Encoder(network, dim=2).fit(images)
    assert np.array_equal(fitted.embed(images), rows)
    encoder.save(tmp_path / "e.npz")
    for again in (goldpan.Encoder.load(tmp_path / "e.npz"), pickle.loads(pickle.dumps(encoder))):
        assert np.array_equal(again.embed(images[3:9]), rows[3:9])
    network.with_name("tiny.xml.toml").write_text('size = 8\nresize = "stretch"\n')
    with pytest.raises(ValueError, match="is another than when it was saved"):
        goldpan.Encoder.load(tmp_path / "e.npz")


def test_a_run_embeds_with_any_network(network, images, tmp_path):
    image = pytest.importorskip("PIL.Image")
    for i, array in enumerate(images):
        folder = tmp_path / "classes" / ("dark" if array.mean() < 127.5 else "light")
        folder.mkdir(parents=True, exist_ok=True)
        image.fromarray(array).save(folder / f"{i:02}.png")
    results = goldpan.run(f"folder:{tmp_path / 'classes'}", tmp_path / "out", encoder=f"network:{network}",
                          strategies=["random", "margin"], budgets=[0.5, 1], seeds=[1, 2], progress=None)
    assert results.facts["encoder"] == "network" and results.facts["dim"] == "4"


def test_errors(network, images, tmp_path, monkeypatch):
    monkeypatch.delenv("GOLDPAN_DATA", raising=False)
    with pytest.raises(ValueError, match="got 'lite9', expected lite0, patches"):
        goldpan.Encoder("lite9")
    with pytest.raises(ValueError, match="got no weights"):
        goldpan.Encoder("lite0", data=[tmp_path])
    with pytest.raises(ValueError, match="no such network file"):
        goldpan.Encoder(tmp_path / "none.onnx")
    with pytest.raises(ValueError, match="expected a list of paths"):
        goldpan.Encoder(network).embed(str(tmp_path))
