"""How a toolkit is written: plain typed functions, marked read or write, grouped in one module each.

A toolkit is a module of `discretion.envs.toolkits`. Each of its tools is a function under `@tool("read")` or
`@tool("write")`:

    @tool("read")
    def read_note(world: World, note_id: str) -> Result: ...

    @tool("write")
    def share_note(world: World, recorder: Recorder, note_id: str, people: People) -> Result: ...

A read tool is handed the world and nothing else, so it has no way to disclose anything or to record a change. A write
tool is also handed the recorder, and tells it everything that it did. Both return what the agent is shown, as plain
JSON data, and refuse a request as a real service would, by raising `ToolError`. The JSON schema comes from the
signature and the Google-style docstring; arguments are validated and coerced by a Pydantic validator, compiled once.
Shared argument types are in `discretion.envs.arguments`, people and channels are looked up by
`discretion.envs.addresses`, search is in `discretion.envs.search`. A new module is named in `TOOLKITS` (and in the
scenario schema), and that is all.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from typing import Any, Final, Literal, NotRequired, TypeVar, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from discretion.errors import InputError, nearest
from discretion.models.chat import ToolSpec

__all__ = ["ALWAYS", "TOOLKITS", "Result", "Tool", "ToolError", "shown", "specs_of", "tool", "tools_of"]

TOOLKITS: Final = ("mail", "calendar", "crm", "chat", "notes", "directory", "memory")
"""The toolkits of an office, in the order in which an agent sees them."""

ALWAYS: Final = "user"
"""The toolkit that is always there: asking the user, answering, declining."""

_PRIVACYLENS: Final = ("gmail", "notion", "messenger", "slack", "facebook", "google_calendar", "zoom")
_KNOWN: Final = (*TOOLKITS, *_PRIVACYLENS, ALWAYS)
_SHOWN_ERRORS: Final = 5
_IN_JSON: Final = {"tuple_type": "Input should be a list", "dict_type": "Input should be an object"}
_NOISE: Final = frozenset({"title", "maxLength", "maxItems", "maxProperties"})

Result = dict[str, Any]
"""What a tool shows the agent: a JSON object."""

Function = TypeVar("Function", bound=Callable[..., Result])


class ToolError(Exception):
    """A request that a service refuses, told to the agent as `{"error": ..., "hint": ...}`.

    Args:
        error: What is wrong.
        hint: What the caller can do about it.
    """

    def __init__(self, error: str, hint: str = "") -> None:
        super().__init__(error)
        self.error = error
        self.hint = hint

    def as_result(self) -> Result:
        """Return the error as the agent sees it."""
        return {"error": self.error, "hint": self.hint} if self.hint else {"error": self.error}


class Tool:
    """A function that an agent can call.

    Attributes:
        name: What the agent calls it.
        writes: Whether it changes the world or tells somebody something.
        function: The plain function.
    """

    def __init__(self, function: Callable[..., Result], *, writes: bool, name: str) -> None:
        self.name = name
        self.writes = writes
        self.function = function

    def __repr__(self) -> str:
        return f"Tool({self.name!r}, {'write' if self.writes else 'read'})"

    @cached_property
    def parameters(self) -> dict[str, inspect.Parameter]:
        """The parameters that the agent fills in, without world and recorder; `from_` is `from` to the agent."""
        skipped = 2 if self.writes else 1
        named = list(inspect.signature(self.function).parameters.items())[skipped:]
        return {name.rstrip("_"): parameter for name, parameter in named}

    @cached_property
    def _keywords(self) -> tuple[str, ...]:
        """Parameters that are called like a keyword of Python."""
        return tuple(name for name, parameter in self.parameters.items() if parameter.name != name)

    @cached_property
    def _arguments(self) -> TypeAdapter[dict[str, Any]]:
        hints = get_type_hints(self.function, include_extras=True)
        fields = {
            name: hints[parameter.name] if parameter.default is parameter.empty else NotRequired[hints[parameter.name]]
            for name, parameter in self.parameters.items()
        }
        make: Any = TypedDict  # a type checker wants the fields of a TypedDict written out; these come from a signature
        arguments = make(self.name, fields)
        arguments.__pydantic_config__ = ConfigDict(extra="forbid", coerce_numbers_to_str=True)
        return TypeAdapter(arguments)

    @cached_property
    def _validate(self) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
        return self._arguments.validator.validate_python

    @cached_property
    def spec(self) -> ToolSpec:
        """The tool as an agent sees it."""
        description, about = _docstring(self.function)
        schema = _plain(self._arguments.json_schema())
        properties: dict[str, Any] = schema.get("properties", {})
        for name, parameter in self.parameters.items():
            properties[name]["description"] = about.get(parameter.name, "")
            if parameter.default is not parameter.empty:
                default = parameter.default
                properties[name]["default"] = list(default) if isinstance(default, tuple) else default
        parameters = {
            "type": "object",
            "properties": properties,
            "required": schema.get("required", []),
            "additionalProperties": False,
        }
        if "$defs" in schema:
            parameters["$defs"] = schema["$defs"]
        return ToolSpec(name=self.name, description=description, parameters=parameters, writes=self.writes)

    def check(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments validated and coerced; `None` counts as not given.

        Raises:
            ToolError: If one is missing, unknown or of the wrong type; the message names it.
        """
        if None in arguments.values():
            arguments = {name: value for name, value in arguments.items() if value is not None}
        try:
            checked = self._validate(arguments)
        except ValidationError as error:
            raise self._refusal(error) from None
        for name in self._keywords:
            if name in checked:
                checked[f"{name}_"] = checked.pop(name)
        return checked

    def _refusal(self, error: ValidationError) -> ToolError:
        problems: list[str] = []
        hint = f"{self.name} takes: {', '.join(self.parameters) or 'no arguments'}"
        found = error.errors(include_url=False, include_context=False, include_input=False)
        for problem in found[:_SHOWN_ERRORS]:
            where = shown(".".join(str(part) for part in problem["loc"]) or "arguments")
            if problem["type"] == "missing":
                problems.append(f"argument {where!r} is missing")
            elif problem["type"] == "extra_forbidden":
                problems.append(f"unknown argument {where!r} ({nearest(where, self.parameters)})")
            else:
                problems.append(f"argument {where!r}: {_IN_JSON.get(problem['type'], problem['msg'])}")
        if len(found) > _SHOWN_ERRORS:
            problems.append(f"and {len(found) - _SHOWN_ERRORS} more")
        return ToolError("; ".join(problems), hint)


