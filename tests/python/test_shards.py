"""select() from embeddings in many files."""
import numpy as np
import pytest

import goldpan


@pytest.fixture
def shards(clouds, tmp_path):
    for i, (begin, end) in enumerate([(0, 100), (100, 101), (101, 450), (450, 600)]):
        np.save(tmp_path / f"e{i}.npy", clouds[0][begin:end])
    return tmp_path


def test_files_and_arrays_pick_what_one_array_picks(clouds, shards):
    whole = goldpan.select("k_center", embeddings=clouds[0], labeled=[1, 500], batch=20)
    files = sorted(shards.glob("e*.npy"))
    arrays = [clouds[0][:77], clouds[0][77:77], clouds[0][77:]]
    for given in (files, [str(file) for file in files], str(shards / "e*.npy"), arrays):
        picks = goldpan.select("k_center", embeddings=given, labeled=[1, 500], batch=20)
        np.testing.assert_array_equal(picks.indices, whole.indices)
        np.testing.assert_array_equal(picks.scores, whole.scores)
        assert picks.ids is None


def test_names_come_with_the_rows(clouds, tmp_path):
    for part, (begin, end) in {"a": (0, 200), "b": (200, 600)}.items():
        (tmp_path / part).mkdir()
        np.save(tmp_path / part / "embeddings.npy", clouds[0][begin:end])
        (tmp_path / part / "ids.txt").write_text("".join(f"frame {row}\n" for row in range(begin, end)))
    picks = goldpan.select("k_center", embeddings=[tmp_path / "a", tmp_path / "b"], batch=5)
    assert list(picks.ids) == [f"frame {row}" for row in picks.indices]


def test_a_shard_that_does_not_fit_is_named(clouds, shards):
    np.save(shards / "e4.npy", clouds[0][:, :5])
    with pytest.raises(ValueError, match=r"e4.npy\] has 5 columns of float32, expected 8 columns of float32 as in .*e0.npy"):
        goldpan.select("k_center", embeddings=str(shards / "e*.npy"), batch=5)
    with pytest.raises(ValueError, match=r"embeddings\[1\]\] has 8 columns of float16"):
        goldpan.select("k_center", embeddings=[clouds[0], clouds[0].astype(np.float16)], batch=5)
    with pytest.raises(ValueError, match="no file matches"):
        goldpan.select("k_center", embeddings=str(shards / "z*.npy"), batch=5)


def test_probabilities_come_in_files_too(clouds, predictions, shards):
    for i, (begin, end) in enumerate([(0, 100), (100, 101), (101, 450), (450, 600)]):
        np.save(shards / f"p{i}.npy", predictions[0][begin:end])
        np.save(shards / f"m{i}.npy", predictions[1][:, begin:end])
    for strategy, name, letter, array in [("hybrid", "probs", "p", predictions[0]), ("bald", "mc_probs", "m", predictions[1])]:
        whole = goldpan.select(strategy, embeddings=clouds[0], **{name: array}, batch=20)
        for embeddings in (str(shards / "e*.npy"), clouds[0]):
            picks = goldpan.select(strategy, embeddings=embeddings, **{name: str(shards / f"{letter}*.npy")}, batch=20)
            np.testing.assert_array_equal(picks.indices, whole.indices)
            np.testing.assert_array_equal(picks.scores, whole.scores)
    files = [shards / f"p{i}.npy" for i in range(4)]
    with pytest.raises(ValueError, match="got 3 files, expected one for each of 4 shards"):
        goldpan.select("hybrid", embeddings=str(shards / "e*.npy"), probs=files[:3], batch=2)
    with pytest.raises(ValueError, match=r"p1.npy\] has 1 rows, expected the 100 of its shard"):
        goldpan.select("hybrid", embeddings=str(shards / "e*.npy"), probs=[files[1], files[0], *files[2:]], batch=2)
    with pytest.raises(ValueError, match=r"no file matches"):
        goldpan.select("margin", probs=str(shards / "q*.npy"), batch=2)


def test_a_list_of_lists_is_still_one_array():
    picks = goldpan.select("k_center", embeddings=[[0.0, 0.0], [1.0, 0.0], [5.0, 0.0]], labeled=[0], batch=1)
    assert list(picks.indices) == [2]


def test_parquet_with_a_list_column(clouds, tmp_path):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    for name, rows in {"0.parquet": slice(0, 250), "1.parquet": slice(250, 600)}.items():
        flat = pa.array(clouds[0][rows].ravel())
        pq.write_table(pa.table({"embedding": pa.FixedSizeListArray.from_arrays(flat, 8)}), tmp_path / name)
    whole = goldpan.select("k_center", embeddings=clouds[0], batch=20)
    picks = goldpan.select("k_center", embeddings=[tmp_path / "0.parquet", tmp_path / "1.parquet"], batch=20)
    np.testing.assert_array_equal(picks.indices, whole.indices)
    # As Ray Data writes arrays: tensors, or lists of any size.
    tensors = pa.FixedShapeTensorArray.from_numpy_ndarray(clouds[0][:250])
    lists = pa.array(list(clouds[0][250:]), pa.list_(pa.float32()))
    for name, column in {"3.parquet": tensors, "4.parquet": lists}.items():
        pq.write_table(pa.table({"embedding": column}), tmp_path / name)
    picks = goldpan.select("k_center", embeddings=[tmp_path / "3.parquet", tmp_path / "4.parquet"], batch=20)
    np.testing.assert_array_equal(picks.indices, whole.indices)
    pq.write_table(pa.table({"embedding": pa.array([[1.0, 2.0], [3.0]], pa.list_(pa.float32()))}), tmp_path / "5.parquet")
    with pytest.raises(ValueError, match="5.parquet. has 1 numbers in row 1, expected 2 as in row 0"):
        goldpan.select("k_center", embeddings=[tmp_path / "5.parquet"], batch=1)
    pq.write_table(pa.table({"x": [1, 2]}), tmp_path / "2.parquet")
    with pytest.raises(ValueError, match="2.parquet. has no column 'embedding', expected one of x"):
        goldpan.select("k_center", embeddings=[tmp_path / "2.parquet"], batch=1)
