import _thread
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

import goldpan


def anonymous_bytes():
    with open("/proc/self/smaps_rollup") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("Anonymous:"))


@pytest.mark.parametrize("info", goldpan.strategies(), ids=lambda info: info.name)
def test_every_strategy_picks_distinct_unlabelled_rows(info, clouds, predictions):
    given = {"embeddings": clouds[0], "probs": predictions[0], "mc_probs": predictions[1]}
    needed = {name: given[name] for name in info.needs} or {"embeddings": clouds[0]}
    picks = goldpan.select(info.name, **needed, labeled=np.arange(50), batch=20, seed=3)
    assert len(set(picks.indices)) == len(picks) == 20
    assert picks.indices.min() >= 50
    assert set(picks.reasons) == {"strategy"}
    again = goldpan.select(info.name, **needed, labeled=np.arange(50), batch=20, seed=3, threads=1)
    np.testing.assert_array_equal(again.indices, picks.indices)
    np.testing.assert_array_equal(again.scores, picks.scores)


def test_scores_are_those_of_the_formula(predictions):
    p = predictions[0].astype(np.float64)
    entropy = -(p * np.log(p)).sum(1)
    picks = goldpan.select("entropy", probs=predictions[0], batch=10)
    np.testing.assert_array_equal(picks.indices, np.argsort(-entropy, kind="stable")[:10])
    np.testing.assert_allclose(picks.scores, entropy[picks.indices], rtol=1e-5)


def test_labelled_rows_by_number_in_any_order_or_by_mask(clouds):
    rows = [17, 3, 599]
    mask = np.zeros(600, bool)
    mask[rows] = True
    by_number = goldpan.select("k_center", embeddings=clouds[0], labeled=rows, batch=5)
    by_mask = goldpan.select("k_center", embeddings=clouds[0], labeled=mask, batch=5)
    np.testing.assert_array_equal(by_number.indices, by_mask.indices)


def test_candidates_are_all_that_may_be_picked(clouds):
    picks = goldpan.select("k_center", embeddings=clouds[0], labeled=[0], candidates=[5, 3, 4], batch=2, reserve=0.5)
    assert set(picks.indices) < {3, 4, 5}
    # The rest of the pool is neither labelled nor a candidate: it is no center either.
    sub = goldpan.select("k_center", embeddings=clouds[0][[0, 3, 4, 5]], labeled=[0], batch=3)
    full = goldpan.select("k_center", embeddings=clouds[0], labeled=[0], candidates=[3, 4, 5], batch=3)
    np.testing.assert_array_equal(np.array([0, 3, 4, 5])[sub.indices], full.indices)
    with pytest.raises(ValueError, match=r"\[candidates\] got row 0, which is labelled"):
        goldpan.select("k_center", embeddings=clouds[0], labeled=[0], candidates=[0, 1], batch=1)


def test_a_reserve_says_why_and_how_likely(clouds):
    names = np.array([f"image {i}" for i in range(600)])
    picks = goldpan.select("k_center", embeddings=clouds[0], batch=10, reserve=0.3, ids=names)
    assert list(picks.reasons) == ["reserve"] * 3 + ["strategy"] * 7
    np.testing.assert_allclose(picks.inclusion_probabilities[:3], 3 / 600)
    assert np.isnan(picks.inclusion_probabilities[3:]).all() and np.isnan(picks.scores[:3]).all()
    np.testing.assert_array_equal(picks.ids, names[picks.indices])


def test_float16_read_only_rows_and_memory_maps_are_read_in_place(clouds, tmp_path):
    half = clouds[0].astype(np.float16)
    expected = goldpan.select("k_center", embeddings=half.astype(np.float32), batch=30).indices
    half.flags.writeable = False
    np.testing.assert_array_equal(goldpan.select("k_center", embeddings=half, batch=30).indices, expected)
    np.testing.assert_array_equal(goldpan.select("k_center", embeddings=half[100:], batch=5).indices,
                                  goldpan.select("k_center", embeddings=half[100:].copy(), batch=5).indices)
    np.save(tmp_path / "half.npy", half)
    mapped = np.load(tmp_path / "half.npy", mmap_mode="r")
    np.testing.assert_array_equal(goldpan.select("k_center", embeddings=mapped, batch=30).indices, expected)


def test_a_memory_map_is_not_copied(tmp_path):
    mapped = np.lib.format.open_memmap(tmp_path / "e.npy", "w+", np.float32, (400_000, 64))  # 100 MB of zeros
    goldpan.select("random", embeddings=mapped[:10], batch=1)
    before = anonymous_bytes()
    peak = []
    goldpan.select("k_center_approximate", embeddings=mapped, batch=3, approximate_share=0.001,
                   progress=lambda done, total: peak.append(anonymous_bytes()))
    assert max([*peak, anonymous_bytes()]) - before < 30e6


