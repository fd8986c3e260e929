import numpy as np
import pytest


@pytest.fixture(scope="session")
def clouds():
    """Overlapping clouds: embeddings (600 x 8, float32) and their classes."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 3, 600)
    embeddings = rng.normal(size=(600, 8)) + 2 * np.eye(8)[labels]
    return embeddings.astype(np.float32), labels


@pytest.fixture(scope="session")
def predictions(clouds):
    """Class probabilities (600 x 3) and those of five stochastic passes (5 x 600 x 3)."""
    rng = np.random.default_rng(2)
    logits = clouds[0][:, :3]
    def softmax(z):
        e = np.exp(z - z.max(-1, keepdims=True))
        return (e / e.sum(-1, keepdims=True)).astype(np.float32)
    return softmax(logits), softmax(logits + rng.normal(size=(5, 600, 3)))
