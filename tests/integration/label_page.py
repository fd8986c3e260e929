#!/usr/bin/env python3
"""The page of `goldpan label` in headless Chromium, by keys and by grid, with a kill in between.

    pip install playwright           # by hand; Debian's chromium-headless-shell is the browser
    python tests/integration/label_page.py build/release/apps/goldpan/goldpan CIFAR10/train /tmp/screenshots

Labels 200 images of CIFAR-10, reloads, opens a second browser, undoes, kills the server with SIGKILL and starts it
again; saves screenshots in light, dark and narrow.
"""
import json
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "apps"))
from harness import write_npy  # noqa: E402

PROGRAM, IMAGES, SHOTS = sys.argv[1:4]
CLASSES = sorted(path.name for path in pathlib.Path(IMAGES).iterdir() if path.is_dir())
SHOTS = pathlib.Path(SHOTS)
TOKEN = "page-test-token-01234"


def start(folder, port=0):
    process = subprocess.Popen(
        [PROGRAM, "label", "--images", folder / "images", "--classes", ",".join(CLASSES), "--session", folder / "session",
         "--embeddings", folder / "embeddings.npy", "--token", TOKEN, "--overlap", "0.2", "--port", str(port)], stdout=subprocess.PIPE, text=True)
    for line in process.stdout:
        found = re.search(r":(\d+)/\?token=", line)
        if found:
            return process, int(found.group(1))
    raise RuntimeError("the server did not start")


