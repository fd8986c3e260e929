# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Which images should we label?
#
# You have a large pool of images and money to label some of them. Active learning says: let the model choose. This
# lesson builds the loop by hand, twelve sections long, and asks at every step whether it was worth it.
#
# You need to know what a linear classifier and a softmax are. Everything else is built here.
#
# | how to run it | |
# |---|---|
# | as a script | `python notebook.py` |
# | as a notebook | `jupytext --to notebook notebook.py`, then open `notebook.ipynb` |
# | a minute instead of ten | `GOLDPAN_NOTEBOOK_SIZE=small` |
# | your CIFAR-10 | `GOLDPAN_DATA=/folder/with/cifar10`: the official binary files or a folder `train/CLASS/*.jpg` |
#
# Every section ends in a *checkpoint*: its result is saved, the next sections use it, and a second run of the notebook
# starts from there.

# %%
import functools
import gzip
import os
import pathlib
import sys
import time
import zlib

import matplotlib

NOTEBOOK = "ipykernel" in sys.modules
if not NOTEBOOK:
    matplotlib.use("Agg")  # a script has no window; the figures go to files in any case
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy import stats

import goldpan

SIZE = os.environ.get("GOLDPAN_NOTEBOOK_SIZE", "full")  # "full" or "small"
if SIZE not in ("full", "small"):
    raise SystemExit(f"GOLDPAN_NOTEBOOK_SIZE: got {SIZE!r}, expected full or small")
FULL = SIZE == "full"
IMAGES = 50_000 if FULL else 2_000
SEEDS = (1, 2, 3) if FULL else (1, 2)
BUDGETS = (0.05, 0.10, 0.25, 0.50, 0.75, 1.00) if FULL else (0.05, 0.10, 0.25, 0.50, 1.00)
RESERVE = 0.1  # share of every batch that stays random
PASSES = 20  # for BALD

started = time.perf_counter()

# %% [markdown]
# Three helpers. `checkpoint` computes something once and reads it back ever after. `show` saves a figure and shows it;
# `present` does the same for a table.


# %%
def checkpoint(name, compute):
    """The saved result of `compute()`: a dict of arrays, or a table."""
    table, arrays = FOLDER / f"{name}.csv", FOLDER / f"{name}.npz"
    if table.exists():
        return pd.read_csv(table)
    if arrays.exists():
        with np.load(arrays) as file:
            return dict(file)
    begin = time.perf_counter()
    result = compute()
    partial = FOLDER / f"partial-{name}{'.csv' if isinstance(result, pd.DataFrame) else '.npz'}"
    if isinstance(result, pd.DataFrame):
        result.to_csv(partial, index=False)
        partial.replace(table)
    else:
        np.savez(partial, **result)
        partial.replace(arrays)
    print(f"checkpoint {name}: {time.perf_counter() - begin:.0f} s")
    return result


def show(figure, name):
    figure.savefig(FIGURES / f"{name}.png", dpi=150, bbox_inches="tight")
    if NOTEBOOK:
        plt.show()
    plt.close(figure)


def present(table):
    if NOTEBOOK:
        from IPython.display import display

        display(table)
    else:
        print(table.to_string())


plt.rcParams.update(
    {
        "figure.constrained_layout.use": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlelocation": "left",
        "font.size": 9,
        "axes.titlesize": 10,
        "legend.frameon": False,
    }
)
COLOUR = {
    "random": "black",
    "entropy": "#56b4e9",
    "margin": "#e69f00",
    "least_confidence": "#999999",
    "bald": "#cc79a7",
    "k_center": "#009e73",
    "badge": "#d55e00",
    "hybrid": "#0072b2",
    "typiclust": "#8c6d31",
}

# %% [markdown]
# # 1. The pool
#
# The data set is whatever is there: CIFAR-10, else Fashion-MNIST (Debian's package `dataset-fashion-mnist`), else
# images that we draw ourselves. Nothing is downloaded. All its labels are known, which is what lets us *measure*: we
# hide them and buy them back.
#
# The next cell reads files and draws; skip it at first reading.


# %%
def cifar10_binary(folder):
    """The official files: a record is a label byte and 3,072 bytes of planes R, G, B."""
    records = [np.fromfile(folder / f"data_batch_{i}.bin", np.uint8).reshape(-1, 3073) for i in range(1, 6)]
    records = np.concatenate(records)
    names = folder / "batches.meta.txt"
    classes = names.read_text().split() if names.exists() else list(map(str, range(10)))
    return records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), records[:, 0].astype(int), classes


def image_folder(folder):
    """train/CLASS/*.jpg|png: paths in place of images."""
    classes = sorted(path.name for path in folder.iterdir() if path.is_dir())
    files = [(path, label) for label, name in enumerate(classes) for path in sorted((folder / name).iterdir())]
    return np.array([path for path, _ in files]), np.array([label for _, label in files]), classes


def decoded(paths):
    """All in the size of the first, whose shorter side is at most 64 pixels."""
    from PIL import Image

    width, height = Image.open(paths[0]).size
    shrink = min(1, 64 / min(width, height))
    size = round(width * shrink), round(height * shrink)
    return np.stack([np.asarray(Image.open(path).convert("RGB").resize(size)) for path in paths])


