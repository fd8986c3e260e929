"""Where workers run. An engine starts a `Worker` for each part, calls it, and makes it anew when it is lost."""
from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Protocol, cast

from goldpan.distributed._worker import Part, Worker

Call = tuple[str, tuple[Any, ...]]  # a method of Worker and its arguments


@dataclass(frozen=True)
class Lost:
    """In place of an answer: the worker is gone."""

    why: str


class Engine(Protocol):
    """Anything that can call a function of a `Worker` somewhere."""

    #: How many workers there is room for.
    size: int

    def start(self, parts: list[Part]) -> None: ...
    def call(self, calls: dict[int, Call]) -> Iterator[tuple[int, Any]]:
        """Calls side by side; gives each part's answer, or `Lost`, as it comes. Raises what a worker raised."""
        ...
    def restart(self, part: int) -> None: ...
    def close(self) -> None: ...


class Local:
    """Workers in this process, one after the other: for tests, and to see what the rounds themselves cost."""

    def __init__(self, workers: int | None = None, threads: int = 1) -> None:
        self.size = workers or 1

    def start(self, parts: list[Part]) -> None:
        self._parts = parts
        self.workers = [Worker(part) for part in parts]

    def call(self, calls: dict[int, Call]) -> Iterator[tuple[int, Any]]:
        for part, (method, arguments) in calls.items():
            yield part, getattr(self.workers[part], method)(*arguments)

    def restart(self, part: int) -> None:
        self.workers[part] = Worker(self._parts[part])

    def close(self) -> None:
        self.workers = []


def _serve(connection: Any, part: Part) -> None:
    worker = Worker(part)
    while (call := connection.recv()) is not None:
        method, arguments = call
        try:
            answer = ("answer", getattr(worker, method)(*arguments))
        except Exception as error:  # the caller's to raise
            answer = ("error", error)
        connection.send(answer)


class Processes:
    """Workers in processes of this machine."""

    def __init__(self, workers: int | None = None, threads: int = 1) -> None:
        self.size = workers or max(1, (os.cpu_count() or 1) // max(1, threads))

    def start(self, parts: list[Part]) -> None:
        self._parts = parts
        self.processes: list[Any] = [None] * len(parts)
        self._connections: list[Any] = [None] * len(parts)
        for part in range(len(parts)):
            self.restart(part)

    def restart(self, part: int) -> None:
        import multiprocessing

        self._end(part)
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(target=_serve, args=(there, self._parts[part]), daemon=True)
        process.start()
        there.close()
        self.processes[part], self._connections[part] = process, here

    def call(self, calls: dict[int, Call]) -> Iterator[tuple[int, Any]]:
        from multiprocessing.connection import wait

        waiting = {}
        for part, call in calls.items():
            try:
                self._connections[part].send(call)
                waiting[self._connections[part]] = part
            except OSError as error:
                yield part, Lost(f"its process ended: {error}")
        while waiting:
            for connection in wait(list(waiting)):
                part = waiting.pop(connection)
                try:
                    kind, answer = cast(Connection, connection).recv()
                except (EOFError, OSError):
                    yield part, Lost("its process ended")
                    continue
                if kind == "error":
                    raise cast(BaseException, answer)
                yield part, answer

    def _end(self, part: int) -> None:
        if self.processes[part] is not None:
            self.processes[part].kill()
            self.processes[part].join()
            self._connections[part].close()

    def close(self) -> None:
        for part in range(len(getattr(self, "processes", []))):
            self._end(part)
        self.processes = []


class RayActors:
    """Workers as Ray actors. Ray is started where it is not running yet."""

    def __init__(self, workers: int | None = None, threads: int = 1) -> None:
        try:
            import ray
        except ImportError as error:
            raise ImportError(
                "[engine] got 'ray', but Ray is not installed: pip install 'goldpan-al[ray]', or engine=\"processes\""
            ) from error
        self._ray = ray
        if not ray.is_initialized():
            ray.init(include_dashboard=False, log_to_driver=False, logging_level="warning")
        self._threads = threads
        self.size = workers or max(1, int(ray.cluster_resources().get("CPU", 1)) // max(1, threads))
        self._actor = ray.remote(Worker)
        self.actors: list[Any] = []

    def start(self, parts: list[Part]) -> None:
        self._parts = parts
        self.actors = [self._make(part) for part in parts]

    def _make(self, part: Part) -> Any:
        # Small shares of a processor: whoever asks for more workers than processors gets them.
        return self._actor.options(num_cpus=min(1, self._threads) * 0.01, max_restarts=0).remote(part)

    def restart(self, part: int) -> None:
        self._ray.kill(self.actors[part])
        self.actors[part] = self._make(self._parts[part])

    def call(self, calls: dict[int, Call]) -> Iterator[tuple[int, Any]]:
        ray = self._ray
        shared: dict[bytes, Any] = {}  # what goes to several workers goes to each machine once
        waiting: dict[Any, int] = {}
        for part, (method, arguments) in calls.items():
            sent = [self._share(shared, value) for value in arguments]
            waiting[getattr(self.actors[part], method).remote(*sent)] = part
        while waiting:
            (ready, *_), _ = ray.wait(list(waiting), num_returns=1)
            part = waiting.pop(ready)
            try:
                answer = ray.get(ready)
            except ray.exceptions.RayTaskError as error:
                cause = error.as_instanceof_cause()
                raise type(error.cause)(str(error.cause)) from cause
            except (ray.exceptions.RayActorError, ray.exceptions.ObjectLostError,
                    ray.exceptions.WorkerCrashedError) as error:
                yield part, Lost(str(error).splitlines()[0])
                continue
            yield part, answer

    def _share(self, shared: dict[bytes, Any], value: Any) -> Any:
        if not isinstance(value, bytes) or len(value) < 1 << 16:
            return value
        if value not in shared:
            shared[value] = self._ray.put(value)
        return shared[value]

    def close(self) -> None:
        for actor in self.actors:
            self._ray.kill(actor)
        self.actors = []
