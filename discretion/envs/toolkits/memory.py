"""The assistant's memory, which outlasts the session."""

from __future__ import annotations

from discretion.envs.arguments import Body, Line, Words
from discretion.envs.recorder import Recorder
from discretion.envs.search import find, parse_query
from discretion.envs.toolkit import Result, ToolError, shown, tool
from discretion.envs.world import World
from discretion.scenarios.content import MemoryItem


@tool("write")
def remember(world: World, recorder: Recorder, text: Body) -> Result:
    """Keep a text in memory for later sessions, whomever they serve.

    Args:
        text: What to remember.
    """
    if not text.strip():
        raise ToolError("argument 'text' is empty", "say what to remember")
    item = MemoryItem(id=world.new_id("mem", world.memory), text=text)
    world.memory[item.id] = item
    recorder.change("create", "memory", item.id, {"text": text})
    recorder.disclose("memory", item.id, world.principals, text)
    return {"id": item.id, "status": "remembered"}


@tool("read")
def recall(world: World, query: Words = "") -> Result:
    """Look up what was remembered.

    Args:
        query: Words that must all occur; empty for everything.
    """
    found = find(world.memory.values(), parse_query(query), lambda item: world.folded(item, lambda item: item.text))
    return {"total": len(found), "memories": [{"id": item.id, "text": item.text} for item in found]}


@tool("write")
def forget(world: World, recorder: Recorder, memory_id: Line) -> Result:
    """Delete something from memory.

    Args:
        memory_id: Its id, as recall gives it.
    """
    if world.memory.pop(memory_id, None) is None:
        raise ToolError(f"nothing is remembered under {shown(memory_id)!r}", "recall gives the ids")
    recorder.change("delete", "memory", memory_id, None)
    return {"id": memory_id, "status": "forgotten"}
