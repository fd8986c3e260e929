#!/usr/bin/env python3
"""A Label Studio server takes our tasks, people answer, and its exports come back without loss.

    pip install label-studio         # by hand, into an environment of its own: too large for the tests
    python tests/integration/exchange_label_studio.py build/release/apps/goldpan/goldpan path/to/label-studio

Starts the server on loopback with a folder of its own, and, through its API as a browser would, makes a project of
classes and one of boxes, imports tasks.json, answers, skips, and answers one task twice; then reads both exports with
`goldpan import` and compares with what was answered.
"""
import csv
import http.cookiejar
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "apps"))
GOLDPAN, SERVER = sys.argv[1:3]
sys.argv = sys.argv[:2]
from exchange_test import write_png  # noqa: E402

CLASSES = ["car", "traffic sign", "Ampel & Mast"]
USER, PASSWORD = "ann@example.org", "a password of 24 letters"


class Studio:
    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = open(folder / "server.log", "w")
        self.process = subprocess.Popen(
            [SERVER, "start", "--no-browser", "--internal-host", "127.0.0.1", "--port", str(self.port), "--data-dir",
             str(folder / "studio"), "--username", USER, "--password", PASSWORD],
            stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, "LABEL_STUDIO_BASE_DATA_DIR": str(folder / "studio"), "COLLECT_ANALYTICS": "False",
                 "LATEST_VERSION_CHECK": "False", "SENTRY_DSN": "", "FRONTEND_SENTRY_DSN": ""})
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        end = time.monotonic() + 600
        while True:
            try:
                self.get("/user/login/")
                break
            except OSError:
                assert self.process.poll() is None and time.monotonic() < end, "the server did not start; see server.log"
                time.sleep(1)
        form = urllib.parse.urlencode({"email": USER, "password": PASSWORD, "csrfmiddlewaretoken": self.token()}).encode()
        self.open("/user/login/", form, {"Content-Type": "application/x-www-form-urlencoded"})

    def token(self):
        return next(cookie.value for cookie in self.cookies if cookie.name == "csrftoken")

    def open(self, path, data=None, headers=None, method=None):
        address = f"http://127.0.0.1:{self.port}"
        request = urllib.request.Request(address + path, data, {"Referer": address, **(headers or {})}, method=method)
        if data is not None or method:
            request.add_header("X-CSRFToken", self.token())
        try:
            with self.opener.open(request, timeout=120) as response:
                return response.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.code} {error.read()[:500]}") from error

    def get(self, path):
        return self.open(path)

    def post(self, path, body):
        return json.loads(self.open(path, json.dumps(body).encode(), {"Content-Type": "application/json"}))

    def stop(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()
        self.log.close()


def goldpan(*arguments):
    result = subprocess.run([GOLDPAN, *map(str, arguments)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def project(studio, title, tasks):
    """A project with our labelling page and our tasks; returns its number and its tasks by our id."""
    made = studio.post("/api/projects", {"title": title, "label_config": (tasks / "config.xml").read_text()})
    number = made["id"]
    ours = json.loads((tasks / "tasks.json").read_text())
    got = studio.post(f"/api/projects/{number}/import", ours)
    assert got["task_count"] == len(ours), got
    assert got.get("prediction_count", len(ours)) == sum(len(task.get("predictions", [])) for task in ours), got
    listed = json.loads(studio.get(f"/api/tasks?project={number}&page_size=1000"))["tasks"]
    return number, {task["data"]["goldpan_id"]: task["id"] for task in listed}


def exports(studio, number, folder):
    for kind in ("JSON", "JSON_MIN"):
        content = studio.get(f"/api/projects/{number}/export?exportType={kind}&download_all_tasks=true")
        path = folder / f"{number}-{kind}.json"
        path.write_bytes(content)
        yield kind, path


def control(config, kind):
    """The names that our page gives to the control and its object."""
    return re.search(rf'<{kind}[^>]* name="([^"]+)"[^>]* toName="([^"]+)"', config).groups()


def main():
    generator = random.Random(2)
    with tempfile.TemporaryDirectory(prefix="goldpan-studio-") as name:
        folder = pathlib.Path(name)
        ids = [f"drive{i % 3}/frame {i:03}.png" for i in range(20)]
        for id_ in ids:
            write_png(folder / "images" / id_, 200, 100)
        (folder / "ids.txt").write_text("".join(id_ + "\n" for id_ in ids))
        (folder / "picks.csv").write_text("rank,index,id,score,reason,inclusion_probability\n" + "".join(
            f"{i},{i},{id_},0.5,strategy,\n" for i, id_ in enumerate(ids)))
        (folder / "classes.txt").write_text("".join(label + "\n" for label in CLASSES))
        (folder / "labels.csv").write_text("id,label\n" + "".join(f"{id_},{CLASSES[i % 3]}\n" for i, id_ in enumerate(ids)))
        (folder / "boxes.csv").write_text("id,label,x,y,width,height\n" + "".join(
            f"{id_},{CLASSES[i % 3]},{i},{i},20,10\n" for i, id_ in enumerate(ids)))
        for kind in ("labels", "boxes"):
            goldpan("export", "--picks", folder / "picks.csv", "--to", "label-studio", "--kind", kind, "--classes",
                    folder / "classes.txt", "--suggestions", folder / f"{kind}.csv", "--suggestions-format", "csv", "--images",
                    folder / "images", "--image-prefix", "/data/local-files/?d=images/", "--out", folder / kind)
        studio = Studio(folder)
        try:
            # Classes: 20 answers but for one that is skipped and one that nobody saw; one item answered twice.
            number, task_of = project(studio, "classes", folder / "labels")
            assert sorted(task_of) == sorted(ids)
            choice, image = control((folder / "labels/config.xml").read_text(), "Choices")
            wanted = {}
            for id_ in ids[:18]:
                wanted[id_] = generator.choice(CLASSES)
                studio.post(f"/api/tasks/{task_of[id_]}/annotations", {"result": [
                    {"type": "choices", "from_name": choice, "to_name": image, "value": {"choices": [wanted[id_]]}}]})
            studio.post(f"/api/tasks/{task_of[ids[18]]}/annotations", {"result": [], "was_cancelled": True})
            studio.post(f"/api/tasks/{task_of[ids[0]]}/annotations", {"result": [
                {"type": "choices", "from_name": choice, "to_name": image, "value": {"choices": [wanted[ids[0]]]}}]})
            for kind, path in exports(studio, number, folder):
                text = goldpan("import", "--from", "label-studio", path, "--ids", folder / "ids.txt", "--classes",
                               folder / "classes.txt", "--out", folder / "back")
                back = {row["id"]: row["label"] for row in csv.DictReader((folder / "back/labels.csv").open())}
                assert back == wanted, (kind, text, back, wanted)
                assert "unknown_item" not in text, text
                if kind == "JSON":
                    assert re.search(r"cancelled +1\b", text) and re.search(r"unlabelled +1\b", text), text
                print(f"classes, {kind}: {len(back)} labels, all as answered")

            # Boxes: two on most images, none on one that was submitted so, one turned.
            number, task_of = project(studio, "boxes", folder / "boxes")
            rectangle, image = control((folder / "boxes/config.xml").read_text(), "RectangleLabels")
            wanted = {}
            for place, id_ in enumerate(ids):
                result = []
                for _ in range(0 if place == 3 else 2):
                    x, y, w, h = (generator.randrange(1, 40) for _ in range(4))
                    label = generator.choice(CLASSES)
                    result.append({"type": "rectanglelabels", "from_name": rectangle, "to_name": image, "original_width": 200,
                                   "original_height": 100, "value": {"x": x, "y": y, "width": w, "height": h, "rotation": 0,
                                                                     "rectanglelabels": [label]}})
                    wanted.setdefault(id_, []).append((label, 2.0 * x, 1.0 * y, 2.0 * w, 1.0 * h))
                wanted.setdefault(id_, [])
                studio.post(f"/api/tasks/{task_of[id_]}/annotations", {"result": result})
            for kind, path in exports(studio, number, folder):
                text = goldpan("import", "--from", "label-studio", path, "--kind", "boxes", "--ids", folder / "ids.txt",
                               "--classes", folder / "classes.txt", "--images", folder / "images", "--out", folder / "back")
                coco = json.loads((folder / "back/boxes.json").read_text())
                names = {entry["id"]: entry["name"] for entry in coco["categories"]}
                files = {entry["id"]: entry["file_name"] for entry in coco["images"]}
                back = {file: [] for file in files.values()}
                for box in coco["annotations"]:
                    back[files[box["image_id"]]].append((names[box["category_id"]], *(round(v, 3) for v in box["bbox"])))
                want = {id_: sorted(boxes) for id_, boxes in wanted.items() if boxes or kind == "JSON"}
                have = {id_: sorted(boxes) for id_, boxes in back.items() if boxes or kind == "JSON"}
                assert have == want, (kind, text, have, want)
                print(f"boxes, {kind}: {sum(map(len, back.values()))} boxes on {len(back)} images, all as drawn")
        finally:
            studio.stop()
            print((folder / "server.log").read_text()[-2000:] if sys.exc_info()[0] else "", end="")
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
