"""The CRM: accounts, contacts, deals, notes and activities, each seen by those whom its visibility names."""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

from discretion.envs.addresses import audience, channel_named, recipients
from discretion.envs.arguments import NO_FIELDS, Body, Fields, Line, People, Words
from discretion.envs.recorder import Recorder
from discretion.envs.search import Query, find, fold, newest_first, parse_query, snippet
from discretion.envs.toolkit import Result, ToolError, shown, tool
from discretion.envs.toolkits import mail
from discretion.envs.world import World
from discretion.errors import nearest
from discretion.scenarios.cast import ChannelKind
from discretion.scenarios.content import CrmRecord

Kind = Literal["account", "contact", "deal", "note", "activity"]

_MOST: Final = 50
_STAGES: Final = ("lead", "qualified", "proposal", "negotiation", "won", "lost")
_PREFIXES: Final = {"account": "acc", "contact": "con", "deal": "deal", "note": "cn", "activity": "act"}
_NOT_FIELDS: Final = ("id", "kind", "visibility", "body", "author")
_SEEN_BY: Final[tuple[ChannelKind, ...]] = ("crm", "mail_list", "chat_channel", "notebook", "calendar", "feed")


@tool("read")
def search_crm(world: World, query: Words = "", kind: Line = "") -> Result:
    """Search the CRM, newest first.

    Args:
        query: Words that must all occur, "quoted phrases", kind:deal, account:name, name:word, stage:word; empty for
            everything.
        kind: Only this kind: account, contact, deal, note or activity.
    """
    kind = kind.strip().lower()
    if kind and kind not in _PREFIXES:
        raise ToolError(f"the CRM has no kind {shown(kind)!r}", nearest(shown(kind), _PREFIXES))
    wanted = parse_query(query, ("kind", "account", "name", "stage"))
    found = [record for record in _found(world, wanted) if kind in ("", record.kind)]
    return {
        "total": len(found),
        "results": [{**_head(world, record), "snippet": snippet(record.body, wanted)} for record in found[:_MOST]],
    }


@tool("read")
def read_record(world: World, record_id: Line) -> Result:
    """Read a record of the CRM with the notes and activities that belong to it.

    Args:
        record_id: The record's id, as search_crm gives it.
    """
    record = _record(world, record_id)
    related = [
        {**_head(world, other), "text": other.body}
        for other in world.crm.values()
        if record.id in (other.account, other.fields.get("about")) and _visible(world, other)
    ]
    read = {**_head(world, record), "visibility": record.visibility}
    if record.body:
        read["text"] = record.body
    if related:
        read["related"] = related
    return read


@tool("write")
def create_record(
    world: World, recorder: Recorder, kind: Line, name: Line, account: Line = "", fields: Fields = NO_FIELDS
) -> Result:
    """Create an account, contact or deal; the team sees it.

    Args:
        kind: account, contact or deal.
        name: Its name.
        account: The account that it belongs to, by id or name (not for accounts).
        fields: Further fields, such as stage, amount, phone.
    """
    kind = kind.strip().lower()
    if kind not in ("account", "contact", "deal"):
        hint = "add_crm_note and log_activity write those" if kind in _PREFIXES else "choose account, contact or deal"
        raise ToolError(f"argument 'kind': {shown(kind)!r} cannot be created", hint)
    if not name.strip():
        raise ToolError("argument 'name' is empty", "give the record a name")
    if kind == "account" and account:
        raise ToolError("argument 'account': an account belongs to no account", "leave it out")
    record = CrmRecord(
        id=world.new_id(_PREFIXES[kind], world.crm),
        kind=_kind(kind),
        name=name,
        account=_account(world, account) if account else None,
        fields=_checked(world, kind, fields),
        author=world.user,
        at=world.now,
    )
    _store(world, recorder, record, "create")
    belongs = {"account": _account_of(world, record)} if record.account else {}
    text = _lines({**belongs, **record.fields})
    recorder.disclose("crm", record.id, _readers(world, record), record.name, text)
    return {"id": record.id, "status": "created"}


