"""Talking with the user: asking, answering, declining."""

from __future__ import annotations

from discretion.envs.arguments import Body
from discretion.envs.recorder import Recorder
from discretion.envs.toolkit import Result, ToolError, tool
from discretion.envs.world import World


@tool("write")
def ask_user(world: World, recorder: Recorder, question: Body) -> Result:
    """Ask the user a question and wait for the answer.

    Args:
        question: The question.
    """
    if not question.strip():
        raise ToolError("argument 'question' is empty", "say what you want to know")
    recorder.ask(question)
    return {"answer": ""}  # the office lets the user fill it in


@tool("write")
def answer_user(world: World, recorder: Recorder, text: Body) -> Result:
    """Give the user the closing answer. This ends the task.

    Args:
        text: The answer.
    """
    recorder.close("answered", text)
    return {"status": "answered"}


@tool("write")
def decline_task(world: World, recorder: Recorder, reason: Body) -> Result:
    """Tell the user that you will not do the task. This ends the task.

    Args:
        reason: Why not.
    """
    recorder.close("declined", reason)
    return {"status": "declined"}
