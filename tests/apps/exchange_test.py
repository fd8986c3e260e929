#!/usr/bin/env python3
"""`goldpan export` and `import` as a user meets them: picks out, answers in. Argument: the program."""
import csv
import json
import pathlib
import sys
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import struct  # noqa: E402

from harness import ProgramTest, main, write_npy  # noqa: E402


def write_png(path, width, height):
    """A grey picture, by hand."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    path.parent.mkdir(parents=True, exist_ok=True)
    rows = b"".join(b"\0" + b"\x80" * width for _ in range(height))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
                     + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


class ExchangeTest(ProgramTest):
    IDS = ["night/a 1.png", "day/a 1.png", "=b.png", "c.png"]

    def setUp(self):
        super().setUp()
        write_npy(self.folder / "E.npy", "f", (4, 2), [0, 0, 1, 0, 0, 1, 1, 1])
        write_npy(self.folder / "P.npy", "f", (4, 2), [0.9, 0.1, 0.2, 0.8, 0.6, 0.4, 0.5, 0.5])
        (self.folder / "ids.txt").write_text("".join(id_ + "\n" for id_ in self.IDS))
        for place, id_ in enumerate(self.IDS):
            write_png(self.folder / "images" / id_, 100 + place, 50)
        self.succeeds("pick", "--embeddings", self.folder / "E.npy", "--ids", self.folder / "ids.txt", "--strategy", "k_center",
                      "--batch", 4, "--out", self.folder / "picks.csv")

    def test_label_studio_there_and_back(self):
        out = self.folder / "tasks"
        result = self.succeeds("export", "--picks", self.folder / "picks.csv", "--to", "label-studio", "--classes", "cat,dog",
                               "--probs", self.folder / "P.npy", "--image-prefix", "/data/local-files/?d=images/", "--out", out)
        self.assertIn("4 items for label-studio: 4 with a suggested class", result.stdout)
        tasks = json.loads((out / "tasks.json").read_text())
        suggested = {task["data"]["goldpan_id"]: task["predictions"][0]["result"][0]["value"]["choices"][0] for task in tasks}
        self.assertEqual(suggested, dict(zip(self.IDS, ["cat", "dog", "cat", "cat"])))
        self.assertIn('<Choice value="dog"', (out / "config.xml").read_text())
        # One accepted, one cancelled, one of an unknown class, one untouched.
        choice = {"type": "choices", "value": {"choices": ["dog"]}}
        tasks[0]["annotations"] = [{"result": [choice], "completed_by": 1}]
        tasks[1]["annotations"] = [{"result": [choice], "was_cancelled": True}]
        tasks[2]["annotations"] = [{"result": [{"type": "choices", "value": {"choices": ["horse"]}}]}]
        (self.folder / "export.json").write_text(json.dumps(tasks))
        result = self.succeeds("import", "--from", "label-studio", self.folder / "export.json", "--ids", self.folder / "ids.txt",
                               "--classes", "cat,dog", "--embeddings", self.folder / "E.npy", "--out", self.folder / "labels")
        for line in ("4 annotations read, 1 of 4 items labelled", "cancelled       1", "unknown_label   1", "unlabelled      1"):
            self.assertIn(line, result.stdout)
        labels = list(csv.DictReader((self.folder / "labels/labels.csv").read_text().splitlines()))
        self.assertEqual([(row["label"], row["who"]) for row in labels], [("dog", "1")])
        outcomes = list(csv.DictReader((self.folder / "labels/annotations.csv").read_text().splitlines()))
        self.assertEqual(len(outcomes), 4)
        row = self.IDS.index(tasks[0]["data"]["goldpan_id"])
        self.assertEqual((self.folder / "labels/labeled.txt").read_text(), f"{row}\n")
        self.fails("1 annotations name items or classes that are not known", "import", "--from", "label-studio",
                   self.folder / "export.json", "--ids", self.folder / "ids.txt", "--classes", "cat,dog", "--strict", "--out",
                   self.folder / "labels2")
        line = self.succeeds("import", "--from", "label-studio", self.folder / "export.json", "--json", "--out",
                             self.folder / "labels3").stdout
        self.assertEqual(line.count("\n"), 1)
        self.assertEqual(json.loads(line)["annotations"], 4)

    def test_boxes_through_every_format(self):
        boxes = "id,label,x,y,width,height,confidence\n" + "".join(
            f"{id_},car,{10 + i},5,20,{10 + i},0.5\n" for i, id_ in enumerate(self.IDS[:3]))
        (self.folder / "boxes.csv").write_text(boxes)
        for to in ("cvat", "coco", "yolo", "fiftyone", "csv"):
            out = self.folder / to
            result = self.succeeds("export", "--picks", self.folder / "picks.csv", "--to", to, "--kind", "boxes", "--classes",
                                   "car,person", "--suggestions", self.folder / "boxes.csv", "--suggestions-format", "csv",
                                   "--images", self.folder / "images", "--image-files", "link", "--out", out)
            self.assertIn("3 suggested boxes", result.stdout)
            file = {"cvat": out / "annotations.xml", "coco": out / "annotations/instances_default.json", "csv": out / "boxes.csv"}
            result = self.succeeds("import", "--from", to, file.get(to, out), "--ids", self.folder / "ids.txt", "--images",
                                   self.folder / "images", "--kind", "boxes", "--out", self.folder / ("back-" + to))
            self.assertIn("with 3 boxes", result.stdout, to)
            back = json.loads((self.folder / ("back-" + to) / "boxes.json").read_text())
            sizes = {image["file_name"]: image["width"] for image in back["images"]}
            self.assertEqual(sizes["day/a 1.png"], 101, to)
            self.assertEqual(len(back["annotations"]), 3)

    def test_formulas_are_neutralised_and_come_back(self):
        self.succeeds("export", "--picks", self.folder / "picks.csv", "--to", "csv", "--classes", "=cat,dog", "--probs",
                      self.folder / "P.npy", "--out", self.folder / "table")
        text = (self.folder / "table/labels.csv").read_text()
        self.assertIn("'=b.png", text)
        self.assertIn("'=cat", text)
        self.succeeds("import", "--from", "csv", self.folder / "table/labels.csv", "--ids", self.folder / "ids.txt", "--classes",
                      "=cat,dog", "--out", self.folder / "labels")
        summary = json.loads((self.folder / "labels/summary.json").read_text())
        self.assertEqual(summary["outcomes"]["kept"], 4)
        self.assertEqual(summary["classes"]["=cat"], 3)

    def test_bad_calls_are_named(self):
        picks = self.folder / "picks.csv"
        self.fails("expected one of label-studio, cvat", "export", "--picks", picks, "--to", "voc", "--classes", "a,b")
        self.fails("the names that people may choose from", "export", "--picks", picks, "--to", "csv")
        self.fails("holds rectangles alone", "export", "--picks", picks, "--to", "yolo", "--classes", "a,b")
        self.fails("has 2 columns, but there are 3 classes", "export", "--picks", picks, "--to", "csv", "--classes", "a,b,c",
                   "--probs", self.folder / "P.npy")
        self.fails("is not JSON: byte", "import", "--from", "coco", self.folder / "ids.txt")
        self.fails("is not XML", "import", "--from", "cvat", self.folder / "ids.txt")


if __name__ == "__main__":
    main()
