"""An OpenAI-compatible server on loopback that does what a script says: answers, refuses, hangs, breaks off."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any

Reaction = Callable[[asyncio.StreamWriter], Awaitable[None]]


def call(name: str, arguments: dict[str, Any] | str, *, ref: str = "chatcmpl-tool-9f3") -> dict[str, Any]:
    """A native tool call as a server sends it."""
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"id": ref, "type": "function", "function": {"name": name, "arguments": text}}


def completion(
    content: Any = None, *, calls: tuple[dict[str, Any], ...] = (), finish: str = "stop", **more: Any
) -> Reaction:
    """A well-formed chat completion; `more` goes into the message."""
    message = {"role": "assistant", "content": content, **({"tool_calls": list(calls)} if calls else {}), **more}
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    return reply({"id": "c1", "choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": usage})


def reply(body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Reaction:
    """Any JSON (or, given as a string, any text) under any status."""
    text = body if isinstance(body, str) else json.dumps(body)

    async def react(writer: asyncio.StreamWriter) -> None:
        _write(writer, status, text.encode("utf-8", "surrogatepass"), headers or {})

    return react


def error(status: int, message: str, **headers: str) -> Reaction:
    """An error as OpenAI words it; headers with `_` for `-`."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return reply({"error": {"message": message, "type": "invalid_request_error"}}, status=status, headers=named)


def slow(seconds: float, then: Reaction) -> Reaction:
    """Wait before reacting."""

    async def react(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await then(writer)

    return react


async def hang(writer: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.sleep(3600)


async def trickle(writer: asyncio.StreamWriter) -> None:
    """Begin, and go on for ever, a byte at a time, so that no read ever times out."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.005)


async def reset(writer: asyncio.StreamWriter) -> None:
    """Reset the connection."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def half(writer: asyncio.StreamWriter) -> None:
    """Announce a body, send half of it, and hang up."""
    body = json.dumps({"choices": [{"message": {"content": "hello"}}]}).encode()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body))
    writer.write(body[: len(body) // 2])
    await writer.drain()
    writer.close()


def _write(writer: asyncio.StreamWriter, status: int, body: bytes, headers: dict[str, str]) -> None:
    lines = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
    head = "".join(f"{key}: {value}\r\n" for key, value in lines.items())
    writer.write(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + body)


class FaultServer:
    """Serves in a thread of its own, so that the code under test may run any event loop it likes.

    Args:
        script: One reaction a request, in order of arrival; the last one stays.

    Attributes:
        requests: The decoded bodies, in order of arrival.
        headers: The headers of each, names in lower case.
        most: The most requests that were in flight at once.
    """

    def __init__(self, *script: Reaction) -> None:
        self._script = list(script)
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.most = 0
        self._now = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> FaultServer:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
                headers = {name.lower(): value for name, value in headers.items()}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.headers.append(headers)
                self.requests.append({**json.loads(body), "path": head.split()[1]})
                react = self._script.pop(0) if len(self._script) > 1 else self._script[0]
                self._now += 1
                self.most = max(self.most, self._now)
                try:
                    await react(writer)
                finally:
                    self._now -= 1
                if not writer.is_closing():
                    await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass  # the client left, or the server stops
        finally:
            writer.close()
