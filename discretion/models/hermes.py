"""The Hermes form of tool calls, `<tool_call>{"name": ..., "arguments": {...}}</tool_call>`, and its near relatives."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from discretion.models.chat import FormatError, Message, ToolCall, ToolSpec, tools_to_wire
from discretion.models.toolcalls import Parsed, call_id, read_call, read_value

__all__ = ["Hermes"]

_MOST: Final = 500  # a turn has a few calls; what opens more often than this is junk, and would cost time
_KEYS = "name|arguments|parameters|args|function|tool|tool_calls|type|id"
# What opens a call in other conventions: if it stands in a text, a call was meant.
_FOREIGN = (
    r"\[TOOL_CALLS\]|<\|python_tag\|>|<\|tool_calls?(?:_start)?\|>|<\|tool_calls_section_begin\|>"
    r"|<\|tool_call_begin\|>|<[｜|]tool▁calls?▁begin[｜|]>|<function_calls>|<function=|<invoke name=|\bfunctools(?=\[)"
    r"|<\|python_start\|>|<start_function_call>|<\|tool_call>|<\|channel\|>commentary to=functions"
    r"|^Action:[^\n]*\nAction Input:"
    # As tags these are none's; before JSON they are plain.
    r"|<(?:tools?|tool_calls|tool_use|function_?call|toolcall)>(?=\s*+[\[{])"
)
_FOREIGN_END: Final = re.compile(
    r"</function>|</function_calls>|</invoke>|<\|tool_call_end\|>|<｜tool▁calls▁end｜>|<\|tool_calls_section_end\|>"
    r"|</(?:tools?|tool_calls|tool_use|function_?call|toolcall)>|<end_function_call>|<tool_call\|>|<\|python_end\|>",
    re.IGNORECASE,
)
_OPENER: Final = re.compile(
    r"(?P<tag></?tool_call>)|(?P<foreign>" + _FOREIGN + r")"
    r"|(?P<fence>```[ \t]*+[a-z_]*+)"
    r"|^[ \t\ufeff\u200b]*+(?P<json>(?:\[\s*+)?\{\s*+['\"]?(?:" + _KEYS + r")['\"]?\s*+:)",
    re.IGNORECASE | re.MULTILINE,
)
_TAG: Final = re.compile(r"</?tool_call>", re.IGNORECASE)
_INTO_TAG: Final = re.compile(r"\s*(?:```[a-z_]*)?\s*", re.IGNORECASE)
_OUT_OF_TAG: Final = re.compile(r"\s*+(?:```)?+\s*+</tool_call>", re.IGNORECASE)
_SPACE: Final = re.compile(r"\s*")
_BETWEEN: Final = re.compile(r"[\s,;]*")
_EMPTY_FENCE: Final = re.compile(r"```[ \t]*+[a-z_]*+\s*+```", re.IGNORECASE)
_MEANT: Final = (
    re.compile(r"['\"]?\b(?:name|tool|function)['\"]?\s*+:"),
    re.compile(r"['\"]?\b(?:arguments|parameters|args)['\"]?\s*+:"),
)
_UNSEEN: Final = "\ufeff\u200b"
_PYTHONIC: Final = re.compile(r"\[\w+\(.*\)\]", re.DOTALL)

_OFFER: Final = """\
# Tools

You may call functions to do what the user asks. Their signatures are within <tools></tools>:
<tools>
%s
</tools>

