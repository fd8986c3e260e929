"""Goldpan inside other libraries' loops. Each import happens when an adapter is first used.

scikit-activeml::

    query_strategy = goldpan.adapters.SkactivemlStrategy("badge")      # instead of Badge()
    rows = query_strategy.query(X, y, clf=classifier, batch_size=10)

modAL::

    learner = ActiveLearner(estimator=model, query_strategy=goldpan.adapters.modal_query("margin"), ...)

FiftyOne needs no adapter, a tag on the picked samples does it::

    picks = goldpan.select("k_center", embeddings=embeddings, ids=dataset.values("id"), batch=100)
    dataset.select(list(picks.ids)).tag_samples("to_label")
"""
from typing import TYPE_CHECKING, Any

from goldpan.adapters._modal import modal_query

if TYPE_CHECKING:
    from goldpan.adapters._skactiveml import SkactivemlStrategy

__all__ = ["SkactivemlStrategy", "modal_query"]


def __getattr__(name: str) -> Any:
    if name == "SkactivemlStrategy":
        from goldpan.adapters._skactiveml import SkactivemlStrategy

        return SkactivemlStrategy
    raise AttributeError(f"module 'goldpan.adapters' has no attribute '{name}'")
