"""Measures episodes in flight: a thousand at once against a server that takes a fixed 200 ms for every answer.

    python benchmarks/in_flight.py                            # 1,000 in flight, 3,000 episodes
    python benchmarks/in_flight.py --flying 200 --episodes 600

The server speaks HTTP on loopback, in a process of its own, and drives a short task: it has the agent look twice, then
answer. The ideal is a client that costs no time: rounds of answers times the delay. Printed beside it are the time that
it took, the CPU time of a request, and the memory that the run added. The design wants to be within 10% of the ideal.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import multiprocessing
import resource
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flying", type=int, default=1000, help="episodes in flight")
    parser.add_argument("--episodes", type=int, default=3000)
    parser.add_argument("--delay", type=float, default=0.2, help="of each answer, in seconds")
    asked = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard > 0 else soft, hard))
    context = multiprocessing.get_context("spawn")
    listen, tell = context.Pipe(duplex=False)
    server = context.Process(target=serve, args=(tell, asked.delay), daemon=True)
    server.start()
    scenario = load_scenarios("office")[0]
    twins = 2 if scenario.sibling else 1
    suite = Suite([scenario], seeds=range(math.ceil(asked.episodes / twins)))
    agent = f"openai:m@http://127.0.0.1:{listen.recv()}/v1"
    with tempfile.TemporaryDirectory() as folder:
        play(Suite([scenario], range(10)), resolve(agent), Path(folder, "warm.run"))
        before, cpu, start = mebibytes(), time.process_time(), time.perf_counter()
        found = play(suite, resolve(agent, concurrency=asked.flying), Path(folder, "in-flight.run"))
        wall, cpu, after = time.perf_counter() - start, time.process_time() - cpu, mebibytes()
    server.terminate()
    ideal = math.ceil(found.n / asked.flying) * TURNS * asked.delay
    table = Table(
        title=f"{found.n:,} episodes of {TURNS} turns, {asked.flying:,} in flight, {asked.delay:g} s an answer"
    )
    for column in ("ideal s", "wall s", "wall / ideal", "CPU ms a request", "MiB added", "scored"):
        table.add_column(column, justify="right")
    requests = found.n * TURNS
    row = (f"{ideal:.2f}", f"{wall:.2f}", f"{wall / ideal:.2f}", f"{1000 * cpu / requests:.2f}")
    table.add_row(*row, f"{after - before:.0f}", f"{found.scored:,}")
    Console().print(table)


if __name__ == "__main__":
    main()
