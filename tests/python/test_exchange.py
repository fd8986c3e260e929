"""Items out to people's tools and their answers back in, from Python."""
import json
import math
from pathlib import Path

import pytest

import goldpan
from goldpan import Rectangle

IDS = ["day/a.png", "day/b 1.png", "night/a.png", "night/c.png"]
CLASSES = ["cat", "dog"]


@pytest.mark.parametrize("format", [name for name in goldpan.exchange_formats() if name not in ("yolo",)])
def test_suggested_classes_come_back(format: str, tmp_path: Path) -> None:
    labels = dict(zip(IDS, ["cat", "dog", "dog", "cat"]))
    paths = goldpan.export_items(IDS, format, tmp_path / "out", classes=CLASSES, labels=labels,
                                 image_size=lambda name: (100, 50))
    assert paths and all(path.is_file() for path in paths)
    if format == "label-studio":  # there a suggestion is no answer: people make it one
        tasks = json.loads(paths[0].read_text())
        for task in tasks:
            task["annotations"] = [{"result": task["predictions"][0]["result"], "completed_by": 3}]
        paths[0].write_text(json.dumps(tasks))
    source = {"label-studio": paths[0], "cvat": paths[0], "csv": paths[0]}.get(format, tmp_path / "out")
    if format == "coco":
        source = next(path for path in paths if path.name.startswith("labels"))
    found = goldpan.import_annotations(source, format, ids=IDS, classes=CLASSES)
    assert found.labels == labels, found.summary
    assert found.counts == {"kept": 4}
    assert found.rows == [0, 1, 2, 3]


@pytest.mark.parametrize("format", ["cvat", "coco", "yolo", "csv"])
def test_boxes_come_back(format: str, tmp_path: Path) -> None:
    boxes = {IDS[0]: [Rectangle("dog", 10, 5, 20, 10), Rectangle("cat", 1, 2, 3, 4)], IDS[3]: [Rectangle("cat", 50, 25, 10, 10)]}
    paths = goldpan.export_items(IDS, format, tmp_path / "out", classes=CLASSES, kind="boxes", boxes=boxes,
                                 image_size=lambda name: (100, 50))
    source = {"cvat": paths[0], "coco": paths[0]}.get(format, tmp_path / "out")
    if format == "csv":
        source = next(path for path in paths if path.name == "boxes.csv")
    found = goldpan.import_annotations(source, format, ids=IDS, classes=CLASSES, kind="boxes", image_size=lambda name: (100, 50))
    for name, wanted in boxes.items():
        got = sorted(found.boxes[name])
        assert [box.label for box in got] == sorted(box.label for box in wanted)
        for one, other in zip(got, sorted(wanted)):
            assert one[1:5] == pytest.approx(other[1:5], abs=1e-3)
            assert math.isnan(one.score)
    assert sum(map(len, found.boxes.values())) == 3


def test_nothing_is_dropped_without_a_word(tmp_path: Path) -> None:
    table = tmp_path / "answers.csv"
    table.write_text("id,label,who\nday/a.png,cat,ann\nday/a.png,dog,bob\nnight/c.png,horse,ann\nnowhere.png,cat,ann\n"
                     "upload/b 1.png,dog,ann\n")
    found = goldpan.import_annotations(table, "csv", ids=IDS, classes=CLASSES)
    assert found.labels == {"day/b 1.png": "dog"}
    assert found.counts == {"disagreement": 2, "unknown_label": 1, "unknown_item": 1, "kept": 1}
    assert len(found.answers) == 5 and found.answers[3].row is None
    found.write(tmp_path / "labels")
    assert (tmp_path / "labels/labeled.txt").read_text().split() == ["1"]
    assert "5 annotations read" in found.summary


def test_parquet(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = tmp_path / "answers.csv"
    table.write_text("id,label\nday/a.png,cat\nnight/c.png,dog\n")
    found = goldpan.import_annotations(table, "csv", ids=IDS, classes=CLASSES)
    parquet.write_table(found.to_arrow(), tmp_path / "labels.parquet")
    assert parquet.read_table(tmp_path / "labels.parquet").to_pydict() == {
        "id": ["day/a.png", "night/c.png"], "label": ["cat", "dog"]}


def test_bad_input_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected"):
        goldpan.export_items(IDS, "labelbox", tmp_path, classes=CLASSES)
    with pytest.raises(ValueError, match="kind"):
        goldpan.export_items(IDS, "csv", tmp_path, classes=CLASSES, kind="polygons")
    with pytest.raises(ValueError, match="day/a.png"):
        goldpan.export_items(["day/a.png", "day/a.png"], "csv", tmp_path, classes=CLASSES)
    broken = tmp_path / "broken.json"
    broken.write_text("{ half")
    with pytest.raises(ValueError, match="broken.json"):
        goldpan.import_annotations(broken, "label-studio", ids=IDS, classes=CLASSES)
    with pytest.raises(ValueError, match="no such labelling session"):
        goldpan.import_annotations(tmp_path, "session")