def fashion_mnist(folder):
    images = np.frombuffer(gzip.open(folder / "train-images-idx3-ubyte.gz").read(), np.uint8, offset=16)
    labels = np.frombuffer(gzip.open(folder / "train-labels-idx1-ubyte.gz").read(), np.uint8, offset=8)
    classes = ["T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "trainer", "bag", "boot"]
    grey = images.reshape(-1, 28, 28)
    return np.repeat(grey[..., None], 3, axis=3), labels.astype(int), classes


def made_images(count, side=32):
    """Eight patterns in random colours, positions and noise; some are hard to tell apart."""
    random = np.random.default_rng(0)
    classes = ["horizontal", "vertical", "falling", "rising", "chequers", "disc", "ring", "square"]
    labels = random.integers(len(classes), size=count)
    y, x = np.mgrid[0:side, 0:side] / side
    images = np.empty((count, side, side, 3), np.uint8)
    for i, label in enumerate(labels):
        cx, cy = random.uniform(0.35, 0.65, size=2)
        frequency, phase = random.uniform(12, 28), random.uniform(0, 6)
        radius, away = random.uniform(0.15, 0.3), np.hypot(x - cx, y - cy)
        wave = [lambda: y, lambda: x, lambda: (x + y) / 1.4, lambda: (x - y) / 1.4]
        if label < 4:
            shape = np.sin(frequency * wave[label]() + phase)
        elif label == 4:
            shape = np.sin(frequency * x + phase) * np.sin(frequency * y + phase)
        elif label == 5:
            shape = np.where(away < radius, 1, -1)
        elif label == 6:
            shape = np.where(abs(away - radius) < 0.07, 1, -1)
        else:
            shape = np.where(np.maximum(abs(x - cx), abs(y - cy)) < radius, 1, -1)
        contrast = random.uniform(15, 60)
        tint = random.uniform(0.3, 1, size=3) * contrast
        noise = random.normal(scale=random.uniform(10, 60), size=(side, side, 3))
        images[i] = np.clip(random.uniform(90, 160, size=3) + shape[..., None] * tint + noise, 0, 255)
    return images, labels, classes


def find_data():
    """The first data set that is there: (name, images or their paths, labels, names of the classes)."""
    fashion = pathlib.Path("/usr/share/datasets/fashion-mnist")
    wanted = os.environ.get("GOLDPAN_NOTEBOOK_DATA", "auto")  # auto, fashion-mnist or made
    for place in filter(None, (os.environ.get("GOLDPAN_DATA"), "data")) if wanted == "auto" else ():
        for folder in (
            pathlib.Path(place),
            *(pathlib.Path(place) / name for name in ("cifar-10-batches-bin", "cifar10")),
        ):
            if (folder / "data_batch_1.bin").exists():
                return "CIFAR-10", *cifar10_binary(folder)
            if (folder / "train/airplane").exists():
                return "CIFAR-10", *image_folder(folder / "train")
    if wanted in ("auto", "fashion-mnist") and fashion.exists():
        return "Fashion-MNIST", *fashion_mnist(fashion)
    return "made images", *made_images(min(IMAGES, 20_000))


DATA, images, labels, CLASSES = find_data()
some = np.random.default_rng(0).permutation(len(images))[:IMAGES]
images, labels = images[some], labels[some]
if images.dtype == object:
    images = decoded(images)
images = np.ascontiguousarray(images)
GIVEN = os.environ.get("GOLDPAN_NOTEBOOK_EMBEDDINGS")  # an .npy of your own, see section 2
# Other settings or data, another folder: a checkpoint is never taken for something else.
everything_set = f"{DATA} {zlib.crc32(images)} {zlib.crc32(labels)} {SEEDS} {BUDGETS} {RESERVE} {PASSES} {GIVEN}"
FOLDER = pathlib.Path("outputs/notebook") / (
    f"{DATA.lower().replace(' ', '-')}-{SIZE}-{zlib.crc32(everything_set.encode()):08x}"
)
FIGURES = FOLDER / "figures"
FIGURES.mkdir(parents=True, exist_ok=True)
print(f"{DATA}: {len(images):,} images of {images.shape[1]} x {images.shape[2]}, {len(CLASSES)} classes")

# %% [markdown]
# A fifth of the images is the *test set*: never labelled, never chosen from, never used to learn features. The rest is
# the *pool*. The split keeps the classes' shares (it is *stratified*), and is the same for all seeds, so that
# differences between strategies are not differences between test sets.


# %%
def split():
    random = np.random.default_rng(0)
    test = np.concatenate(
        [
            random.permutation(np.flatnonzero(labels == c))[: round(0.2 * np.sum(labels == c))]
            for c in range(len(CLASSES))
        ]
    )
    return {"test": np.sort(test), "pool": np.setdiff1d(np.arange(len(labels)), test)}


parts = checkpoint("01-split", split)
pool_images, test_images = images[parts["pool"]], images[parts["test"]]
N, C = len(pool_images), len(CLASSES)

# %% [markdown]
# From here on the labels of the pool are behind a counter. Whoever wants one has to buy it.


# %%
class Oracle:
    """Sells labels and counts them."""

    def __init__(self, labels):
        self._labels = labels
        self.bought = np.zeros(len(labels), bool)

    def buy(self, rows):
        self.bought[rows] = True
        return self._labels[rows]


test_labels = labels[parts["test"]]
hidden = labels[parts["pool"]]  # only Oracle, and pictures' captions, look at it


# %%
def gallery(rows_of, title, columns=12, captions=True, of=None):
    """One line of pool images for each entry of `rows_of`: {text: row numbers}."""
    of = pool_images if of is None else of
    figure, axes = plt.subplots(
        len(rows_of), columns, figsize=(columns * 0.8, len(rows_of) * (1.05 if captions else 0.9)), squeeze=False
    )
    for line, (text, rows) in zip(axes, rows_of.items()):
        for axis in line:
            axis.axis("off")
        for axis, row in zip(line, rows):
            axis.imshow(of[row])
            if captions:
                axis.set_title(CLASSES[hidden[row]], fontsize=6, pad=1, loc="center")
        line[0].text(-0.25, 0.5, text, transform=line[0].transAxes, ha="right", va="center", fontsize=9)
    figure.suptitle(title, x=0.01, ha="left", fontsize=10)
    return figure


first_of_class = {name: np.flatnonzero(hidden == c)[:12] for c, name in enumerate(CLASSES)}
show(gallery(first_of_class, f"{DATA}: the pool", captions=False), "01-pool")
print(
    f"pool {N:,}, test {len(test_images):,}; classes in the pool: {np.bincount(hidden).min():,} to {np.bincount(hidden).max():,}"
)

# %% [markdown]
# **Checkpoint 1.** `01-split.npz` says which images are the pool and which the test set. Everything that follows
# depends on it: if you change how the split is made, delete the folder.

# %% [markdown]
# # 2. Embeddings
#
# All strategies work on *embeddings*: a few hundred numbers an image in which alike images lie close together.
# Computing them once makes the loop cheap: training a linear head on them takes less than a second, where training a
# network takes hours.
#
# The best embeddings come from a large pretrained network such as DINOv2. Have you computed some? Give an `.npy` of one
# row for each image *of the data set as read here* as `GOLDPAN_NOTEBOOK_EMBEDDINGS`. Without a download there is
# `PatchEncoder` (Coates, Ng & Lee 2011): it learns its features from small patches of *pool* images, without any label.
# It knows less than DINOv2: textures and colours rather than things.


# %%
@functools.cache
def encoder():
    small = {} if FULL else {"dim": 128, "centroids": 200}
    return goldpan.PatchEncoder(seed=0, **small).fit(pool_images)


def embed():
    if GIVEN:
        rows = np.load(GIVEN, mmap_mode="r")
        return {name: np.asarray(rows[some[members]], np.float32) for name, members in parts.items()}
    return {"pool": encoder().transform(pool_images), "test": encoder().transform(test_images)}


embeddings = checkpoint("02-embeddings", embed)
E, E_test = embeddings["pool"], embeddings["test"]
print(f"embeddings {E.shape}, {E.dtype}")

# %% [markdown]
# Do alike images lie close together? Take some images and look at their nearest neighbours. Where a line goes astray,
# no strategy that relies on distances will do well.

# %%
queries = np.array([rows[-1] for rows in list(first_of_class.values())[:6]])
distances = ((E[queries] ** 2).sum(1)[:, None] - 2 * E[queries] @ E.T + (E**2).sum(1)[None]).clip(0)
nearest = np.argsort(distances, axis=1)[:, :10]
lines = {f"{CLASSES[hidden[query]]} and": rows for query, rows in zip(queries, nearest)}
show(gallery(lines, "An image (left) and its nearest neighbours in the embedding", columns=10), "02-neighbours")
same = (hidden[nearest[:, 1:]] == hidden[queries][:, None]).mean()
print(f"neighbours of the same class, in these lines: {same:.0%}")

# %% [markdown]
# On CIFAR-10 most lines do go astray after a few images. Remember that in section 6. A linear head does far better on
# the same numbers: it learns which directions count, where a distance counts them all.

# %% [markdown]
# **Checkpoint 2.** `02-embeddings.npz`. This was the slow part; it never runs again.

# %% [markdown]
# # 3. The random baseline
#
# Before anything clever: buy labels at random, train, test, repeat. Every other curve will be measured against this
# one, so it deserves the same care: several seeds, and the same recipe for training.
#
# The recipe: a linear head (softmax regression with a small penalty, trained to convergence, hence without luck). Then
# *temperature scaling*, explained in section 4: train on nine tenths of the bought labels, fit one number on the other
# tenth. Those labels are paid for as well.


# %%
def calibrate(rows, bought_labels, seed):
    """The temperature of heads trained on such labels."""
    order = np.random.default_rng(seed).permutation(len(rows))
    held_out, rest = order[: len(rows) // 10], order[len(rows) // 10 :]
    head = goldpan.LinearHead().fit(E[rows[rest]], bought_labels[rest])
    known = held_out[np.isin(bought_labels[held_out], head.classes_)]
    return goldpan.TemperatureScaler().fit(head.logits(E[rows[known]]), bought_labels[known], classes=head.classes_)


# %% [markdown]
# One batch. A strategy says what it needs, embeddings, probabilities, or several stochastic passes, and we compute
# nothing else. A tenth of every batch stays random, the *reserve*: it keeps an unbiased sample among the labels, and an
# eye on what the strategy never asks for.


# %%
NEEDS = {info.name: info.needs for info in goldpan.strategies()}


def choose(strategy, labeled, batch, seed, head, scaler):
    """The next batch of rows to label."""
    inputs = {"embeddings": E}
    if "probs" in NEEDS[strategy]:
        inputs["probs"] = scaler.transform(head.logits(E))
    if "mc_probs" in NEEDS[strategy]:
        inputs["mc_probs"] = head.mc_predict_proba(E, passes=PASSES, seed=seed, temperature=scaler.temperature_)
    return goldpan.select(strategy, **inputs, labeled=labeled, batch=batch, seed=seed, reserve=RESERVE)


# %% [markdown]
# And the loop. The first batch is random and the same for all strategies at one seed: whatever differs later is the
# strategy's doing.


# %%
def learn(strategy, seed):
    """One learning curve: a row for each budget, and the rows bought, in order."""
    oracle = Oracle(hidden)
    labeled, curve = np.empty(0, int), []
    head = scaler = None
    for budget in BUDGETS:
        batch = round(budget * N) - len(labeled)
        if len(labeled) == 0:
            picks = np.random.default_rng(seed).choice(N, size=batch, replace=False)
        elif batch == N - len(labeled):
            picks = np.setdiff1d(np.arange(N), labeled)  # the rest: nothing to choose
        else:
            picks = choose(strategy, np.sort(labeled), batch, seed, head, scaler).indices
        labeled = np.concatenate([labeled, picks])
        bought_labels = oracle.buy(labeled)
        head = goldpan.LinearHead().fit(E[labeled], bought_labels)
        scaler = calibrate(labeled, bought_labels, seed)
        probs = scaler.transform(head.logits(E_test))
        curve.append(
            {
                "strategy": strategy,
                "seed": seed,
                "budget": budget,
                "labels": int(oracle.bought.sum()),
                "accuracy": head.score(E_test, test_labels),
                "temperature": scaler.temperature_,
                "rarest_class": np.bincount(bought_labels, minlength=C).min(),
            }
        )
    return curve, labeled


def learn_all(strategy):
    """The curves of all seeds, as a table; what was bought goes into a file beside it."""
    runs = [learn(strategy, seed) for seed in SEEDS]
    np.savez(FOLDER / f"bought-{strategy}.npz", **{str(seed): bought for seed, (_, bought) in zip(SEEDS, runs)})
    return pd.DataFrame([line for curve, _ in runs for line in curve])


curves = {"random": checkpoint("03-random", lambda: learn_all("random"))}


# %%
def plot_curves(axis, names):
    for name in names:
        by_budget = curves[name].groupby("labels").accuracy
        mean, spread = by_budget.mean() * 100, by_budget.std() * 100
        axis.plot(mean.index, mean, "o-", color=COLOUR[name], label=name, markersize=3.5, linewidth=1.4)
        axis.fill_between(mean.index, mean - spread, mean + spread, color=COLOUR[name], alpha=0.15, linewidth=0)
    axis.set(xscale="log", xlabel="labels bought", ylabel="test accuracy (%)")
    ticks = [round(budget * N) for budget in BUDGETS]
    axis.set_xticks(ticks, [f"{tick / 1000:g}k" if tick >= 1000 else str(tick) for tick in ticks])
    axis.minorticks_off()
    axis.grid(alpha=0.25)


figure, axis = plt.subplots(figsize=(6, 3.6))
plot_curves(axis, ["random"])
axis.set_title(f"{DATA}: labels bought at random; mean and standard deviation of {len(SEEDS)} seeds")
show(figure, "03-random")
by_budget = curves["random"].groupby("budget")
present(by_budget[["labels", "accuracy", "temperature", "rarest_class"]].mean().round(3))

# %% [markdown]
# Steep at first, flat at the end, and that over the *logarithm* of the labels. On CIFAR-10 the doubling from 2,000 to
# 4,000 labels buys nearly four points, the one from 20,000 to 40,000 a single one. Two things follow: at the right end
# no strategy can gain much, and a gain of one point there is worth twice the labels.
#
# **Checkpoint 3.** `03-random.csv`: the curve to beat.

# %% [markdown]
# # 4. Uncertainty in three flavours
#
# The oldest idea: ask about what the model is unsure of. Three ways to say *unsure* of a row of probabilities:
#
# - **entropy**: $-\sum_c p_c \ln p_c$, doubt spread over all classes;
# - **margin**: $p_{(1)} - p_{(2)}$, the gap between the two likeliest; small is unsure;
# - **least confidence**: $1 - \max_c p_c$.
#
# All three believe the probabilities. Should they?

# %% [markdown]
# ## Are the probabilities honest?
#
# A head is *calibrated* if of all the images of which it says "70 %", 70 % are right. Sort the test images by
# confidence, cut them into bins of equal size, and compare each bin's mean confidence with its accuracy. We look at the
# head that we use, and at one with hardly any penalty, which trusts its few labels too much.


# %%
def reliability(probs, bins=12):
    confidence, right = probs.max(1), probs.argmax(1) == test_labels
    parts_of = np.array_split(np.argsort(confidence), bins)
    return [confidence[part].mean() for part in parts_of], [right[part].mean() for part in parts_of]


rows = np.load(FOLDER / "bought-random.npz")[str(SEEDS[0])][: round(BUDGETS[1] * N)]
cut = np.arange(len(rows)) < 0.9 * len(rows)
figure, axes = plt.subplots(1, 2, figsize=(7, 3.4), sharey=True)
for axis, (text, options) in zip(
    axes, {"our head": {}, "hardly any penalty": {"weight_decay": 1e-4, "dropout": 0.0}}.items()
):
    head = goldpan.LinearHead(**options).fit(E[rows[cut]], hidden[rows[cut]])
    scaler = goldpan.TemperatureScaler().fit(head.logits(E[rows[~cut]]), hidden[rows[~cut]], classes=head.classes_)
    for probs, label, colour in (
        (head.predict_proba(E_test), "as trained", "#999999"),
        (scaler.transform(head.logits(E_test)), f"T = {scaler.temperature_:.2f}", "#d55e00"),
    ):
        error = goldpan.expected_calibration_error(probs, test_labels)
        axis.plot(
            *reliability(probs), "o-", color=colour, markersize=3.5, label=f"{label}: error {error * 100:.1f} points"
        )
    axis.plot([0, 1], [0, 1], ":", color="black", linewidth=1)
    axis.set(title=f"{text}, {cut.sum():,} labels", xlabel="confidence", xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axis.legend(loc="upper left", fontsize=8)
axes[0].set_ylabel("share right")
show(figure, "04-calibration")

# %% [markdown]
# Below the dotted line means too sure. *Temperature scaling* (Guo et al. 2017) divides all logits by one number T,
# fitted on labels that the head has not seen. It changes no prediction. It is a repair, not a cure: a head that is
# nearly honest to begin with, as ours, needs a T near 1.
#
# T does change *who is unsure*: at a high temperature the long tail of small probabilities counts, and entropy ranks
# rows differently.

# %% [markdown]
# ## Three flavours, one pool
#
# What does each ask for? And how much do they agree?

# %%
seed = SEEDS[0]
labeled = np.sort(rows)
head = goldpan.LinearHead().fit(E[labeled], hidden[labeled])
scaler = calibrate(labeled, hidden[labeled], seed)
probs = scaler.transform(head.logits(E))
FLAVOURS = ("entropy", "margin", "least_confidence")
batch = round(0.05 * N)
picks = {name: goldpan.select(name, probs=probs, labeled=labeled, batch=batch).indices for name in FLAVOURS}
overlap = pd.DataFrame({a: {b: np.isin(picks[a], picks[b]).mean() for b in FLAVOURS} for a in FLAVOURS})
show(
    gallery({name: picks[name][:12] for name in FLAVOURS}, "The twelve most uncertain images", columns=12), "04-picks"
)
present(overlap.map("{:.0%}".format))

# %%
unlabeled = np.setdiff1d(np.arange(N), labeled)
top_two = np.sort(probs, axis=1)[:, -2:]
some_rows = np.random.default_rng(0).choice(unlabeled, size=min(4000, len(unlabeled)), replace=False)
figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), sharex=True, sharey=True)
for axis, name in zip(axes, FLAVOURS):
    axis.scatter(top_two[some_rows, 1], top_two[some_rows, 0], s=3, color="#cccccc", linewidth=0)
    few = np.random.default_rng(1).choice(picks[name], size=min(400, batch), replace=False)
    axis.scatter(top_two[few, 1], top_two[few, 0], s=5, color="#d55e00", linewidth=0)
    axis.set(title=name, xlabel="largest probability")
axes[0].set_ylabel("second largest")
show(figure, "04-flavours")

# %% [markdown]
# The diagonal edge is where two classes are tied; the lower left is where nothing is likely. Margin walks along the
# edge. Entropy and least confidence crowd into the corner, where images look like nothing the model knows. A label at
# the edge moves a boundary between two classes, which is why margin is often the better teacher.
#
# Three curves decide:

# %%
for name in FLAVOURS:
    curves[name] = checkpoint(f"04-{name}", lambda: learn_all(name))


# %%
def gains(names):
    """Gain over random in points at the same seed and budget: mean, and a 95 % interval over seeds."""
    base = curves["random"].set_index(["seed", "budget"]).accuracy
    lines = []
    for name in names:
        gain = (curves[name].set_index(["seed", "budget"]).accuracy - base) * 100
        for budget, values in gain.groupby("budget"):
            half = stats.t.ppf(0.975, len(values) - 1) * values.std() / len(values) ** 0.5
            lines.append(
                {
                    "strategy": name,
                    "budget": budget,
                    "gain": values.mean(),
                    "half": half,
                    "low": values.min(),
                    "high": values.max(),
                }
            )
    return pd.DataFrame(lines)


def plot_gains(axis, names):
    """A line a strategy; bars reach from the worst seed to the best."""
    for shift, name in enumerate(names):
        table = gains([name])
        table = table[(table.budget > BUDGETS[0]) & (table.budget < 1)]
        place = np.arange(len(table)) + (shift - (len(names) - 1) / 2) * 0.1
        axis.errorbar(
            place,
            table.gain,
            yerr=[table.gain - table.low, table.high - table.gain],
            fmt="o-",
            color=COLOUR[name],
            label=name,
            capsize=2,
            markersize=4,
            linewidth=1.2,
        )
        axis.set_xticks(np.arange(len(table)), [f"{budget:.0%}" for budget in table.budget])
    axis.axhline(0, color="black", linewidth=1)
    axis.set(xlabel="labels bought, share of the pool", ylabel="gain over random (points)")
    axis.grid(axis="y", alpha=0.25)


figure, axis = plt.subplots(figsize=(6, 3.4))
plot_gains(axis, FLAVOURS)
axis.set_title(f"Uncertainty against random: mean, worst and best of {len(SEEDS)} seeds")
axis.legend(ncols=3, fontsize=8)
show(figure, "04-gains")

# %% [markdown]
# Gains are differences *at the same seed*: seeds share what is hard about them (the first batch), and the difference
# does not. They are often small. Keep that in mind when a paper shows one curve above another at one seed.
#
# **Checkpoint 4.** `04-entropy.csv`, `04-margin.csv`, `04-least_confidence.csv`.

# %% [markdown]
# # 5. BALD: not every doubt can be cured
#
# Entropy mixes two doubts. An image may be *ambiguous*: any model would hesitate, and a label does not help. Or the
# model *does not know yet*: then a label helps. BALD (Houlsby et al. 2011) tells them apart by asking several versions
# of the model. If each of them hesitates, the image is ambiguous. If each of them is sure, but of different things,
# nobody knows:
#
# $$\underbrace{H\Big(\tfrac1K\sum_k p^k\Big)}_{\text{doubt of the average}} - \underbrace{\tfrac1K\sum_k H(p^k)}_{\text{average doubt}}$$
#
# The versions come from *dropout left on* (Gal & Ghahramani 2016). One mask makes one version: the mask must be the
# same for all images of a pass, or the passes compare nothing.

# %%
mc_probs = head.mc_predict_proba(E, passes=PASSES, seed=seed, temperature=scaler.temperature_)  # K x N x C


def entropy(p):
    return -(p * np.log(np.clip(p, 1e-30, None))).sum(-1)


total, ambiguous = entropy(mc_probs.mean(0)), entropy(mc_probs).mean(0)
bald = total - ambiguous
by_bald = goldpan.select("bald", mc_probs=mc_probs, labeled=labeled, batch=batch)
by_entropy = goldpan.select("entropy", probs=probs, labeled=labeled, batch=batch)
print(f"BALD by hand and by goldpan differ by at most {np.abs(bald[by_bald.indices] - by_bald.scores).max():.1e}")
print(f"both ask for {np.isin(by_bald.indices, by_entropy.indices).mean():.0%} of the same images")

# %% [markdown]
# Entropy reads the horizontal axis, BALD the vertical one. They part in the lower right corner: much doubt, no
# disagreement.

# %%
figure, axis = plt.subplots(figsize=(6, 3.8))
axis.scatter(total[some_rows], bald[some_rows], s=3, color="#cccccc", linewidth=0)
shown = {
    "both": np.intersect1d(by_bald.indices, by_entropy.indices),
    "entropy only": np.setdiff1d(by_entropy.indices, by_bald.indices),
    "BALD only": np.setdiff1d(by_bald.indices, by_entropy.indices),
}
for (text, members), colour in zip(shown.items(), ("#0072b2", "#56b4e9", "#cc79a7")):
    few = np.random.default_rng(2).permutation(members)[:400]
    axis.scatter(total[few], bald[few], s=7, color=colour, linewidth=0, label=f"{text}: {len(members):,}")
axis.set(
    title=f"Two doubts, {batch:,} picks each", xlabel="entropy of the mean prediction (nats)", ylabel="BALD (nats)"
)
axis.legend(fontsize=8, markerscale=2)
show(figure, "05-two-doubts")

# %%
most = {
    "entropy only": shown["entropy only"][np.argsort(bald[shown["entropy only"]])][:12],
    "BALD only": shown["BALD only"][np.argsort(total[shown["BALD only"]])][:12],
}
show(gallery(most, "Where they disagree most", columns=12), "05-disagreement")

# %% [markdown]
# Look at the pictures before believing the story. With a frozen embedding and a linear head, "does not know yet" mostly
# means "far out, in a direction with few labels", and those images need not be typical of anything.

# %%
curves["bald"] = checkpoint("05-bald", lambda: learn_all("bald"))
figure, axis = plt.subplots(figsize=(6, 3.4))
plot_gains(axis, ("entropy", "bald"))
axis.set_title("BALD and entropy against random")
axis.legend(fontsize=8)
show(figure, "05-gains")

# %% [markdown]
# **Checkpoint 5.** `05-bald.csv`.

# %% [markdown]
# # 6. k-center: cover the pool
#
# Forget the model. Choose so that *no image is far from a labelled one*: pick the image farthest from everything
# labelled or picked, and repeat (Sener & Savarese 2018).
#
# What covering means shows best in a plane. Here are the first two principal components of the embedding, and 60 picks
# of each kind.

# %%
centred = E - E.mean(0)
_, _, directions = np.linalg.svd(centred[some_rows], full_matrices=False)
plane = centred @ directions[:2].T
plane32 = np.ascontiguousarray(plane, np.float32)
figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), sharex=True, sharey=True)
for axis, name in zip(axes, ("random", "k_center", "typiclust")):
    in_plane = goldpan.select(name, embeddings=plane32, batch=60, seed=1).indices
    axis.scatter(*plane[some_rows].T, s=2, color="#cccccc", linewidth=0)
    axis.scatter(*plane[in_plane].T, s=12, color=COLOUR[name], linewidth=0)
    axis.set(title=name, xticks=[], yticks=[])