def test_other_numbers_are_converted_but_no_memory_map(clouds, tmp_path):
    expected = goldpan.select("k_center", embeddings=clouds[0], batch=9).indices
    for other in (clouds[0].astype(np.float64), np.asfortranarray(clouds[0]), clouds[0].astype(">f4"),
                  clouds[0].tolist()):
        np.testing.assert_array_equal(goldpan.select("k_center", embeddings=other, batch=9).indices, expected)
    np.save(tmp_path / "double.npy", clouds[0].astype(np.float64))
    mapped = np.load(tmp_path / "double.npy", mmap_mode="r")
    with pytest.raises(ValueError, match=r"\[embeddings\] got a memory map of float64, expected float32 or float16"):
        goldpan.select("k_center", embeddings=mapped, batch=9)
    np.save(tmp_path / "single.npy", clouds[0])
    with pytest.raises(ValueError, match="not in C order"):
        goldpan.select("k_center", embeddings=np.load(tmp_path / "single.npy", mmap_mode="r")[:, :4], batch=9)


@pytest.mark.parametrize("arguments, message", [
    ({"embeddings": np.zeros(5, np.float32)}, r"\[embeddings\] got 1 dimensions, expected an array of N x D"),
    ({"embeddings": np.array([["a"]])}, "expected an array of N x D of numbers"),
    ({"embeddings": np.full((9, 2), np.nan, np.float32)}, r"\[embeddings\] row 0 holds a NaN"),
    ({"embeddings": np.full((9, 2), 1e300)}, "holds a NaN or an infinity"),
    ({"embeddings": np.zeros((9, 2), np.float32), "probs": np.zeros((8, 2))}, r"\[probs\] got 8 rows, expected 9"),
    ({"embeddings": np.zeros((9, 2), np.float32), "labeled": [9]}, r"\[labeled\] got row 9, expected 0 to 8"),
    ({"embeddings": np.zeros((9, 2), np.float32), "labeled": [-1]}, r"\[labeled\] got row -1"),
    ({"embeddings": np.zeros((9, 2), np.float32), "labeled": [1, 1]}, r"\[labeled\] got row 1 twice"),
    ({"embeddings": np.zeros((9, 2), np.float32), "labeled": np.zeros(8, bool)}, "a mask of 8, expected 9"),
    ({"embeddings": np.zeros((9, 2), np.float32), "labeled": [0.5]}, "expected row numbers"),
    ({"embeddings": np.zeros((9, 2), np.float32), "batch": 10}, r"\[batch\] got 10"),
    ({"embeddings": np.zeros((9, 2), np.float32), "batch": -1}, r"\[batch\] got -1"),
    ({"embeddings": np.zeros((9, 2), np.float32), "seed": -1}, r"\[seed\] got -1"),
    ({"embeddings": np.zeros((9, 2), np.float32), "reserve": 2.0}, r"\[reserve\] got 2"),
    ({"probs": np.full((9, 2), 0.5)}, r"\[embeddings\] got none"),
    ({"strategy": "bald", "mc_probs": np.full((3, 9, 2), 0.6)}, r"\[mc_probs\] pass 0, row 0 holds values that sum to 1.2"),
    ({}, "got no input"),
])
def test_bad_input_is_a_value_error_that_says_what_to_do(arguments, message):
    with pytest.raises(ValueError, match=message):
        goldpan.select(**{"strategy": "k_center", "batch": 1, **arguments})


def test_unknown_names(clouds):
    with pytest.raises(ValueError, match=r"\[strategy\] got 'best', expected one of: random"):
        goldpan.select("best", embeddings=clouds[0], batch=1)
    with pytest.raises(TypeError, match="bait_lamda"):
        goldpan.select("bait", embeddings=clouds[0], batch=1, bait_lamda=1)
    with pytest.raises(TypeError, match="float"):
        goldpan.select("random", embeddings=clouds[0], batch=2.5)


def test_options_reach_the_strategy(clouds):
    narrow = goldpan.select("prob_cover", embeddings=clouds[0], batch=5, prob_cover_radius=0.5)
    assert "radius 0.5" in narrow.notes[0]