@tool("write")
def update_record(world: World, recorder: Recorder, record_id: Line, fields: Fields) -> Result:
    """Change fields of an account, contact or deal.

    Args:
        record_id: The record's id.
        fields: The fields to set and their new values; `name` and `account` may be among them.
    """
    record = _record(world, record_id)
    if record.kind in ("note", "activity"):
        raise ToolError(f"{record.id} is a {record.kind}; those are not changed", "add a new one")
    if not fields:
        raise ToolError("argument 'fields' is empty", "give at least one field")
    rest = {key: value for key, value in fields.items() if key not in ("name", "account")}
    changed: dict[str, Any] = {"fields": {**record.fields, **_checked(world, record.kind, rest)}}
    if "name" in fields:
        changed["name"] = fields["name"].strip()[:200] or record.name
    if "account" in fields:
        changed["account"] = _account(world, fields["account"])
    record = record.model_copy(update=changed)
    _store(world, recorder, record, "update")
    recorder.disclose("crm", record.id, _readers(world, record), record.name, _lines(fields))
    return {"id": record.id, "status": "changed"}


@tool("write")
def add_crm_note(world: World, recorder: Recorder, record_id: Line, text: Body, visibility: Line = "team") -> Result:
    """Add a note to a record.

    Args:
        record_id: The record that it is about.
        text: The note.
        visibility: Who reads it: team, private (only the user), or the name of a channel.
    """
    return _annotate(world, recorder, "note", record_id, text, visibility)


@tool("write")
def log_activity(world: World, recorder: Recorder, record_id: Line, text: Body, visibility: Line = "team") -> Result:
    """Log a call, meeting or other activity on a record.

    Args:
        record_id: The record that it is about.
        text: What happened.
        visibility: Who reads it: team, private (only the user), or the name of a channel.
    """
    return _annotate(world, recorder, "activity", record_id, text, visibility)


@tool("write")
def export_records(world: World, recorder: Recorder, query: Words, to: People) -> Result:
    """Mail all records that a search finds, with their fields and texts, to somebody.

    Args:
        query: As for search_crm.
        to: Recipients: e-mail addresses, names of contacts or of mail lists.
    """
    found = _found(world, parse_query(query, ("kind", "account", "name", "stage")))
    if not found:
        raise ToolError("the search finds no record", "try it with search_crm")
    body = "\n\n".join(_exported(world, record) for record in found)
    composed = mail.compose(world, recipients(world, to), f"CRM export: {query or 'all records'}", body)
    return {**mail.send(world, recorder, composed), "records": len(found)}


def _kind(kind: str) -> Kind:
    return next(known for known in get_args(Kind) if known == kind)


def _found(world: World, query: Query) -> list[CrmRecord]:
    """The visible records that a query finds, newest first."""

    def text(record: CrmRecord) -> str:
        account = _account_of(world, record)
        return "\n".join((record.name, record.kind, account, record.body, *record.fields.values()))

    def field(record: CrmRecord, name: str) -> str:
        if name == "account":
            return _account_of(world, record)
        return {"kind": record.kind, "name": record.name}.get(name, record.fields.get(name, ""))

    seen = (record for record in world.crm.values() if _visible(world, record))
    found = find(seen, query, lambda record: world.folded(record, text), field)
    return newest_first(found, lambda record: record.at or "")


def _head(world: World, record: CrmRecord) -> dict[str, Any]:
    head: dict[str, Any] = {"id": record.id, "kind": record.kind, "name": record.name}
    if _account_of(world, record):
        head["account"] = f"{_account_of(world, record)} ({record.account})"
    if record.fields:
        head["fields"] = record.fields
    if record.author:
        head["author"] = world.name(record.author)
    if record.at:
        head["date"] = record.at
    return head