figure.suptitle("60 picks in the plane of the first two components", x=0.01, ha="left", fontsize=10)
show(figure, "06-plane")

# %% [markdown]
# k-center spreads evenly and never misses the rim, however few images live there: the farthest point is by definition
# the odd one. Random follows the density. TypiClust (Hacohen et al. 2022) is the opposite of k-center: it clusters the
# pool and takes the most *typical* member of each cluster.
#
# In all dimensions, as pictures:

# %%
first = {
    name: goldpan.select(name, embeddings=E, batch=12, seed=1).indices for name in ("random", "k_center", "typiclust")
}
show(gallery(first, "The first twelve picks of an empty labelled set", columns=12), "06-picks")

# %% [markdown]
# ## The cold start
#
# These strategies need no model, so they can make the *first* batch. Does that beat a random one? It depends on how
# many labels there are, so we try several sizes.

# %%
SIZES = (50, 200, 1000) if FULL else (20, 50, 200)


def cold_start():
    lines = []
    for name in ("random", "k_center", "typiclust"):
        for seed in SEEDS:
            for size in SIZES:
                rows = goldpan.select(name, embeddings=E, batch=size, seed=seed).indices
                accuracy = goldpan.LinearHead().fit(E[rows], hidden[rows]).score(E_test, test_labels)
                lines.append(
                    {
                        "strategy": name,
                        "seed": seed,
                        "labels": size,
                        "accuracy": accuracy,
                        "classes": len(np.unique(hidden[rows])),
                    }
                )
    return pd.DataFrame(lines)


