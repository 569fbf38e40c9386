"""One tool call, read from JSON; and what a *convention*, a text form for calls, has to provide.

Reading never drops anything: what was plainly meant as a call and cannot be read becomes a
[`FormatError`][discretion.models.chat.FormatError] with the text as it was written.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Protocol

from discretion.models.chat import FormatError, Message, ToolCall, ToolSpec

__all__ = ["Convention", "Parsed", "call_id", "next_call", "read_call", "read_json", "read_value"]


class Parsed(NamedTuple):
    """What a text turned out to hold: the words around the calls, the calls, and what was meant as one."""

    text: str
    calls: tuple[ToolCall, ...] = ()
    errors: tuple[FormatError, ...] = ()


class Convention(Protocol):
    """A text form for tool calls.

    Attributes:
        tags: The strings that frame calls; some tokenizers hold them as special tokens.
    """

    tags: tuple[str, ...]

    def parse(self, text: str, *, first: int = 1) -> Parsed:
        """Read the calls out of a text; the first gets the id of number `first`."""
        ...

    def offer(self, tools: Sequence[ToolSpec]) -> str:
        """Return the block of a system prompt that offers tools and says how to call them."""
        ...

    def write_calls(self, calls: Sequence[ToolCall]) -> str:
        """Return calls as the model would write them."""
        ...

    def write_result(self, result: Message) -> str:
        """Return a tool message as the model is shown it."""
        ...


def call_id(number: int) -> str:
    """Return the id of a call by its place in the conversation: nine letters and digits, as some templates insist.

    >>> call_id(3)
    'call00003'
    """
    return f"call{number:05d}"


def next_call(messages: Sequence[Message]) -> int:
    """Return the number that the next call of a conversation gets, from 1."""
    return 1 + sum(len(message.tool_calls) for message in messages)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits[:20]} is too large")
    return number


# Models write raw line breaks inside strings, so control characters are let through.
_DECODER: Final = json.JSONDecoder(strict=False, parse_constant=_no_constant, parse_float=_finite)
_ARGUMENTS: Final = ("arguments", "parameters")
_NO_ARGUMENTS: Final = frozenset({"name", "function", "id", "type", "index", "call_id", "extra_content"})
"""Keys beside which a call may go without arguments."""

_SOMETHING: Final = re.compile(r"\S")
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


def read_value(text: str, start: int) -> tuple[Any, int]:
    """Read the JSON value that begins at `start`. Half a surrogate pair, which no file could hold, becomes `?`.

    Returns:
        The value, and the position after it.

    Raises:
        ValueError: One line that says what is wrong.
    """
    try:
        value, end = _DECODER.raw_decode(text, start)
        if _SURROGATE.search(text, start, end):
            value = json.loads(json.dumps(value, ensure_ascii=False).encode(errors="replace"))
    except json.JSONDecodeError as error:
        if _SOMETHING.search(text, error.pos) is None or error.msg.startswith("Unterminated string"):
            raise ValueError("cut off before the JSON ends") from None
        raise ValueError(f"not valid JSON ({error.msg} at character {error.pos - start})") from None
    except RecursionError:
        raise ValueError("not valid JSON (nested too deeply)") from None
    except ValueError as error:  # NaN, or an integer of thousands of digits
        raise ValueError(f"not valid JSON ({str(error)[:60]})") from None
    return value, end


def read_json(text: str) -> Any:
    """Read a text that is one JSON value and nothing else.

    Raises:
        ValueError: One line that says what is wrong.
    """
    start = len(text) - len(text.lstrip())
    value, end = read_value(text, start)
    if text[end:].strip():
        raise ValueError(f"not valid JSON (more text after the value at character {end - start})")
    return value


def read_call(value: Any, *, call: str, raw: str) -> ToolCall | FormatError:
    """Read a JSON value as a call: `name` with `arguments` (or `parameters`), an object or the JSON text of one.

    Args:
        value: Decoded JSON.
        call: The id that the call gets.
        raw: The text that an error keeps.

    >>> read_call({"name": "recall", "arguments": '{"query": "flat"}'}, call="call00001", raw="").arguments
    {'query': 'flat'}
    """
    if isinstance(value, dict) and isinstance(value.get("function"), dict):
        value = {**{key: value[key] for key in _ARGUMENTS if key in value}, **value["function"]}
    if not isinstance(value, dict):
        return FormatError(detail="a tool call is a JSON object with 'name' and 'arguments'", raw=raw)
    name = value.get("name") or value.get("function")
    if not isinstance(name, str) or not name.strip():
        return FormatError(detail="the tool call gives no 'name'", raw=raw)
    arguments = next((value[key] for key in _ARGUMENTS if value.get(key) is not None), None)
    if not any(key in value for key in _ARGUMENTS) and (others := value.keys() - _NO_ARGUMENTS):
        where = ", ".join(sorted(map(str, others)))[:80]
        return FormatError(detail=f"the call of {name[:80]!r} has no 'arguments' but {where}", raw=raw)
    if isinstance(arguments, str):
        try:
            arguments = read_json(arguments) if arguments.strip() else None
            if isinstance(arguments, str) and arguments.lstrip().startswith("{"):  # some encode it twice
                arguments = read_json(arguments)
        except ValueError as error:
            return FormatError(detail=f"the arguments of {name[:80]!r} are {error}", raw=raw)
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, dict):
        return FormatError(detail=f"the arguments of {name[:80]!r} are no JSON object", raw=raw)
    return ToolCall(id=call, name=name.strip(), arguments=arguments)
