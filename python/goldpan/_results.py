"""What a run left behind, as DataFrames."""
from __future__ import annotations

import html
import os
import pathlib
from typing import TYPE_CHECKING, Any

from goldpan import _core

if TYPE_CHECKING:
    import pandas as pd


class Results:
    """The results of a run in the folder `out`, by `goldpan.run` or `goldpan run`.

    Each table of `out`/tables is an attribute, a DataFrame read when first asked for: `learning_curves`,
    `budget_gains`, `labels_to_match`, `class_counts`, `batches`, `timings`, ... (`tables` lists them).

    >>> results = goldpan.Results("outputs")
    >>> results.budget_gains.query("budget == 0.1")
    >>> results.plot()
    """

    #: Name of each table -> its file.
    tables: dict[str, pathlib.Path]

    def __init__(self, out: str | os.PathLike[str] = "outputs") -> None:
        self.out = pathlib.Path(out)
        self.tables = {path.stem: path for path in sorted((self.out / "tables").glob("*.csv"))}
        if not self.tables:
            raise ValueError(f"[{self.out}] holds no tables, expected the output folder of a run")
        self._read: dict[str, pd.DataFrame] = {}

    def __getattr__(self, name: str) -> pd.DataFrame:
        tables = self.__dict__.get("tables", {})
        if name not in tables:
            raise AttributeError(f"no table '{name}', expected one of {', '.join(tables)}")
        if name not in self._read:
            import pandas as pd

            self._read[name] = pd.read_csv(tables[name])
        return self._read[name]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.tables]

    def picks(self) -> pd.DataFrame:
        """Every label bought: strategy, seed, round, rank, id, label, reason, score, inclusion_probability."""
        import pandas as pd

        return pd.DataFrame(_core.read_picks(self.out / "run.db"))

    @property
    def settings(self) -> dict[str, str]:
        """The resolved settings, as in config.toml: "data.spec", "protocol.budgets", ..."""
        return dict(_core.read_facts(self.out / "run.db")[0])

    @property
    def facts(self) -> dict[str, str]:
        """What the run found: "version", "pool_size", "test_size", "encoder", "dim", ..."""
        return dict(_core.read_facts(self.out / "run.db")[1])

    @property
    def class_names(self) -> list[str]:
        return list(_core.read_facts(self.out / "run.db")[2])

    @property
    def reflection(self) -> str:
        """The run's own account of itself, Markdown."""
        return (self.out / "reflection.md").read_text()

    def plot(self, ax: Any = None) -> Any:
        """Learning curves with matplotlib: mean over the seeds, a band of one standard deviation. Returns the axes."""
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
        curves = self.learning_curves
        metric = next(name for name in curves.columns if name.endswith("_mean")).removesuffix("_mean")
        label = {"ap": "mAP@[.5:.95]", "map": "mAP"}.get(metric, metric)
        for strategy in curves["strategy"].unique():
            of = curves[curves["strategy"] == strategy]
            budget, mean = of["budget"] * 100, of[f"{metric}_mean"] * 100
            spread = of[f"{metric}_std"].fillna(0) * 100
            dashed = {"color": "0.4", "linestyle": "--"} if strategy == "random" else {}
            (line,) = ax.plot(budget, mean, marker="o", markersize=3, label=strategy, **dashed)
            ax.fill_between(budget, mean - spread, mean + spread, color=line.get_color(), alpha=0.15, lw=0)
        ax.set_xscale("log")  # few labels and shares of the pool in one picture
        ax.set_xlabel("labels bought (% of the pool)")
        ax.set_ylabel(f"test {label} (%)")
        ax.grid(alpha=0.3)
        ax.legend(frameon=False)
        return ax

    def __repr__(self) -> str:
        return f"Results in {self.out}: {', '.join(self.tables)}"

    def _repr_html_(self) -> str:
        gains = self.budget_gains._repr_html_() if "budget_gains" in self.tables else ""
        return f"<p>Results in <code>{html.escape(str(self.out))}</code>: {', '.join(self.tables)}</p>{gains}"
