#!/usr/bin/env python3
"""Who passes what: the cases of goldpan.conformance put to Goldpan, scikit-activeml and the published algorithms.

    python bench/conformance/run.py            # needs numpy and, for its column, scikit-activeml
"""
import importlib.util
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def main():
    conformance = load(HERE.parents[1] / "python/goldpan/conformance.py")
    reports = {}
    for name, file in {"Goldpan": "program", "scikit-activeml": "skactiveml_module", "as published": "published"}.items():
        try:
            reports[name] = conformance.check(load(HERE / f"{file}.py").select)
        except ImportError as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
    print("| strategy | what | " + " | ".join(reports) + " |\n|---|---|" + "---|" * len(reports))
    for outcomes in zip(*(report.outcomes for report in reports.values())):
        words = ({"passed": "yes", "failed": "**no**", "not offered": "-"}[o.verdict] for o in outcomes)
        print(f"| `{outcomes[0].case.strategy}` | {outcomes[0].case.claim} | " + " | ".join(words) + " |")
    print("| | passed of those offered | " + " | ".join(
        f"{r.count('passed')} of {r.count('passed') + r.count('failed')}" for r in reports.values()) + " |")
    for name, report in reports.items():
        for o in report.outcomes:
            if o.verdict == "failed":
                print(f"\n{name}, {o.case.strategy}: {o.case.claim}\n    {o.got}")


if __name__ == "__main__":
    main()