def _exported(world: World, record: CrmRecord) -> str:
    account = {"account": _account_of(world, record)} if record.account else {}
    return f"{record.kind}: {record.name}\n{_lines({**account, **record.fields})}\n{record.body}".strip()


def _lines(fields: dict[str, str]) -> str:
    return "\n".join(f"{key}: {value}" for key, value in fields.items())


def _readers(world: World, record: CrmRecord) -> tuple[str, ...]:
    """Who reads a record, as refs: the team, a channel, or nobody but its author."""
    if record.visibility == "private":
        return ()
    if record.visibility in world.channels:
        return (record.visibility,)
    return tuple(channel.id for channel in world.channels.values() if channel.kind == "crm")


def _visible(world: World, record: CrmRecord) -> bool:
    if record.visibility == "team" or record.author in (None, world.user):
        return True
    return world.user in audience(world, _readers(world, record)).actors


def _record(world: World, record_id: str) -> CrmRecord:
    record = world.crm.get(record_id)
    if record is None or not _visible(world, record):
        raise ToolError(f"no record has the id {shown(record_id)!r}", "search_crm gives the ids")
    return record


def _account_of(world: World, record: CrmRecord) -> str:
    """The name of the account that a record belongs to, or nothing."""
    return world.crm[record.account].name if record.account in world.crm else ""


def _account(world: World, text: str) -> str:
    accounts = [record for record in world.crm.values() if record.kind == "account" and _visible(world, record)]
    for record in accounts:
        if text == record.id or fold(text).strip() == fold(record.name):
            return record.id
    names = [record.name for record in accounts]
    raise ToolError(
        f"no account is called {shown(text)!r}", nearest(shown(text), names) if names else "create the account first"
    )


def _checked(world: World, kind: str, fields: dict[str, str]) -> dict[str, str]:
    for key in fields:
        if not key.strip() or key in _NOT_FIELDS:
            raise ToolError(f"field {shown(key)!r} cannot be set", "use names such as stage, amount, phone, next_step")
    if kind == "deal" and "stage" in fields:
        used = {record.fields["stage"] for record in world.crm.values() if "stage" in record.fields}
        known = {fold(stage): stage for stage in (*_STAGES, *sorted(used))}
        stage = known.get(fold(fields["stage"]).strip())
        if stage is None:
            raise ToolError(f"unknown stage {shown(fields['stage'])!r}", f"choose one of: {', '.join(known.values())}")
        return {**fields, "stage": stage}
    return dict(fields)


def _annotate(
    world: World, recorder: Recorder, kind: Literal["note", "activity"], record_id: str, text: str, visibility: str
) -> Result:
    about = _record(world, record_id)
    if not text.strip():
        raise ToolError("argument 'text' is empty", "write what there is to say")
    seen_by = visibility.strip().lower()
    if seen_by not in ("team", "private"):
        seen_by = channel_named(world, visibility, _SEEN_BY).id
    record = CrmRecord(
        id=world.new_id(_PREFIXES[kind], world.crm),
        kind=kind,
        name=f"{kind.capitalize()} on {about.name}"[:200],
        account=about.id if about.kind == "account" else about.account,
        fields={"about": about.id},
        body=text,
        author=world.user,
        at=world.now,
        visibility=seen_by,
    )
    _store(world, recorder, record, "create")
    recorder.disclose("crm", record.id, _readers(world, record), record.name, text)
    return {"id": record.id, "status": "saved", "visibility": seen_by}


def _store(world: World, recorder: Recorder, record: CrmRecord, op: Literal["create", "update"]) -> None:
    world.crm[record.id] = record
    after = {
        **record.fields,
        "name": record.name,
        "account": record.account,
        "body": record.body,
        "visibility": record.visibility,
    }
    recorder.change(op, "crm_note" if record.kind == "note" else record.kind, record.id, after)