starts = checkpoint("06-cold-start", cold_start)
figure, axis = plt.subplots(figsize=(6, 3.2))
for shift, (name, table) in enumerate(starts.groupby("strategy", sort=False)):
    by_size = table.groupby("labels").accuracy
    axis.bar(
        np.arange(len(SIZES)) + (shift - 1) * 0.27,
        by_size.mean() * 100,
        0.25,
        yerr=by_size.std().fillna(0) * 100,
        capsize=2,
        color=COLOUR[name],
        label=name,
    )
axis.set_xticks(np.arange(len(SIZES)), [f"{size:,} labels" for size in SIZES])
axis.set(title="First batches: accuracy, mean and standard deviation", ylabel="test accuracy (%)")
axis.legend(fontsize=8, loc="upper left")
show(figure, "06-cold-start")

# %% [markdown]
# (k-center draws no random numbers; its bars have no spread since the split is fixed.)
#
# With a handful of labels, typical beats odd. As labels become many, random catches up: it is "typical" by itself.
#
# Now k-center in the loop, from the same random first batch as everyone:

# %%
curves["k_center"] = checkpoint("06-k_center", lambda: learn_all("k_center"))
figure, axis = plt.subplots(figsize=(6, 3.4))
plot_gains(axis, ("margin", "k_center"))
axis.set_title("Coverage alone against uncertainty alone")
axis.legend(fontsize=8)
show(figure, "06-gains")

