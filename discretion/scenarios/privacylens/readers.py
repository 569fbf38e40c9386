"""Reads the items out of observations: one shape of observation a function.

What has another shape becomes a note, so that nothing is lost.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from discretion.scenarios.privacylens.items import Item
from discretion.scenarios.privacylens.trajectory import Step

__all__ = ["items_of"]


def items_of(steps: Iterable[Step]) -> tuple[Item, ...]:
    """Return what the steps showed, each thing once: a mail's headers and its body are joined by their id."""
    found: dict[tuple[str, str], Item] = {}
    for number, step in enumerate(steps):
        for index, item in enumerate(_items(step, number)):
            key = (item.kind, item.ref)
            if not item.ref or (key in found and found[key].step == number):  # one answer does not show a thing twice
                found[(item.kind, f"{item.ref} {number}.{index}")] = item
            else:
                found[key] = _join(found[key], item) if key in found else item
    return tuple(found.values())


def _items(step: Step, number: int) -> Iterator[Item]:
    read = _READERS.get(step.tool)
    args = step.args or {}
    items = list(read(step.result, args, number)) if read and isinstance(step.result, dict) else []
    failed = isinstance(step.result, dict) and set(step.result) == {"exception"}
    if items or failed or step.tool in _ID_LISTS:
        yield from items
    elif step.observation:
        yield Item("note", "", number, f"Result of {step.tool}", step.observation)


def _join(old: Item, new: Item) -> Item:
    """Join two sightings of one thing; the later text stands unless the earlier says more."""
    texts = (new.text,) if old.text in new.text else (old.text,) if new.text in old.text else (old.text, new.text)
    joined = {field: getattr(new, field) or getattr(old, field) for field in Item._fields if field != "text"}
    return Item(**{**joined, "text": "\n".join(texts), "step": old.step})


# -- readers ---------------------------------------------------------------------------------------------------------


def _messages(result: dict[str, Any], args: dict[str, Any], step: int) -> Iterator[Item]:
    chat = _text(args.get("chat_id"))
    for entry in _entries(result, "messages", "results"):
        if "messages" in entry:
            yield from _messages(entry, args, step)
            continue
        receiver = _names(entry.get("receiver_id") or entry.get("recipient") or entry.get("to"))
        known = {"message_id", "sender_id", "receiver_id", "recipient", "to", "time", "message"}
        yield Item(
            "message",
            _text(entry.get("message_id")),
            step,
            "",
            _with_rest(_text(entry.get("message")), entry, known),
            sender=_text(entry.get("sender_id")),
            to=receiver,
            place=chat,
            at=_text(entry.get("time")),
        )


def _slack(result: dict[str, Any], args: dict[str, Any], step: int) -> Iterator[Item]:
    for entry in _entries(result, "messages"):
        yield Item(
            "slack",
            "",
            step,
            "",
            _with_rest(_text(entry.get("content")), entry, {"content", "timestamp", "in", "from", "file_id"}),
            sender=_text(entry.get("from")),
            place=_text(entry.get("in") or args.get("in")),
            at=_text(entry.get("timestamp")),
        )


def _slack_profile(result: dict[str, Any], args: dict[str, Any], step: int) -> Iterator[Item]:
    yield Item("profile", _text(args.get("user_name")), step, _text(args.get("user_name")), _lines(result))


def _notes(result: dict[str, Any], args: dict[str, Any], step: int) -> Iterator[Item]:
    for entry in _entries(result, "results"):
        text = _with_rest(_text(entry.get("content")), entry, {"id", "title", "content"})
        yield Item("note", _text(entry.get("id")), step, _text(entry.get("title")), text)


def _page(result: dict[str, Any], args: dict[str, Any], step: int) -> Iterator[Item]:
    yield Item("note", _text(args.get("page_id")), step, "", _with_rest(_text(result.get("page_content")), result))


def _edited_page(result: dict[str, Any], args: dict[str, Any], step: int) -> Iterator[Item]:
    yield Item("note", _text(args.get("page_id")), step, "", _text(args.get("new_content")))


def _mail_list(result: dict[str, Any], args: dict[str, Any], step: int) -> Iterator[Item]:
    for entry in _entries(result, "emails"):
        yield _mail_of(entry, _text(entry.get("id")), step)


def _mail(result: dict[str, Any], args: dict[str, Any], step: int) -> Iterator[Item]:
    if "subject" in result or "body" in result:
        yield _mail_of(result, _text(args.get("email_id")), step)


def _mail_of(entry: dict[str, Any], ref: str, step: int) -> Item:
    known = {"id", "subject", "from", "to", "cc", "bcc", "timestamp", "folder", "labels", "body", "attachments"}
    attached = [_text(file.get("name") or file.get("file_name")) for file in _entries(entry, "attachments")]
    body = _with_rest(_text(entry.get("body")), entry, known)
    return Item(
        "mail",
        ref,
        step,
        _text(entry.get("subject")),
        "\n".join([body, *(f"[attached: {name}]" for name in attached if name)]).strip(),
        sender=_text(entry.get("from")),
        to=_names(entry.get("to")),
        cc=(*_names(entry.get("cc")), *_names(entry.get("bcc"))),
        at=_text(entry.get("timestamp")),
    )


def _found_users(result: dict[str, Any], args: dict[str, Any], step: int) -> Iterator[Item]:
    if args.get("search_type") == "users":
        for entry in _entries(result, "results"):
            yield Item("contact", "", step, _text(entry.get("name")), "")


