#!/usr/bin/env python3
"""`goldpan label` as a script, a hostile page and a power cut meet it. Argument: the program."""
import concurrent.futures
import csv
import http.client
import io
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from harness import PROGRAM, ProgramTest, main, write_npy  # noqa: E402

TOKEN = "test-token-0123456789"
# GOLDPAN_KILLS=1000 for a night's run.
KILLS = int(os.environ.get("GOLDPAN_KILLS", "12"))


class Server:
    """The program, serving a folder; killed when the block ends."""

    def __init__(self, folder, *options):
        self.process = subprocess.Popen(
            [PROGRAM, "label", "--from", folder, "--classes", "a,b,c", "--session", folder / "session", "--token", TOKEN,
             "--threads", "1", *map(str, options)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            found = re.search(r"http://127\.0\.0\.1:(\d+)/\?token=", line)
            if found:
                self.port = int(found.group(1))
                return
        raise RuntimeError(self.process.stderr.read())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def request(self, method, path, body=None, headers=None, token=TOKEN, timeout=30):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            all_headers = {"Authorization": f"Bearer {token}"} if token else {}
            if body is not None:
                all_headers["Content-Type"] = "application/json"
                body = json.dumps(body) if not isinstance(body, (str, bytes)) else body
            all_headers.update(headers or {})
            connection.request(method, path, body, all_headers)
            response = connection.getresponse()
            return response.status, response.read(), response.headers
        finally:
            connection.close()

    def get(self, path, **options):
        status, body, _ = self.request("GET", path, **options)
        assert status == 200, (status, body)
        return json.loads(body)

    def post(self, path, body):
        status, answer, _ = self.request("POST", path, body)
        assert status == 200, (status, answer)
        return json.loads(answer)


class LabelTest(ProgramTest):
    ITEMS = 300

    def setUp(self):
        super().setUp()
        generator = random.Random(1)
        self.labels = [generator.randrange(3) for _ in range(self.ITEMS)]
        values = [generator.gauss(3.0 if j == label else 0.0, 1.0) for label in self.labels for j in range(6)]
        write_npy(self.folder / "embeddings.npy", "f", (self.ITEMS, 6), values)
        (self.folder / "ids.txt").write_text("".join(f"folder/{i:04}.jpg\n" for i in range(self.ITEMS)))

    def name(self, id_):
        return "abc"[self.labels[int(id_)]]

    def answer(self, item, **more):
        return {"id": item["id"], "label": self.name(item["id"]), **more}

    # ---- the loop ----

    def test_an_oracle_labels_and_the_model_learns(self):
        with Server(self.folder, "--first-batch", 20, "--batch", 20) as server:
            for _ in range(200):
                items = server.get("/api/next?count=10&who=ann")["items"]
                if items:
                    server.post("/api/answers", [self.answer(item, who="ann") for item in items])
                state = server.get("/api/state")
                if state["labelled"] >= 120 and state["truth"]["pool"]:
                    break
                time.sleep(0.02)
            self.assertEqual(state["protocol"], 1)
            self.assertGreaterEqual(state["labelled"], 120)
            self.assertGreater(state["model"]["labels"], 0)
            truth = state["truth"]["pool"]
            self.assertLessEqual(truth["low"], truth["value"])
            self.assertGreater(truth["high"], 0.8)
            self.assertEqual(state["people"][0]["who"], "ann")
            status, table, _ = server.request("GET", "/api/export")
            rows = list(csv.DictReader(io.StringIO(table.decode())))
            self.assertEqual(len(rows), state["labelled"])
            for row in rows:
                self.assertEqual(row["label"], "abc"[self.labels[int(row["id"][7:11])]])
        # What the server acknowledged another command reads.
        result = self.succeeds("import", "--from", "session", self.folder / "session", "--ids", self.folder / "ids.txt",
                               "--classes", "a,b,c", "--embeddings", self.folder / "embeddings.npy", "--out",
                               self.folder / "labels")
        self.assertIn(f"{len(rows)} of {self.ITEMS} items labelled", result.stdout)
        picks = self.succeeds("pick", "--embeddings", self.folder / "embeddings.npy", "--labeled",
                              self.folder / "labels/labeled.txt", "--strategy", "k_center", "--batch", 5, "--out",
                              self.folder / "picks.csv")
        self.assertIn(f"{self.ITEMS - len(rows)} unlabelled", picks.stdout)
        picks = self.succeeds("pick", "--embeddings", self.folder / "embeddings.npy", "--ids", self.folder / "ids.txt",
                              "--session", self.folder / "session", "--strategy", "k_center", "--batch", 5, "--force", "--out",
                              self.folder / "picks.csv")
        self.assertIn(f"{self.ITEMS - len(rows)} unlabelled", picks.stdout)
        self.fails("no such labelling session", "pick", "--embeddings", self.folder / "embeddings.npy", "--ids",
                   self.folder / "ids.txt", "--session", self.folder / "labels", "--strategy", "k_center", "--batch", 5)
        self.succeeds("run", "--data", f"npy:{self.folder / 'labels/npy'}", "--strategies", "random,margin", "--seeds", "1",
                      "--out", self.folder / "run")

    def test_undo_skip_notes_and_a_second_browser(self):
        with Server(self.folder) as server:
            mine = server.get("/api/next?count=5&who=ann")["items"]
            yours = server.get("/api/next?count=5&who=bob")["items"]
            self.assertFalse({item["id"] for item in mine} & {item["id"] for item in yours})
            server.post("/api/answers", [{"id": mine[0]["id"], "skip": True, "who": "ann", "note": "=1+1"},
                                         {"id": mine[1]["id"], "unsure": True, "who": "ann"},
                                         self.answer(mine[2], who="ann")])
            state = server.get("/api/state")
            self.assertEqual((state["labelled"], state["skipped"], state["unsure"]), (1, 1, 1))
            self.assertEqual(server.post("/api/undo", {"who": "ann"})["id"], mine[2]["id"])
            self.assertEqual(server.get("/api/state")["labelled"], 0)
            self.assertIn(mine[2]["id"], [item["id"] for item in server.get("/api/next?count=9&who=ann")["items"]])

    # ---- durability ----

    def test_kills_while_answers_stream_in(self):
        """No acknowledged answer is lost, none doubled, though all are sent again after each kill."""
        acknowledged, sent = set(), []
        generator = random.Random(2)
        for kill in range(KILLS):
            with Server(self.folder) as server:
                # What was sent and not acknowledged is sent again, as a browser would.
                for answer in sent:
                    if answer["key"] not in acknowledged:
                        server.post("/api/answers", [answer])
                        acknowledged.add(answer["key"])
                timer = threading.Timer(generator.uniform(0.0, 0.3), server.kill)
                timer.start()
                try:
                    for n in range(500):
                        item = generator.randrange(self.ITEMS)
                        answer = {"id": str(item), "label": generator.choice("abc"), "who": "w%d" % (n % 3),
                                  "key": f"{kill}-{n}"}
                        sent.append(answer)
                        server.post("/api/answers", [answer])
                        acknowledged.add(answer["key"])
                except (OSError, http.client.HTTPException, AssertionError):
                    pass
                timer.join()
        with Server(self.folder) as server:
            for answer in sent:  # each of them again: none may count twice
                server.post("/api/answers", [answer])
            state = server.get("/api/state")
        import sqlite3
        database = sqlite3.connect(self.folder / "session/answers.db")
        keys = [row[0] for row in database.execute("SELECT key FROM answers WHERE undoes IS NULL ORDER BY sequence")]
        database.close()
        self.assertEqual(len(keys), len(set(keys)))
        self.assertEqual(set(keys), {answer["key"] for answer in sent})
        self.assertEqual(state["answers"], len(sent))
        self.assertGreater(len(sent), KILLS)
        print(f"{KILLS} kills, {len(sent)} answers, none lost, none doubled", file=sys.stderr)

    def test_a_second_server_on_one_session_is_refused(self):
        with Server(self.folder):
            self.fails("another process has this session open", "label", "--from", self.folder, "--classes", "a,b,c",
                       "--session", self.folder / "session")

    # ---- hostile pages and clients ----

    def refused(self, server, status, method, path, **options):
        got, body, headers = server.request(method, path, **options)
        self.assertEqual(got, status, (path, options, body))
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        return body

    def test_forged_requests_get_nowhere(self):
        with Server(self.folder) as server:
            here = f"127.0.0.1:{server.port}"
            answer = [{"id": "1", "label": "a"}]
            for path in ("/", "/api/state", "/api/next", "/api/export", "/api/images/1", "/label.js"):
                self.refused(server, 401, "GET", path, token=None)
                self.refused(server, 401, "GET", path, token="wrong-token-0123456789")
                self.refused(server, 421, "GET", path, headers={"Host": "evil.example"})
                self.refused(server, 421, "GET", path, headers={"Host": f"evil.example:{server.port}"})
                self.refused(server, 421, "GET", path, headers={"Host": "127.0.0.1"})
                self.refused(server, 403, "GET", path, headers={"Origin": "http://evil.example"})
                self.refused(server, 403, "GET", path, headers={"Origin": "null"})
            self.refused(server, 401, "GET", "/?token=guess")
            self.refused(server, 403, "GET", "/api/state", headers={"Sec-Fetch-Site": "cross-site"})
            self.refused(server, 403, "POST", "/api/answers", body=answer, headers={"Origin": f"http://evil.example:{server.port}"})
            self.refused(server, 401, "POST", "/api/answers", body=answer, token=None)
            for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
                self.refused(server, 415, "POST", "/api/answers", body=answer, headers={"Content-Type": kind})
            for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"):
                self.refused(server, 405, method, "/api/state")
            self.assertEqual(server.get("/api/state")["answers"], 0)
            good = {"Origin": f"http://{here}", "Sec-Fetch-Site": "same-origin"}
            self.assertEqual(server.request("POST", "/api/answers", body=answer, headers=good)[0], 200)
            self.assertEqual(server.request("GET", "/api/state", headers={"Host": f"localhost:{server.port}"})[0], 200)

    def test_the_token_goes_into_a_cookie(self):
        with Server(self.folder) as server:
            status, page, headers = server.request("GET", f"/?token={TOKEN}", token=None)
            self.assertEqual(status, 200)
            cookie = headers["Set-Cookie"]
            self.assertIn("HttpOnly", cookie)
            self.assertIn("SameSite=Strict", cookie)
            status, page, _ = server.request("GET", "/", token=None, headers={"Cookie": cookie.split(";")[0]})
            self.assertEqual(status, 200)
            self.assertIn(b"Goldpan", page)
            self.assertNotIn(TOKEN.encode(), page)

    def test_ids_are_never_paths(self):
        secret = self.folder / "secret.jpg"
        secret.write_text("secret")
        with Server(self.folder) as server:
            for id_ in ("..", "../secret.jpg", "%2e%2e%2fsecret.jpg", "..%2f..%2fetc%2fpasswd", "/etc/passwd", "1/../2", "300",
                        "-1", "01", "1%00", "99999999999999999999", "folder/0001.jpg", "a", ""):
                status, body, _ = server.request("GET", "/api/images/" + id_)
                self.assertEqual(status, 404, id_)
                self.assertNotIn(b"secret", body)
                status, body, _ = server.request("POST", "/api/answers", [{"id": id_, "label": "a"}])
                self.assertEqual(status, 400, id_)
            for path in ("/../secret.jpg", "/label.js/../../secret.jpg", "/session/answers.db", "/%2e%2e/secret.jpg"):
                self.assertEqual(server.request("GET", path)[0], 404, path)

    def test_bodies_that_are_wrong(self):
        with Server(self.folder) as server:
            for body in ("", "{", "{}", "[1]", "[[]]", '[{"id":1,"label":"a"}]', '[{"id":"1"}]', '[{"id":"1","label":"z"}]',
                         '[{"id":"1","label":"a","skip":true}]', '[{"id":"1","label":["a"]}]', "[" * 100000,
                         '[{"id":"1","label":"a","note":"%s"}]' % ("x" * 3000), '[{"id":"1","label":"a","who":"\\u0000"}]',
                         json.dumps([{"id": "1", "label": "a"}] * 1001), '[{"id":"1","label":"a","who":"\xff"}]'.encode("latin1")):
                status, answer, _ = server.request("POST", "/api/answers", body)
                self.assertEqual(status, 400, (body[:60], answer))
            self.refused(server, 415, "POST", "/api/answers", body="[]", headers={"Content-Encoding": "gzip"})
            for query in ("count=-1", "count=x", "count=100000", "who=" + "x" * 100):
                self.assertEqual(server.request("GET", "/api/next?" + query)[0], 400, query)
            self.assertEqual(server.get("/api/state")["answers"], 0)

    def raw(self, server, data, timeout=20):
        """Sends bytes; returns what comes back until the server closes."""
        with socket.create_connection(("127.0.0.1", server.port), timeout=timeout) as connection:
            connection.sendall(data)
            answer = b""
            while True:
                try:
                    part = connection.recv(65536)
                except (ConnectionResetError, socket.timeout):
                    break
                if not part:
                    break
                answer += part
            return answer

    def test_a_gigabyte_is_not_read(self):
        with Server(self.folder) as server:
            head = (f"POST /api/answers HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {TOKEN}\r\n"
                    "Content-Type: application/json\r\n")
            self.assertIn(b" 413 ", self.raw(server, (head + f"Content-Length: {1 << 30}\r\n\r\n").encode()))
            self.assertIn(b" 415 ", self.raw(server, (head + "Transfer-Encoding: chunked\r\n\r\n").encode()))
            self.assertIn(b" 411 ", self.raw(server, (head + "\r\n").encode()))
            # Headers without end, too, find theirs.
            with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\n")
                sent = 0
                try:
                    while sent < 1 << 27:
                        connection.sendall(b"X-Filler: " + b"x" * 4000 + b"\r\n")
                        sent += 4012
                except OSError:
                    pass
                self.assertLess(sent, 1 << 25)
            self.assertEqual(server.get("/api/state")["answers"], 0)

    def test_labelling_goes_on_beside_500_silent_connections(self):
        with Server(self.folder) as server:
            slow = []
            try:
                for i in range(500):
                    connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
                    if i % 2:
                        connection.sendall(b"POST /api/answers HTTP/1.1\r\nContent-Le")
                    slow.append(connection)
                begin = time.monotonic()
                with concurrent.futures.ThreadPoolExecutor(4) as pool:
                    list(pool.map(lambda i: server.post("/api/answers", [{"id": str(i), "label": "a"}]), range(100)))
                seconds = time.monotonic() - begin
                self.assertEqual(server.get("/api/state")["labelled"], 100)
                print(f"100 answers beside 500 silent connections: {seconds:.2f} s", file=sys.stderr)
            finally:
                for connection in slow:
                    connection.close()

    def test_exposing_must_be_meant(self):
        self.fails("--yes-expose", "label", "--from", self.folder, "--classes", "a,b", "--host", "0.0.0.0")
        self.fails("is too short", "label", "--from", self.folder, "--classes", "a,b", "--token", "short",
                   "--session", self.folder / "s2")
        self.fails("expected two or more", "label", "--from", self.folder, "--classes", "a", "--session", self.folder / "s3")


if __name__ == "__main__":
    main()
