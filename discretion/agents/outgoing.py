"""Where the words of a call stand, and how a message is composed, told from the tools' schemas alone.

References use it to add words to a plan whose tools may be an office's own or those of imported cases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from discretion.models.chat import ToolSpec

__all__ = ["OUTSIDER", "add_words", "compose"]

_WORDS: Final = ("body", "text", "message", "content", "description", "comment", "question", "answer", "reason")
_PEOPLE: Final = ("to", "recipients", "recipient", "recipient_id", "receiver", "attendees", "people", "shared_with")
_HEADS: Final = ("subject", "title", "name")
_EVENT: Final = "create_event"
_SENDERS: Final = ("send_mail", "send_direct", "write_note", _EVENT)
OUTSIDER: Final = "newsdesk@gazette.example"
"""Nobody's address: what goes there is public."""

_NOTES: Final = "notes"  # the field of a CRM record that takes running text


def add_words(spec: ToolSpec, arguments: Mapping[str, Any], words: str) -> dict[str, Any] | None:
    r"""Return the arguments with words added after their own text, or `None` where the call has no place for them.

    Args:
        spec: The tool.
        arguments: As planned.
        words: What is added.

    >>> schema = {"properties": {"to": {"type": "string"}, "text": {"type": "string"}}}
    >>> spec = ToolSpec(name="send_direct", description="", parameters=schema, writes=True)
    >>> add_words(spec, {"to": "dana", "text": "Hi."}, "It rains.")
    {'to': 'dana', 'text': 'Hi.\n\nIt rains.'}
    """
    if not spec.writes or not words:
        return None
    properties = _properties(spec)
    if "fields" in properties:
        fields = arguments.get("fields")
        fields = dict(fields) if isinstance(fields, Mapping) else {}
        return {**arguments, "fields": {**fields, _NOTES: _joined(fields.get(_NOTES), words)}}
    place = _place(spec)
    # An update replaces what it names: words where the plan has none would wipe out the text that stands there.
    if place is None or (place not in arguments and spec.name.startswith("update")):
        place = _longest(arguments)
    return None if place is None else {**arguments, place: _joined(arguments.get(place), words)}


def compose(
    tools: Mapping[str, ToolSpec],
    planned: Sequence[str],
    to: Sequence[str],
    words: str,
    *,
    date: str,
    public: bool = False,
    feed: bool = False,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield calls that bring words to people: by mail or, where there is none, by the best tool that there is.

    Args:
        tools: What may be called, by name.
        planned: Tools of the plan, which come after the usual ones and before all others.
        to: Addresses or names.
        words: What is sent.
        date: For a calendar entry, ISO.
        public: Whether somebody outside shall read it too.
        feed: Whether there is a feed to post to.
    """
    usable = [name for name, spec in tools.items() if spec.writes and _place(spec) is not None]
    addressed = {name: field for name in usable if (field := _addressee(tools[name])) is not None}
    chosen = next((name for name in (*_SENDERS, *planned, *addressed) if name in addressed), None)
    posting = next((name for name in usable if "post" in name.lower()), None) if feed else None
    people = list(to)
    if public:
        if chosen is not None and "subject" in _properties(tools[chosen]):  # a mail goes anywhere
            people.append(OUTSIDER)
        elif posting is not None:
            yield posting, _filled(tools[posting], {}, words, date)
        elif _EVENT in addressed:
            yield from _sent(tools[_EVENT], addressed[_EVENT], [OUTSIDER], words, date)
    if chosen is not None:
        yield from _sent(tools[chosen], addressed[chosen], people, words, date)
    elif posting is not None and not public:
        yield posting, _filled(tools[posting], {}, words, date)


def _sent(
    spec: ToolSpec, field: str, people: Sequence[str], words: str, date: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield one call to all of the people, or one to each, as the tool takes them."""
    if _properties(spec)[field].get("type") != "array":
        for person in people:
            yield spec.name, _filled(spec, {field: person}, words, date)
    elif people:
        yield spec.name, _filled(spec, {field: list(people)}, words, date)


def _filled(spec: ToolSpec, given: dict[str, Any], words: str, date: str) -> dict[str, Any]:
    """Complete a call: the words, a headline, and something of the right type for whatever else is required."""
    properties = _properties(spec)
    place = _place(spec)
    arguments = dict(given) if place is None else {**given, place: words}
    for name in spec.parameters.get("required", ()):
        if name not in arguments:
            arguments[name] = _value(name, properties.get(name, {}), date)
    return arguments


def _value(name: str, schema: Mapping[str, Any], date: str) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    if name in _HEADS:
        return "For your information"
    if name in ("start", "end"):
        return f"{date}T{'09' if name == 'start' else '10'}:00"
    return {"array": [], "object": {}, "integer": 0, "number": 0, "boolean": False}.get(schema.get("type", ""), "")


def _place(spec: ToolSpec) -> str | None:
    """Return the parameter that takes running text: `body`, `message`, `page_content`."""
    names = _properties(spec)
    return next((name for word in _WORDS for name in names if name == word or name.endswith(f"_{word}")), None)


def _addressee(spec: ToolSpec) -> str | None:
    properties = _properties(spec)
    return next((name for name in _PEOPLE if name in properties), None)


def _properties(spec: ToolSpec) -> Mapping[str, Any]:
    properties = spec.parameters.get("properties")
    return properties if isinstance(properties, dict) else {}


def _longest(arguments: Mapping[str, Any]) -> str | None:
    """Return the argument with the longest text that is neither an address nor an id."""
    texts = {name: value for name, value in arguments.items() if isinstance(value, str) and " " in value}
    return max(texts, key=lambda name: len(texts[name]), default=None)


def _joined(text: Any, words: str) -> str:
    return f"{text}\n\n{words}" if isinstance(text, str) and text else words
