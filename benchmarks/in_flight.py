"""Measures episodes in flight, up to a thousand at once, against a server that takes a fixed 200 ms for every answer.

    python benchmarks/in_flight.py                            # 16, 64, 256 and 1,000 in flight
    python benchmarks/in_flight.py --flying 200 --episodes 600

The server speaks HTTP on loopback, in a process of its own, and drives a short task: it has the agent look twice, then
answer. The ideal is a client that costs no time: rounds of answers times the delay. Printed beside it are the time that
it took, the CPU time of a request, the memory that the run added, and the floor: the CPU time that the official
client alone takes for as many requests, with nothing around it. The design wants to be
within 10% of the ideal. No client can be faster than its floor, so where that is longer, it is the limit.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import math
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from discretion.agents import AgentSource, resolve
from discretion.evals import RunSummary, Suite, run
from discretion.judges import default_judge
from discretion.scenarios import load_scenarios

TURNS = 3
"""Requests of an episode."""


def serve(tell: Connection, delay_s: float) -> None:
    """Answer chat completions, each after the delay: a tool call until the conversation has had enough turns."""
    look = {"id": "c", "type": "function", "function": {"name": "list_people", "arguments": "{}"}}
    usage = {"prompt_tokens": 900, "completion_tokens": 20, "total_tokens": 920}

    def framed(message: dict[str, object]) -> bytes:
        body = json.dumps({"id": "x", "choices": [{"index": 0, "message": message}], "usage": usage}).encode()
        return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    calls = framed({"role": "assistant", "content": None, "tool_calls": [look]})
    answer = framed({"role": "assistant", "content": "I found nothing to report."})

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                body = await reader.readexactly(length)
                await asyncio.sleep(delay_s)
                writer.write(answer if body.count(b'"role":"assistant"') >= TURNS - 1 else calls)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0, backlog=4096)
        tell.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


def play(suite: Suite, source: AgentSource, path: Path) -> RunSummary:
    """Play a suite and close the connections."""

    async def main() -> RunSummary:
        try:
            return await run(suite, source, path, judge=default_judge())
        finally:
            await source.aclose()

    return asyncio.run(main())


def mebibytes() -> float:
    """Memory of this process, now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def floor_ms(url: str, requests: int, flying: int) -> float:
    """CPU time of a request of the official client with nothing around it, in milliseconds."""
    import openai

    talk: list[Any] = [{"role": "system", "content": "x" * 800}, {"role": "user", "content": "x" * 200}]
    tool: Any = {"type": "function", "function": {"name": "list_people", "parameters": {"type": "object"}}}

    async def main() -> float:
        faster = importlib.util.find_spec("aiohttp") is not None  # as the package's own backend
        http = openai.DefaultAioHttpClient() if faster else openai.DefaultAsyncHttpxClient()
        async with openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0, http_client=http) as client:
            places = asyncio.Semaphore(flying)

            async def ask() -> None:
                async with places:
                    await client.chat.completions.create(model="m", messages=talk, tools=[tool] * 10)

            await asyncio.gather(*(ask() for _ in range(flying)))
            cpu = time.process_time()
            await asyncio.gather(*(ask() for _ in range(requests)))
            return time.process_time() - cpu

    return 1000 * asyncio.run(main()) / requests


class Measured(NamedTuple):
    """A run: how long it took, in seconds, the CPU time of it, and the MiB that it added."""

    wall: float
    cpu: float
    memory: float
    summary: RunSummary


def measure(suite: Suite, agent: str, flying: int) -> Measured:
    """Play a suite with so many episodes in flight."""
    with tempfile.TemporaryDirectory() as folder:
        before, cpu, start = mebibytes(), time.process_time(), time.perf_counter()
        found = play(suite, resolve(agent, concurrency=flying), Path(folder, "in-flight.run"))
        return Measured(time.perf_counter() - start, time.process_time() - cpu, mebibytes() - before, found)


class Flight(NamedTuple):
    """So many episodes in flight at a time, and what they took."""

    flying: int
    episodes: int
    ideal: float
    measured: Measured

    @property
    def requests(self) -> int:
        """Answers of the server."""
        return self.episodes * TURNS


def flights(flying: Sequence[int], *, episodes: int | None = None, delay: float = 0.2) -> tuple[float, list[Flight]]:
    """Return the CPU time of a request of the client alone, in milliseconds, and what each number in flight took."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard > 0 else soft, hard))
    context = multiprocessing.get_context("spawn")
    listen, tell = context.Pipe(duplex=False)
    server = context.Process(target=serve, args=(tell, delay), daemon=True)
    server.start()
    scenario = load_scenarios("office")[0]
    twins = 2 if scenario.sibling else 1
    url = f"http://127.0.0.1:{listen.recv()}/v1"
    try:
        measure(Suite([scenario], range(10)), f"openai:m@{url}", 16)  # warm
        alone = floor_ms(url, 1000, 100)
        found = []
        for many in flying:
            suite = Suite([scenario], seeds=range(math.ceil((episodes or 3 * many) / twins)))
            measured = measure(suite, f"openai:m@{url}", many)
            ideal = math.ceil(measured.summary.n / many) * TURNS * delay
            found.append(Flight(many, measured.summary.n, ideal, measured))
        return alone, found
    finally:
        server.terminate()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flying", type=int, nargs="+", default=[16, 64, 256, 1000], help="episodes in flight")
    parser.add_argument("--episodes", type=int, help="in all; three for each in flight unless given")
    parser.add_argument("--delay", type=float, default=0.2, help="of each answer, in seconds")
    asked = parser.parse_args()
    alone, found = flights(asked.flying, episodes=asked.episodes, delay=asked.delay)
    table = Table(
        title=f"episodes of {TURNS} turns, {asked.delay:g} s an answer",
        caption=f"the official client alone spends {alone:.2f} ms of CPU on a request",
    )
    columns = ("in flight", "episodes", "ideal s", "wall s", "wall / ideal", "floor s", "CPU ms a request", "MiB added")
    for column in (*columns, "scored"):
        table.add_column(column, justify="right")
    for flight in found:
        took = flight.measured
        table.add_row(
            f"{flight.flying:,}",
            f"{flight.episodes:,}",
            f"{flight.ideal:.2f}",
            f"{took.wall:.2f}",
            f"{took.wall / flight.ideal:.2f}",
            f"{flight.requests * alone / 1000:.2f}",
            f"{1000 * took.cpu / flight.requests:.2f}",
            f"{took.memory:.0f}",
            f"{took.summary.scored:,}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