def _contacts(result: dict[str, Any], args: dict[str, Any], step: int) -> Iterator[Item]:
    for entry in _entries(result, "contacts"):
        fields = {key: value for key, value in entry.items() if key != "contact_id"}
        yield Item(
            "contact",
            _text(entry.get("contact_id")),
            step,
            _text(entry.get("name")),
            _lines(fields),
            sender=_text(entry.get("email")),
        )


def _events(result: dict[str, Any], args: dict[str, Any], step: int) -> Iterator[Item]:
    for entry in _entries(result, "events", "event_details"):
        known = {"id", "event_id", "event_name", "summary", "title", "content", "description", "location", "attendees"}
        known |= {"start", "end", "start_time", "end_time", "timezone"}
        yield Item(
            "event",
            _text(entry.get("event_id") or entry.get("id")),
            step,
            _text(entry.get("event_name") or entry.get("summary") or entry.get("title")),
            _with_rest(_text(entry.get("content") or entry.get("description")), entry, known),
            to=_names(entry.get("attendees")),
            at=_moment(entry.get("start_time") or entry.get("start")),
            end=_moment(entry.get("end_time") or entry.get("end")),
            spot=_text(entry.get("location")),
        )


def _posts(result: dict[str, Any], args: dict[str, Any], step: int) -> Iterator[Item]:
    owner = _text(args.get("user_id"))
    for entry in _entries(result, "posts"):
        ref = _text(entry.get("post_id"))
        text = _with_rest(_text(entry.get("content")), entry, {"post_id", "content", "comments"})
        yield Item("post", ref, step, "", text, sender=owner)
        for comment in _entries(entry, "comments"):
            text, name = _text(comment.get("content")), _text(comment.get("name") or comment.get("user_id"))
            yield Item("comment", _text(comment.get("comment_id")), step, "", text, sender=name, place=ref)


def _facebook_profile(result: dict[str, Any], args: dict[str, Any], step: int) -> Iterator[Item]:
    yield Item("profile", "facebook", step, "Facebook profile", _lines(result.get("profile", result)))


def _transcript(result: dict[str, Any], args: dict[str, Any], step: int) -> Iterator[Item]:
    meeting = _text(args.get("meeting_id"))
    said = result.get("transcript") or result.get("search_results") or result
    text = "\n".join(map(_text, said)) if isinstance(said, list) else _text(said)
    yield Item("meeting", meeting, step, f"Zoom meeting {meeting}".strip(), text)


_Reader = Callable[[dict[str, Any], dict[str, Any], int], Iterator[Item]]
_READERS: Final[dict[str, _Reader]] = {
    "FacebookManagerGetUserProfile": _facebook_profile,
    "FacebookManagerSearchPosts": _posts,
    "GmailReadEmail": _mail,
    "GmailSearchContacts": _contacts,
    "GmailSearchEmails": _mail_list,
    "GoogleCalendarReadEvents": _events,
    "GoogleCalendarSearchEvents": _events,
    "MessengerReceiveMessage": _messages,
    "MessengerSearchInChat": _messages,
    "NotionManagerEditPage": _edited_page,
    "NotionManagerReadPage": _page,
    "NotionManagerSearchContent": _notes,
    "SlackGetUserDetails": _slack_profile,
    "SlackSearchChannelOrUser": _found_users,
    "SlackSearchMessage": _slack,
    "ZoomManagerGetMeetingTranscript": _transcript,
    "ZoomManagerSearchTranscript": _transcript,
}
_ID_LISTS: Final = frozenset({"GoogleCalendarSearchEvents", "SlackSearchChannelOrUser", "ZoomManagerSearchMeetings"})
"""Tools whose observations may be bare lists of ids and names."""


# -- bits ------------------------------------------------------------------------------------------------------------


def _entries(result: dict[str, Any], *keys: str) -> list[dict[str, Any]]:
    """The objects in the first of the lists that is there."""
    for key in keys:
        value = result.get(key)
        if isinstance(value, list):
            return [entry for entry in value if isinstance(entry, dict)]
    return []


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _names(value: Any) -> tuple[str, ...]:
    """People, as written: a list, or a string with commas."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        return ()
    return tuple(name for name in map(_name, value) if name)


def _name(value: Any) -> str:
    if not isinstance(value, dict):
        return _text(value)
    name, email = _text(value.get("name")), _text(value.get("email"))
    return f"{name} <{email}>" if name and email else name or email


def _moment(value: Any) -> str:
    return _text(value.get("dateTime") or value.get("date")) if isinstance(value, dict) else _text(value)


def _lines(value: Any, indent: str = "") -> str:
    """A JSON value as lines of `key: value`."""
    if isinstance(value, dict):
        rows = []
        for key, inner in value.items():
            if isinstance(inner, (dict, list)):
                rows.append(f"{indent}{key}:\n{_lines(inner, indent + '  ')}")
            else:
                rows.append(f"{indent}{key}: {_text(inner)}")
        return "\n".join(rows)
    if isinstance(value, list):
        return "\n".join(_lines(inner, indent) for inner in value)
    return f"{indent}{_text(value)}"


def _with_rest(text: str, entry: dict[str, Any], known: set[str] | None = None) -> str:
    """The text, and as lines whatever else the entry says."""
    rest = {key: value for key, value in entry.items() if key not in (known or {"page_content"}) and value}
    return f"{text}\n{_lines(rest)}".strip() if rest else text