def main():
    SHOTS.mkdir(parents=True, exist_ok=True)
    generator = random.Random(4)
    with tempfile.TemporaryDirectory(prefix="goldpan-page-") as name, sync_playwright() as playwright:
        folder = pathlib.Path(name)
        (folder / "images").mkdir()
        files = [path for label in CLASSES for path in sorted((pathlib.Path(IMAGES) / label).iterdir())[:200]]
        generator.shuffle(files)
        truth = {}
        for i, path in enumerate(files):
            truth[f"{i:05}.jpg"] = path.parent.name
            (folder / "images" / f"{i:05}.jpg").write_bytes(path.read_bytes())
        # The page is under test, not an encoder: embeddings that tell the classes apart, with noise.
        values = [generator.gauss(3.0 if CLASSES[j] == path.parent.name else 0.0, 1.0) for path in files for j in range(10)]
        write_npy(folder / "embeddings.npy", "f", (len(files), 10), values)
        process, port = start(folder)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium-headless-shell", args=["--no-sandbox"])
        problems = []

        def open_page(**options):
            context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **options})
            page = context.new_page()
            page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on("request", lambda request: problems.append("outside: " + request.url)
                    if not request.url.startswith(f"http://127.0.0.1:{port}/") else None)
            page.goto(f"http://127.0.0.1:{port}/?token={TOKEN}")
            page.wait_for_selector("#classes button:not([disabled])", timeout=30000)
            assert TOKEN not in page.url, page.url
            return page

        def state(page):
            return page.evaluate("fetch('/api/state').then((r) => r.json())")

        def shown(page):
            return page.inner_text("#caption b")

        def wait_for(what, seconds=60):
            end = time.monotonic() + seconds
            while not what():
                assert time.monotonic() < end, "waited in vain"
                time.sleep(0.05)

        def label_by_keys(page, count):
            for _ in range(count):
                wait_for(lambda: page.query_selector("#caption b") is not None)
                label = truth[shown(page)]
                page.keyboard.press(str(CLASSES.index(label) + 1) if CLASSES.index(label) < 9 else "a")

        page = open_page()
        page.screenshot(path=SHOTS / "start.png")
        label_by_keys(page, 60)
        wait_for(lambda: state(page)["labelled"] == 60)
        wait_for(lambda: state(page)["truth"]["pool"] is not None)
        page.reload()
        page.wait_for_selector("#caption b")
        assert state(page)["labelled"] == 60

        # Undo by key: the item is back on the screen and no longer counted.
        before = shown(page)
        label_by_keys(page, 1)
        wait_for(lambda: state(page)["labelled"] == 61)
        page.keyboard.press("z")
        wait_for(lambda: state(page)["labelled"] == 60)
        wait_for(lambda: shown(page) == before)

        # A second browser, another person: other items.
        other = open_page()
        other.fill("#who", "bob")
        other.keyboard.press("Enter")
        other.evaluate("document.activeElement.blur()")
        wait_for(lambda: other.query_selector("#caption b") is not None and shown(other) != shown(page))
        label_by_keys(other, 10)
        wait_for(lambda: any(p["who"] == "bob" and p["answers"] == 10 for p in state(page)["people"]))

        # kill -9 and start again on the same port; the page goes on by itself.
        labelled = state(page)["labelled"]
        process.send_signal(signal.SIGKILL)
        process.wait()
        label_by_keys(page, 3)  # answered while the server is away: kept and sent again
        process, _ = start(folder, port)
        wait_for(lambda: page.evaluate("fetch('/api/state').then((r) => r.json(), () => null)") is not None)
        wait_for(lambda: state(page)["labelled"] == labelled + 3)
        problems[:] = [p for p in problems if "ERR_CONNECTION_REFUSED" not in p and "Failed to fetch" not in p
                       and "ERR_" not in p]

        # The grid: a whole screen by one key, the wrong ones clicked out.
        wait_for(lambda: state(page)["model"]["labels"] > 0)
        page.keyboard.press("g")
        for _ in range(30):
            if state(page)["labelled"] >= 200:
                break
            page.wait_for_selector("#tiles button")
            wrong = 0
            for tile in page.query_selector_all("#tiles button"):
                name_, guess = re.match(r"(\S+), (\S+) ", tile.get_attribute("aria-label")).groups()
                if truth[name_] != guess:
                    tile.click()
                    wrong += 1
            if _ == 0:
                page.screenshot(path=SHOTS / "grid.png")
            done = state(page)["labelled"]
            page.keyboard.press("Enter")
            wait_for(lambda: state(page)["labelled"] > done or wrong == 24)
            if wrong:
                wait_for(lambda: page.is_visible("#single"))
                label_by_keys(page, wrong)
                page.keyboard.press("g")
        final = state(page)
        assert final["labelled"] >= 200, final["labelled"]
        page.keyboard.press("g")
        wait_for(lambda: state(page)["model"]["labels"] >= 200)
        time.sleep(2)
        table = page.evaluate("fetch('/api/export').then((r) => r.text())").strip().split("\n")[1:]
        wrong = [row for row in table if truth[row.split(",")[0]] != row.split(",")[1]]
        assert not wrong, wrong[:3]
        page.wait_for_selector("#caption b")
        page.screenshot(path=SHOTS / "light.png", full_page=True)
        dark = open_page(color_scheme="dark")
        dark.wait_for_timeout(1500)
        dark.screenshot(path=SHOTS / "dark.png", full_page=True)
        narrow = open_page(viewport={"width": 390, "height": 844}, device_scale_factor=2, has_touch=True)
        narrow.wait_for_timeout(1500)
        narrow.screenshot(path=SHOTS / "narrow.png")
        wide = narrow.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, f"the narrow page is {wide} pixels wide"
        for view in ("doubts", "people"):
            page.click("#view-" + view)
            page.wait_for_timeout(800)
            page.screenshot(path=SHOTS / f"{view}.png")
        # Every control has a name for screen readers.
        nameless = page.evaluate("""[...document.querySelectorAll('button, input, select, img')].filter((e) =>
            e.offsetParent && !(e.textContent.trim() || e.getAttribute('aria-label') || e.alt || (e.labels && e.labels.length)))
            .map((e) => e.outerHTML)""")
        assert not nameless, nameless
        assert not problems, problems
        print(json.dumps({"labelled": final["labelled"], "truth": final["truth"], "people": final["people"],
                          "labels_all_right": len(table)}))
        browser.close()
        process.terminate()
        process.wait()
    print("1 passed, 0 failed")


if __name__ == "__main__":
    main()