_registry: dict[str, list[Tool]] = {}


def tool(kind: Literal["read", "write"], *, name: str | None = None) -> Callable[[Function], Function]:
    """Mark a function as a tool of its module's toolkit; the function itself stays as it is.

    Args:
        kind: `read` for a function of the world alone, `write` for one that is also handed the recorder.
        name: What the agent calls it, where that is not the function's own name.
    """

    def mark(function: Function) -> Function:
        toolkit = function.__module__.rpartition(".")[2]
        _registry.setdefault(toolkit, []).append(Tool(function, writes=kind == "write", name=name or function.__name__))
        return function

    return mark


@lru_cache(maxsize=256)
def tools_of(toolkits: tuple[str, ...]) -> dict[str, Tool]:
    """Return the tools of some toolkits by name, in order, those of the user at the end.

    Args:
        toolkits: Names of toolkits, as an instance lists them.

    Raises:
        InputError: If a toolkit does not exist, or two of them offer a tool of the same name.
    """
    tools: dict[str, Tool] = {}
    for toolkit in dict.fromkeys((*toolkits, ALWAYS)):
        if toolkit not in _KNOWN:
            raise InputError(f"unknown toolkit {toolkit!r}", where="toolkits", remedy=nearest(toolkit, _KNOWN))
        importlib.import_module(f"discretion.envs.toolkits.{toolkit}")
        for each in _registry[toolkit]:
            if each.name in tools:
                raise InputError(f"two toolkits offer {each.name!r}", where="toolkits", remedy="leave one of them out")
            tools[each.name] = each
    return tools


@lru_cache(maxsize=256)
def specs_of(toolkits: tuple[str, ...]) -> tuple[ToolSpec, ...]:
    """Return the tools of some toolkits as an agent sees them."""
    return tuple(each.spec for each in tools_of(toolkits).values())


def shown(text: str, limit: int = 80) -> str:
    """Return foreign text short enough to be quoted in a message.

    >>> shown("x" * 100, limit=10)
    'xxxxxxxxx…'
    """
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _plain(schema: Any) -> Any:
    """Leave out of a JSON schema what is noise to an agent: titles, and lengths, which slow constrained decoding."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _plain(value) for name, value in inner.items()} if key in ("properties", "$defs") else _plain(inner)
        for key, inner in schema.items()
        if key not in _NOISE
    }


def _docstring(function: Callable[..., Any]) -> tuple[str, dict[str, str]]:
    """Split a Google-style docstring into what the tool does and what its arguments mean."""
    head, _, rest = inspect.cleandoc(function.__doc__ or "").partition("\nArgs:\n")
    about: dict[str, str] = {}
    name = ""
    for line in rest.partition("\n\n")[0].splitlines():
        text = line.strip()
        if line.startswith("    ") and not line.startswith("     "):
            name, _, text = text.partition(": ")
        about[name] = f"{about.get(name, '')} {text}".strip()
    return " ".join(head.split()), about