# %% [markdown]
# On CIFAR-10 k-center loses, and it should: it spends the money on images unlike all others, and what is learned from
# them holds for few. Where the pool is full of copies the same property is worth more: on traffic signs filmed thirty
# frames a sign, `goldpan run` finds k-center up to a point *above* random (the second figure of the README). Section 8
# makes such a pool; see what coverage alone is worth there.
#
# **Checkpoint 6.** `06-k_center.csv`, `06-cold-start.csv`.

# %% [markdown]
# # 7. BADGE: uncertain and diverse in one space
#
# Imagine labelling an image as what the model believes it is, and taking one step of gradient descent on it. The
# gradient of the last layer is
#
# $$g = (p - \mathrm{onehot}(\arg\max p)) \otimes x.$$
#
# Its *length* is small where the model is sure. Its *direction* says what would change. BADGE (Ash et al. 2020) picks
# gradients that are long and far apart: k-means++ seeding, each pick drawn in proportion to the squared distance to the
# nearest pick so far.
#
# $g$ has $C \times D$ numbers an image, but nobody needs to write it down: distances follow from products of the two
# factors. By hand, for a few images:

# %%
q = probs - np.eye(probs.shape[1])[probs.argmax(1)]
few = some_rows[:200]
written_out = np.einsum("nc,nd->ncd", q[few], E[few]).reshape(len(few), -1)
direct = ((written_out[:, None] - written_out[None]) ** 2).sum(-1)
norms = (q[few] ** 2).sum(1) * (E[few] ** 2).sum(1)
factored = norms[:, None] + norms[None] - 2 * (q[few] @ q[few].T) * (E[few] @ E[few].T)
print(f"largest difference, relative: {np.abs(direct - factored).max() / direct.max():.1e}")
print(f"numbers an image: {written_out.shape[1]:,} written out, {q.shape[1] + E.shape[1]:,} as factors")

# %% [markdown]
# ## Uncertainty against diversity
#
# Every batch can be judged on two scales before a single label is bought: how unsure the model is of its images (mean
# entropy), and how far apart they are (mean distance of each to the nearest other one in the batch).


# %%
def isolation(rows):
    """Mean distance of a row to the nearest other one."""
    x = E[rows].astype(np.float64)
    squared = (x**2).sum(1)[:, None] - 2 * x @ x.T + (x**2).sum(1)[None]
    np.fill_diagonal(squared, np.inf)
    return np.sqrt(squared.min(1).clip(0)).mean()