def test_progress_is_reported_and_what_it_raises_comes_back(clouds):
    seen = []
    goldpan.select("k_center", embeddings=clouds[0], batch=300, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (300, 300)

    def refuse(done, total):
        raise RuntimeError("enough")
    with pytest.raises(RuntimeError, match="enough"):
        goldpan.select("k_center", embeddings=clouds[0], batch=300, progress=refuse)


def test_other_threads_run_meanwhile():
    embeddings = np.random.default_rng(0).normal(size=(20_000, 64)).astype(np.float32)
    counted, done = [0], threading.Event()

    def count():
        while not done.is_set():
            counted[0] += 1
    counter = threading.Thread(target=count)
    counter.start()
    before = counted[0]
    goldpan.select("k_center", embeddings=embeddings, batch=500)
    after = counted[0]
    done.set()
    counter.join()
    assert after - before > 1000


def test_ctrl_c_stops_long_work():
    """Ctrl-C comes from the work's own progress, as soon as it is under way.

    Python ignores Ctrl-C where its shell started it in the background, as CI may: the test asks for it.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        interrupt_a_selection()
    finally:
        signal.signal(signal.SIGINT, before)


def interrupt_a_selection():
    embeddings = np.random.default_rng(0).normal(size=(60_000, 128)).astype(np.float32)
    reached = []

    def interrupt(done, total):
        reached.append(done / total)
        _thread.interrupt_main()
    with pytest.raises(KeyboardInterrupt):
        goldpan.select("k_center", embeddings=embeddings, batch=59_000, progress=interrupt)
    assert reached[0] < 0.9


def test_selection_shows_itself(clouds):
    picks = goldpan.select("k_center", embeddings=clouds[0], batch=12)
    frame = picks.to_pandas()
    assert list(frame.columns) == ["rank", "index", "id", "score", "reason", "inclusion_probability"]
    assert list(frame["index"]) == list(picks.indices)
    assert "Selection of 12 rows" in repr(picks) and "<table>" in picks._repr_html_()
    assert "badge" in repr(goldpan.strategies()) and "<table>" in goldpan.strategies()._repr_html_()


def test_dedup_groups_near_duplicates(clouds):
    copies = np.concatenate([clouds[0], clouds[0][[5, 7, 5]] * 2])
    found = goldpan.dedup(copies, 0.9999)
    np.testing.assert_array_equal(found.kept, np.arange(600))
    np.testing.assert_array_equal(found.representative[600:], [5, 7, 5])
    groups = found.groups()
    assert {key: list(rows) for key, rows in groups.items()} == {5: [5, 600, 602], 7: [7, 601]}
    with pytest.raises(ValueError, match="cosine"):
        goldpan.dedup(copies, 1.5)


def test_numpy_is_all_that_selecting_needs():
    program = (
        "import sys\n"
        "for name in ('sklearn', 'pandas', 'matplotlib', 'scipy'): sys.modules[name] = None\n"
        "import numpy, goldpan\n"
        "print(len(goldpan.select('k_center', embeddings=numpy.eye(5), batch=2)))\n"
        "print(goldpan.PatchEncoder(dim=4, centroids=4), goldpan.TemperatureScaler())\n"
        "try: goldpan.LinearHead\n"
        "except ImportError as error: print(error)\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("2\n") and "pip install 'goldpan-al[all]'" in result.stdout


def test_logits_are_softmaxed(clouds):
    logits = clouds[0][:, :3]
    e = np.exp(logits - logits.max(1, keepdims=True))
    by_logits = goldpan.select("margin", logits=logits, batch=20)
    by_probs = goldpan.select("margin", probs=e / e.sum(1, keepdims=True), batch=20)
    np.testing.assert_array_equal(by_logits.indices, by_probs.indices)
    with pytest.raises(ValueError, match=r"\[logits\] got logits and probs"):
        goldpan.select("margin", logits=logits, probs=logits, batch=1)
    with pytest.raises(ValueError, match="one column of logits"):
        goldpan.select("margin", logits=logits[:, :1], batch=1)
    with pytest.raises(ValueError, match=r"\[logits\] row 7 is not finite"):
        goldpan.select("margin", logits=np.where(np.arange(600)[:, None] == 7, np.nan, logits), batch=1)


def test_cosine_is_euclid_on_rows_of_length_one(clouds, predictions):
    embeddings = clouds[0]
    unit = embeddings / np.linalg.norm(embeddings.astype(np.float64), axis=1, keepdims=True)
    for strategy in ("k_center", "typiclust"):
        cosine = goldpan.select(strategy, embeddings=embeddings, metric="cosine", batch=20)
        np.testing.assert_array_equal(cosine.indices,
                                      goldpan.select(strategy, embeddings=unit.astype(np.float32), batch=20).indices)
    assert (cosine.indices != goldpan.select("typiclust", embeddings=embeddings, batch=20).indices).any()
    with pytest.raises(ValueError, match=r"\[metric\] got 'l1'"):
        goldpan.select("k_center", embeddings=embeddings, metric="l1", batch=1)
    with pytest.raises(ValueError, match="measures no distances"):
        goldpan.select("entropy", probs=predictions[0], metric="cosine", batch=1)


def test_near_duplicates_are_left_out(clouds):
    twice = np.concatenate([clouds[0][:100], 2 * clouds[0][:100]])
    picks = goldpan.select("random", embeddings=twice, labeled=[3], dedup=0.99999, batch=99)
    assert len(set(picks.indices % 100)) == 99 and 3 not in picks.indices % 100
    assert "near-duplicates" in picks.notes[0]
    assert picks.audit["settings"]["candidates"] == 99


def test_errors_call_arguments_as_they_were_typed(predictions):
    bad = predictions[0].copy()
    bad[5] = 0.9
    with pytest.raises(ValueError, match=r"^\[probs\] row 5"):
        goldpan.select("entropy", probs=bad, batch=1)
    with pytest.raises(ValueError, match=r"^\[probs\] got none"):
        goldpan.select("entropy", embeddings=predictions[0], batch=1)
    with pytest.raises(ValueError, match=r"^\[mc_probs\]"):
        goldpan.select("bald", mc_probs=np.stack([predictions[0], bad]), batch=1)


def test_saved_picks_are_those_of_the_program(clouds, tmp_path):
    import hashlib
    import json
    import subprocess

    from goldpan import _program

    names = [f'frame "{i}", left' if i else "=1+1" for i in range(600)]
    picks = goldpan.select("badge", embeddings=clouds[0], logits=clouds[0][:, :3], labeled=[1, 2], batch=50, reserve=0.1,
                           seed=4, ids=names, hash=True)
    picks.save(tmp_path / "python.csv")
    with pytest.raises(FileExistsError, match="force=True"):
        picks.save(tmp_path / "python.csv")
    picks.save(tmp_path / "python.csv", force=True)
    audit = json.loads((tmp_path / "python.json").read_text())
    assert audit["inputs"]["embeddings"]["sha256"] == hashlib.sha256(clouds[0].tobytes()).hexdigest()
    assert audit["settings"]["seed"] == 4 and audit["settings"]["labeled"] == 2
    if not _program.path().exists():
        pytest.skip("built without the program")
    np.save(tmp_path / "E.npy", clouds[0])
    np.save(tmp_path / "Z.npy", clouds[0][:, :3])
    (tmp_path / "ids.txt").write_text("".join(f"{name}\n" for name in names))
    (tmp_path / "labeled.txt").write_text("1\n2\n")
    subprocess.run([_program.path(), "pick", "--embeddings", "E.npy", "--logits", "Z.npy", "--ids", "ids.txt", "--labeled",
                    "labeled.txt", "--strategy", "badge", "--batch", "50", "--seed", "4", "--out", "program.csv"],
                   cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "program.csv").read_text() == (tmp_path / "python.csv").read_text()
    program = json.loads((tmp_path / "program.json").read_text())
    assert {k: v for k, v in program["settings"].items()} == audit["settings"]


def test_tensors_are_taken(clouds, monkeypatch):
    """A stand-in for PyTorch, which no test installs: a tensor on another device, of a type that NumPy lacks."""
    calls = []

    class Tensor:
        __module__ = "torch"
        layout = "torch.strided"

        def __init__(self, values, dtype="torch.float32", device="cpu", grad=False):
            self.values, self.dtype, self.grad = values, dtype, grad
            self.device = type("device", (), {"type": device})

        def detach(self):
            return Tensor(self.values, self.dtype, self.device.type)

        def cpu(self):
            calls.append("cpu")
            return Tensor(self.values, self.dtype)

        def float(self):
            calls.append("float")
            return Tensor(self.values)

        def numpy(self):
            if self.grad or self.device.type != "cpu" or self.dtype == "torch.bfloat16":
                raise TypeError("numpy() of this tensor")
            return self.values

        def __array__(self, *_):
            return self.numpy()

    expected = goldpan.select("k_center", embeddings=clouds[0], batch=10).indices
    for given in (Tensor(clouds[0], grad=True), Tensor(clouds[0], "torch.bfloat16"), Tensor(clouds[0], device="cuda")):
        np.testing.assert_array_equal(goldpan.select("k_center", embeddings=given, batch=10).indices, expected)
    assert calls == ["float", "cpu"]