For each call write one JSON object with the function's name and arguments within <tool_call></tool_call>:
<tool_call>
{"name": <function name>, "arguments": <arguments object>}
</tool_call>"""


class _Block(NamedTuple):
    """A stretch of text: the JSON values of its calls, or what is wrong with it, or neither where it is prose."""

    start: int
    end: int
    values: tuple[Any, ...] = ()
    problem: str = ""


class Hermes:
    """Calls as Hermes and Qwen write them.

    Tolerated beside the tags: calls in fenced JSON, calls in JSON that begins a line, lists of calls, and tags that
    are not closed.

    >>> Hermes().parse('Let me see. <tool_call>{"name": "list_people", "arguments": {}}</tool_call>')
    Parsed(text='Let me see.', calls=(ToolCall(id='call00001', name='list_people', arguments={}),), errors=())
    """

    tags: tuple[str, ...] = ("<tool_call>", "</tool_call>")

    def parse(self, text: str, *, first: int = 1) -> Parsed:
        """Read the calls out of a text; the first gets the id of number `first`."""
        words: list[str] = []
        calls: list[ToolCall] = []
        errors: list[FormatError] = []
        at = 0
        for block in _blocks(text):
            words.append(text[at : block.start])
            at = block.end
            raw = text[block.start : block.end]
            unread = FormatError(detail=f"the tool call is {block.problem}", raw=raw) if block.problem else None
            for value in block.values:
                found = read_call(value, call=call_id(first + len(calls)), raw=raw)
                if isinstance(found, ToolCall):
                    calls.append(found)
                else:
                    unread = unread or found  # one holds the whole block
            if unread is not None:
                errors.append(unread)
        if not at:
            said = text.strip()
            if _PYTHONIC.fullmatch(said):
                return Parsed("", errors=(FormatError(detail="the tool call is Python, not JSON", raw=said),))
            return Parsed(said)
        words.append(text[at:])
        said = _EMPTY_FENCE.sub("", "".join(words)).strip().strip(_UNSEEN).strip()
        return Parsed(said, tuple(calls), tuple(errors))

    def offer(self, tools: Sequence[ToolSpec]) -> str:
        """Return the block of a system prompt that offers tools and says how to call them."""
        return _OFFER % "\n".join(json.dumps(tool, ensure_ascii=False) for tool in tools_to_wire(tuple(tools)))

    def write_calls(self, calls: Sequence[ToolCall]) -> str:
        """Return calls as the model would write them."""
        bodies = (json.dumps({"name": call.name, "arguments": call.arguments}, ensure_ascii=False) for call in calls)
        return "\n".join(f"<tool_call>\n{body}\n</tool_call>" for body in bodies)

    def write_result(self, result: Message) -> str:
        """Return a tool message as the model is shown it."""
        return f"<tool_response>\n{result.content}\n</tool_response>"


def _blocks(text: str) -> Iterator[_Block]:
    """Yield the stretches that are calls, or were plainly meant as such, in order and without overlap."""
    prose = at = 0  # where the prose since the last block began, and where to look on
    for tried in itertools.count():
        opener = _OPENER.search(text, at)
        if opener is None:
            return
        if tried == _MOST:
            yield _Block(opener.start(), len(text), problem="one of too many")
            return
        if opener["foreign"]:
            block = _elsewhere(text, opener.start(), opener.end())
        elif opener["fence"]:
            block = _fenced(text, opener.start(), opener.end())
        elif opener["json"]:
            block = _bare(text, opener.start("json"), opener.end())
        elif opener["tag"][1] == "/":
            block = _stray(text, prose, opener.start(), opener.end())
        else:
            block = _tagged(text, opener.start(), opener.end())
        at = block.end
        if block.values or block.problem:
            yield block
            prose = at


def _values(text: str, start: int) -> tuple[tuple[Any, ...], int]:
    """Read the JSON objects, and the items of JSON lists, that stand one after the other from `start` on.

    Raises:
        ValueError: If no object or list begins there, or one is broken.
    """
    values: list[Any] = []
    end = at = start
    while text[at : at + 1] in ("{", "["):
        value, end = read_value(text, at)
        if isinstance(value, dict) and isinstance(value.get("tool_calls"), list):  # a whole message
            value = value["tool_calls"]
        values.extend(value if isinstance(value, list) else [value])
        at = _past(_BETWEEN, text, end)
    if not values:
        raise ValueError("empty" if end > start else "no JSON object")
    return tuple(values), end


def _tagged(text: str, start: int, inside: int) -> _Block:
    """Read what `<tool_call>` opens; where the JSON ends is where the call ends, so that a string may hold a tag."""
    problem = ""
    try:
        values, end = _values(text, _past(_INTO_TAG, text, inside))
    except ValueError as error:
        values, end, problem = (), inside, str(error)
    else:
        closing = _OUT_OF_TAG.match(text, end)
        if closing is not None:
            return _Block(start, closing.end(), values)
    following = _TAG.search(text, end)
    if following is not None and following[0].startswith("</"):
        return _Block(start, following.end(), problem=problem or "not valid JSON (more text after the object)")
    if problem:
        return _Block(start, len(text) if following is None else following.start(), problem=problem)
    return _Block(start, end, values)


def _stray(text: str, prose: int, start: int, end: int) -> _Block:
    """Read the JSON before a `</tool_call>` that nothing opened; prose where there is none."""
    opening = text.find("{", prose, start)
    if opening < 0:
        return _Block(start, end)
    try:
        values, after = _values(text, opening)
    except ValueError as error:
        return _Block(opening, end, problem=str(error))
    if after > start or text[after:start].strip():
        return _Block(opening, end, problem="closed by </tool_call> but not opened by <tool_call>")
    return _Block(opening, end, values)


def _elsewhere(text: str, start: int, inside: int) -> _Block:
    """Read what opens a call in another convention: JSON calls as such, anything else as a format error."""
    try:
        values, end = _values(text, _past(_SPACE, text, inside))
    except ValueError:
        values, end = (), inside
    if values and all(map(_is_call, values)):
        closing = _FOREIGN_END.match(text, _past(_SPACE, text, end))
        return _Block(start, end if closing is None else closing.end(), values)
    closing = _FOREIGN_END.search(text, inside)
    end = len(text) if closing is None else closing.end()
    return _Block(start, end, problem=f"in a form that is not read here ({text[start:inside].strip()})")


def _fenced(text: str, start: int, inside: int) -> _Block:
    """Read a fenced block: a call if it says so, or if it is JSON with the keys of one."""
    language = text[start:inside].strip("` \t").lower()
    certain = language in ("tool_call", "tool_calls", "tool_code")
    body = _past(_SPACE, text, inside)
    if not certain and (language not in ("", "json") or text[body : body + 1] not in ("{", "[")):
        return _Block(start, inside)
    try:
        values, end = _values(text, body)
    except ValueError as error:
        closing = text.find("```", inside)
        end = len(text) if closing < 0 else closing + 3
        meant = certain or _meant(text[body:end])
        return _Block(start, end, problem=str(error)) if meant else _Block(start, inside)
    closing = _past(_SPACE, text, end)
    end = closing + 3 if text.startswith("```", closing) else end
    return _Block(start, end, values if certain or any(map(_is_call, values)) else ())


def _bare(text: str, start: int, inside: int) -> _Block:
    """Read JSON that begins a line: a call if it has the keys of one."""
    try:
        values, end = _values(text, start)
    except ValueError as error:
        following = _OPENER.search(text, inside)
        end = len(text) if following is None else following.start()
        if following is not None and (following["tag"] or "").startswith("</"):
            end = following.end()
        return _Block(start, end, problem=str(error)) if _meant(text[start:end]) else _Block(start, inside)
    if not any(map(_is_call, values)):
        return _Block(start, end)
    return _Block(start, _past(_OUT_OF_TAG, text, end), values)


def _is_call(value: Any) -> bool:
    """Tell a call from other JSON by its keys."""
    if not isinstance(value, dict):
        return False
    if isinstance(value.get("function"), dict):
        value = {**value, **value["function"]}
    named = any(isinstance(value.get(key), str) for key in ("name", "function", "tool"))
    shown = value.get("parameters")
    if "description" in value and isinstance(shown, dict) and "properties" in shown:  # a tool that is told of
        return False
    return named and any(key in value for key in ("arguments", "parameters", "args"))


def _meant(text: str) -> bool:
    """Tell whether broken JSON has the keys of a call."""
    return all(key.search(text) for key in _MEANT)


def _past(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Return the position after `pattern`, which may match nothing."""
    match = pattern.match(text, at)
    return at if match is None else match.end()