batch = min(500, N // 20)
inputs = {"embeddings": E, "probs": probs, "mc_probs": mc_probs}
NAMES = ("random", "entropy", "margin", "bald", "k_center", "badge", "hybrid")
batches = {name: goldpan.select(name, **inputs, labeled=labeled, batch=batch, seed=seed).indices for name in NAMES}
doubt = entropy(probs)
figure, axis = plt.subplots(figsize=(5.4, 3.8))
for name, rows in batches.items():
    axis.scatter(doubt[rows].mean(), isolation(rows), color=COLOUR[name], s=40)
    axis.annotate(name, (doubt[rows].mean(), isolation(rows)), xytext=(6, 4), textcoords="offset points", fontsize=8)
axis.margins(x=0.15, y=0.1)
axis.set(title=f"Batches of {batch}", xlabel="mean entropy (nats)", ylabel="mean distance to the nearest other pick")
show(figure, "07-two-scales")

# %% [markdown]
# k-center buys diversity, entropy buys doubt. BADGE sits between: not the extreme of either. Distances alone do not
# make a batch good, as k-center has shown; what BADGE avoids is *repetition*.

# %%
show(
    gallery(
        {name: batches[name][:12] for name in ("entropy", "k_center", "badge")},
        "First picks of the same pool and head",
        columns=12,
    ),
    "07-picks",
)
curves["badge"] = checkpoint("07-badge", lambda: learn_all("badge"))
figure, axis = plt.subplots(figsize=(6, 3.4))
plot_gains(axis, ("entropy", "margin", "badge"))
axis.set_title("BADGE against uncertainty alone")
axis.legend(fontsize=8)
show(figure, "07-gains")

# %% [markdown]
# **Checkpoint 7.** `07-badge.csv`.

# %% [markdown]
# # 8. Hybrid against plain top-k entropy: the price of copies
#
# The simplest cure for repetition: shortlist the $2B$ most uncertain images, then spread over them with k-center. That
# is `hybrid`.
#
# A curated data set hardly shows why one wants that. Real pools come from cameras: thirty frames of one street corner,
# ten shots of one shoe. Top-k entropy scores each image alone. If one is doubtful, its copies are as doubtful, and they
# are all bought.
#
# First, are there near-duplicates in our own pool? The most similar pairs in the entropy batch:


# %%
def most_similar_pairs(rows, count, vectors):
    x = vectors[rows] / np.linalg.norm(vectors[rows], axis=1, keepdims=True)
    cosine = np.triu(x @ x.T, 1)
    best = np.argsort(cosine, axis=None)[::-1][:count]
    first, second = np.unravel_index(best, cosine.shape)
    return rows[first], rows[second], cosine[first, second]


one, other, cosine = most_similar_pairs(batches["entropy"], 12, E)
show(
    gallery(
        {"a pick": one, "its twin": other},
        f"Most similar pairs among {batch} picks of entropy, cosine {cosine.max():.2f} to {cosine.min():.2f}",
        columns=12,
    ),
    "08-own-twins",
)

# %% [markdown]
# On CIFAR-10 you meet one dog again and again: it is in the pool several times, and entropy buys all of its copies.


# %% [markdown]
# ## A pool of bursts
#
# Now a pool as a camera makes it: images that nobody has labelled yet, each as a burst of eight frames, shifted by a
# pixel or two, a little brighter or darker, with sensor noise. An eighth of the information at eight times the price,
# unless the strategy notices.

# %%
FRAMES = 8
SOURCES = 1000 if FULL else 80


def bursts_of(sources, seed):
    random = np.random.default_rng(seed)
    frames = []
    for source in sources:
        for _ in range(FRAMES):
            dy, dx = random.integers(-1, 2, size=2)
            image = np.roll(pool_images[source], (dy, dx), axis=(0, 1)).astype(float)
            image = image * random.uniform(0.92, 1.08) + random.normal(scale=3, size=image.shape)
            frames.append(np.clip(image, 0, 255).astype(np.uint8))
    return np.stack(frames)


def embed_bursts():
    random = np.random.default_rng(8)
    sources = np.sort(random.choice(unlabeled, size=SOURCES, replace=False))
    if GIVEN:  # your encoder is not here: frames of a burst differ from their image by a little noise
        noise = random.normal(scale=0.1 * E.std(0), size=(SOURCES * FRAMES, E.shape[1]))
        return {"sources": sources, "embeddings": (np.repeat(E[sources], FRAMES, axis=0) + noise).astype(np.float32)}
    return {"sources": sources, "embeddings": encoder().transform(bursts_of(sources, 8))}


bursts = checkpoint("08-bursts", embed_bursts)
B, source_of = bursts["embeddings"], np.repeat(bursts["sources"], FRAMES)
frames = bursts_of(bursts["sources"], 8)
print(f"{len(B):,} frames of {SOURCES:,} things")

# %% [markdown]
# Buy a batch from the bursts with each strategy, and count how many *different things* were paid for.

# %%
start_size = round(0.01 * N) if FULL else round(0.05 * N)
burst_batch = 300 if FULL else 40
BURST_NAMES = ("random", "entropy", "hybrid", "badge", "k_center")
BURST_SEEDS = range(5) if FULL else range(2)


def from_bursts():
    lines, chosen = [], {}
    for seed in BURST_SEEDS:
        start = np.random.default_rng(100 + seed).choice(
            np.setdiff1d(np.arange(N), bursts["sources"]), size=start_size, replace=False
        )
        head = goldpan.LinearHead().fit(E[start], hidden[start])
        scaler = calibrate(start, hidden[start], seed)
        both = np.concatenate([E[start], B])  # what is labelled, then the bursts
        known = np.concatenate([hidden[start], hidden[source_of]])
        probs = np.ascontiguousarray(scaler.transform(head.logits(both)))
        before = head.score(E_test, test_labels)
        for name in BURST_NAMES:
            picks = goldpan.select(
                name, embeddings=both, probs=probs, labeled=np.arange(start_size), batch=burst_batch, seed=seed
            ).indices
            rows = np.concatenate([np.arange(start_size), picks])
            accuracy = goldpan.LinearHead().fit(both[rows], known[rows]).score(E_test, test_labels)
            lines.append(
                {
                    "strategy": name,
                    "seed": seed,
                    "things": len(np.unique(source_of[picks - start_size])),
                    "gain": 100 * (accuracy - before),
                }
            )
            chosen[name] = picks - start_size
    np.savez(FOLDER / "08-burst-picks.npz", **chosen)  # of the last seed
    return pd.DataFrame(lines)


burst_table = checkpoint("08-burst-batches", from_bursts)
burst_picks = dict(np.load(FOLDER / "08-burst-picks.npz"))
summary = burst_table.groupby("strategy", sort=False).agg(
    things=("things", "mean"), things_std=("things", "std"), gain=("gain", "mean"), gain_std=("gain", "std")
)
figure, axes = plt.subplots(1, 2, figsize=(8, 3))
for axis, column, title in zip(
    axes,
    ("things", "gain"),
    (f"different things among {burst_batch} labels", "accuracy gained by the batch (points)"),
):
    axis.barh(
        summary.index[::-1],
        summary[column][::-1],
        xerr=summary[f"{column}_std"][::-1],
        capsize=2,
        color=[COLOUR[name] for name in summary.index[::-1]],
    )
    axis.set_title(title)
show(figure, "08-bursts")
present(summary.round(2))

# %% [markdown]
# And this is what was paid for. Each line is a batch in the order of its things: copies stand side by side.


# %%
def copies_together(picks, count):
    """The picks of the things most often picked, side by side."""
    things, times = np.unique(source_of[picks], return_counts=True)
    order = things[np.argsort(-times, kind="stable")]
    return np.concatenate([picks[source_of[picks] == thing] for thing in order])[:count]


figure = gallery(
    {name: copies_together(burst_picks[name], 16) for name in ("entropy", "hybrid", "badge")},
    "The things bought most often",
    columns=16,
    captions=False,
    of=frames,
)
show(figure, "08-copies")

# %% [markdown]
# The other cure is to remove copies *before* choosing. `goldpan.dedup` keeps one frame for each group of near-twins.

# %%
groups = goldpan.dedup(B, cosine=0.95)
things = len(np.unique(source_of[groups.kept]))
print(f"{len(B):,} frames, {len(groups.kept):,} kept; {things:,} of {SOURCES:,} things are among them")

# %% [markdown]
# And on the pool without bursts, where hybrid has little to repair:

# %%
curves["hybrid"] = checkpoint("08-hybrid", lambda: learn_all("hybrid"))
figure, axis = plt.subplots(figsize=(6, 3.4))
plot_gains(axis, ("entropy", "hybrid", "badge"))
axis.set_title("The pool as it is")
axis.legend(fontsize=8)
show(figure, "08-gains")

# %% [markdown]
# **Checkpoint 8.** `08-bursts.npz`, `08-burst-batches.csv`, `08-hybrid.csv`.

# %% [markdown]
# # 9. One figure and one table
#
# All curves that we have made, from the same first batches:

# %%
SHOWN = ("random", "margin", "bald", "k_center", "badge", "hybrid")
figure, axes = plt.subplots(1, 2, figsize=(10, 4))
plot_curves(axes[0], SHOWN)
axes[0].axhline(
    100 * curves["random"].query("budget == 1").accuracy.mean(), linestyle=":", color="black", linewidth=1
)
axes[0].set_title(f"{DATA}: mean and standard deviation of {len(SEEDS)} seeds")
axes[0].legend(fontsize=8)
plot_gains(axes[1], SHOWN[1:])
axes[1].set_title("Gain over random: mean, worst and best seed")
show(figure, "09-learning-curves")

# %%
table = gains([name for name in curves if name != "random"])
table = table[table.budget > BUDGETS[0]]
table["text"] = [f"{line.gain:+.2f} ± {line.half:.2f}" for line in table.itertuples()]
print(f"Gain over random in points, with 95 % intervals of {len(SEEDS)} seeds:")
final = table.pivot(index="strategy", columns="budget", values="text").reindex(
    [name for name in curves if name != "random"]
)
final.columns = [f"{budget:.0%}" for budget in final.columns]
present(final)

# %% [markdown]
# Two checks before believing any of it:
#
# - *At 100 % all strategies hold the same labels*, so their accuracies must agree. If they do not, there is a bug.
# - *An interval that contains 0* is not a gain. With three seeds most intervals are wide; more seeds are cheap here.

# %%
at_the_end = pd.concat(curves.values()).query("budget == 1").groupby("strategy").accuracy.mean() * 100
print(f"at 100 %: {at_the_end.min():.2f} to {at_the_end.max():.2f} %")
assert at_the_end.max() - at_the_end.min() < 0.5, "same labels, other accuracies"

# %% [markdown]
# ## The same, in one call
#
# `goldpan.run` plays this loop with what a careful experiment adds: a class floor, cold starts, paired tests with a
# correction for comparing many strategies, a journal from which a stopped run resumes. It makes its own split of all
# the images, so the numbers differ a little from ours. (Our encoder has seen, without labels, some images that are test
# images there. For a number to be quoted give `goldpan.run` the images, not the embeddings: it then learns them from
# its own pool alone.)

# %%
everything = np.concatenate([E, E_test])
results = goldpan.run(
    (everything, np.concatenate([hidden, test_labels])),
    out=str(FOLDER / "run"),
    strategies=list(SHOWN),
    budgets=list(BUDGETS),
    seeds=list(SEEDS),
    progress=False,
)
verdicts = results.budget_gains.query("strategy != 'random' and budget < 1")
present(verdicts.pivot(index="strategy", columns="budget", values="verdict"))

# %% [markdown]
# "Not shown" is an honest answer: with so few seeds a gain of half a point cannot be told from luck.
#
# **Checkpoint 9.** `figures/09-learning-curves.png`; the folder `run` with its journal `run.db`, tables and
# `report.html`.

# %% [markdown]
# # 10. Reflection
#
# Answer for your data, with the numbers below. Then compare with what we found on CIFAR-10 with `patches` embeddings.

# %%
by = table.set_index(["strategy", "budget"]).gain
for budget in [b for b in BUDGETS[1:] if b < 1]:
    ranked = by.xs(budget, level="budget").sort_values(ascending=False)
    print(
        f"{budget:4.0%}: best {ranked.index[0]} ({ranked.iloc[0]:+.2f}), worst {ranked.index[-1]} ({ranked.iloc[-1]:+.2f})"
    )
random_mean = curves["random"].groupby("labels").accuracy.mean()
for name in ("margin", "badge"):
    mean = curves[name].groupby("labels").accuracy.mean()
    target = random_mean.iloc[-2]
    need = np.exp(np.interp(target, np.maximum.accumulate(mean), np.log(mean.index)))
    print(f"{name} reaches {target:.1%} with {need:,.0f} labels, random with {random_mean.index[-2]:,}")
print(
    f"in bursts, of {burst_batch} labels: "
    + ", ".join(f"{name} {things:.0f} things" for name, things in summary.things.items())
)

# %% [markdown]
# 1. **Which strategy wins where?** Margin, and from 25 % of the labels on BADGE, by less than a point: the pool is
#    clean and balanced, so random is a strong opponent. Read sideways it is more: margin needs some 20,000 labels for
#    what random reaches with 30,000.
# 2. **Why does k-center lose?** It pays for outliers. Coverage is worth something where the pool repeats itself, not
#    where every image is new.
# 3. **What did calibration change?** Little, as our head is nearly calibrated. With an overconfident head, entropy
#    would rank by overconfidence.
# 4. **Is BALD better than entropy?** Not with a frozen embedding: the doubt that dropout shows on a linear head is
#    small and noisy.
# 5. **What do near-duplicates change?** What a label is worth. What scores images one by one pays for the same thing
#    again and again, and gains far less than random. Hybrid, which spreads over a shortlist, does so half as often; but
#    a shortlist of twice the batch is itself full of copies. BADGE and k-center compare everything and pay hardly
#    twice.
# 6. **When is active learning not worth it?** When labels are cheap, when the embedding is poor, or when the money buys
#    most of the pool in any case: at 75 % all of ours are within half a point of random.
# 7. **What would you do differently on a new data set?** Measure first on a labelled part (`goldpan.run`), keep the
#    reserve, look at the picks.

# %% [markdown]
# # 11. Detection: one label, many boxes
#
# Frames for vehicles are labelled with boxes. Two things change. A detector is unsure of *boxes*, but an image is labelled
# whole: the scores of its boxes have to become one (their sum favours crowds, their maximum a single odd box). And an image costs
# by the box: a batch that is cheap in images may be dear in boxes.
#
# The rest of the house stays as it is: `goldpan.run` plays the same loop with `task="detection"`. Its detector trains in seconds on
# a frozen encoder's map, so that its mAP (the mean average precision, COCO's measure) is low; what is studied is the order of the
# strategies. The road scenes are rendered here, boxes included.


# %%
def run_once(name, data, **settings):
    """`goldpan.run`, or what it left behind the last time."""
    out = FOLDER / name
    if not (out / "report.html").exists():
        goldpan.run(data, str(out), cache=str(FOLDER / "scenes-cache"), progress=False, **settings)
    return goldpan.Results(out)


def mean_column(table):
    return next(name for name in table.columns if name.endswith("_mean"))


SCENES = f"scenes:{3000 if FULL else 240}:{FOLDER / 'scenes'}"
boxes = run_once(
    "11-detection",
    SCENES,
    task="detection",
    encoder="patches",
    dim=64 if FULL else 16,
    strategies=["random", "entropy", "k_center"],
    budgets=[0.1, 0.25, 0.5] if FULL else [0.2, 0.5],
    seeds=list(SEEDS),
)
found = boxes.learning_curves
figure, axis = plt.subplots(figsize=(6, 3.4))
for name, line in found.groupby("strategy", sort=False):
    axis.plot(line.budget, 100 * line[mean_column(found)], "o-", color=COLOUR[name], label=name, markersize=4)
axis.set(title="A small detector on road scenes", xlabel="share of the pool labelled", ylabel="mAP (%)")
axis.legend(fontsize=8)
show(figure, "11-detection")

# %% [markdown]
# The price of the same batches, in boxes: what looks like a gain at equal images may be none at equal money.

# %%
cost = boxes.metrics.query("metric == 'cost' and slice == 'all'").groupby(["strategy", "budget"]).value.mean().unstack()
present(cost.round(0))

# %% [markdown]
# With a detector of your own: `goldpan evaluate` judges its predictions by COCO's twelve numbers, and `goldpan pick --predictions`
# names the next images, with budgets in images, boxes or money.
#
# **Checkpoint 11.** The folder `11-detection`.

# %% [markdown]
# # 12. Slices: where is it bad, and what to label for that?
#
# One number for everything hides where a model is bad. A *slice* is a part of the data that attributes name: rainy or snowy
# night. Its accuracy comes from few images, so that small slices look bad, and good, by chance: the worst slice is the one whose *upper*
# bound is lowest.
#
# Then frames are *mined* for it, by one of:
#
# - **distance**: unlabelled frames nearest to the slice's failures in the embedding;
# - **UHerding**, whose target is the slice instead of the pool;
# - **BADGE** on the frames that a classifier takes for the slice;
# - random, as always, and BADGE on the whole pool.
#
# What does the slice gain, and what does the rest pay?

# %%
SLICE = "weather=rainy|snowy, timeofday=night" if FULL else "timeofday=night"
mined = run_once(
    "12-slice",
    SCENES,
    mine=SLICE,
    encoder="patches",
    dim=64 if FULL else 16,
    budgets=[0.05, 0.1, 0.2, 0.3] if FULL else [0.1, 0.3],
    seeds=list(SEEDS),
)
gained = mined.slice_gains.query("against == 'random'")
overall = gained[gained.budget == "mean"].set_index(["strategy", "part"])
present(overall[["gain_mean", "ci_low", "ci_high", "verdict"]].round(2))

# %%
figure, axes = plt.subplots(1, 2, figsize=(9, 3.4), sharey=True)
for axis, part in zip(axes, ("slice", "whole")):
    for name, line in gained[(gained.part == part) & (gained.budget != "mean")].groupby("strategy", sort=False):
        axis.plot(line.budget.astype(float), line.gain_mean, "o-", label=name, markersize=4)
    axis.axhline(0, color="black", linewidth=1)
    axis.set(title=f"Gain on the {part}", xlabel="share of the pool labelled")
axes[0].set_ylabel("gain over random (points)")
axes[0].legend(fontsize=7)
show(figure, "12-slice")

# %% [markdown]
# If distance mining of the slice were replaced by BADGE, what would change? The run answers by itself:

# %%
answer = mined.reflection.split("replaced by BADGE, what would change?")[1].split("\n## ")[0]
print(answer.strip())

# %% [markdown]
# Look at three things before you mine: whether the slice has enough test items to show anything, whether its failures are of
# one kind (distance finds more of the same, and only that), and what the whole pays.
#
# **Checkpoint 12.** The folder `12-slice`, with `figures/slice_gains.png`.

# %% [markdown]
# # Extension. Every night a new pool
#
# A fleet of cameras sends images every day, and people label some of them the next morning. Two things change: the pool
# *grows*, and yesterday's head scores images that it has never seen the like of. The sketch: ten nights, a tenth of the
# pool each; every night pick a batch from all that has arrived and has no label, buy, train anew.
#
# `select` numbers the rows that it is given, and tonight's rows are not last night's. Hand it names (`ids=`) and keep
# those.


# %%
def nightly(strategy, seed, nights=10):
    arrival = np.array_split(np.random.default_rng(seed).permutation(N), nights)
    nightly_batch = round(0.02 * N)
    labeled = np.sort(arrival[0][:nightly_batch])  # the first morning: random
    lines, here = [], np.sort(arrival[0])
    for night in range(1, nights):
        head = goldpan.LinearHead().fit(E[labeled], hidden[labeled])
        here = np.union1d(here, arrival[night])
        where = np.flatnonzero(np.isin(here, labeled))  # labelled rows, in the numbering of tonight
        chosen = goldpan.select(
            strategy,
            embeddings=E[here],
            probs=head.predict_proba(E[here]),
            labeled=where,
            batch=nightly_batch,
            seed=night,
            reserve=RESERVE,
            ids=here,
        )
        labeled = np.union1d(labeled, chosen.ids)
        accuracy = goldpan.LinearHead().fit(E[labeled], hidden[labeled]).score(E_test, test_labels)
        lines.append(
            {"strategy": strategy, "seed": seed, "night": night, "labels": len(labeled), "accuracy": accuracy}
        )
    return lines


nights = checkpoint(
    "e-nights",
    lambda: pd.DataFrame(
        [line for name in ("random", "margin", "badge") for seed in SEEDS for line in nightly(name, seed)]
    ),
)
figure, axis = plt.subplots(figsize=(6, 3.4))
wide = nights.pivot(index=["seed", "night"], columns="strategy", values="accuracy") * 100
for shift, name in enumerate(("margin", "badge")):
    gain = (wide[name] - wide["random"]).groupby("night")
    axis.errorbar(
        gain.mean().index + shift * 0.1,
        gain.mean(),
        yerr=[gain.mean() - gain.min(), gain.max() - gain.mean()],
        fmt="o-",
        capsize=2,
        markersize=4,
        linewidth=1.2,
        color=COLOUR[name],
        label=name,
    )
axis.axhline(0, color="black", linewidth=1)
axis.set(
    title="Nightly batches of 2 % of the pool: mean, worst and best seed",
    xlabel="night",
    ylabel="gain over random (points)",
)
axis.legend(fontsize=8)
show(figure, "e-nights")

# %% [markdown]
# What a real nightly job needs beyond this: a store of embeddings that only appends; ids that survive; a drift alarm
# (the reserve's labels say whether the classes' shares move); and a fixed test set per period, since the world changes
# as well.

# %%
print(f"{time.perf_counter() - started:.0f} s in all; figures in {FIGURES}")
