"""E-mail: search, read, send, reply, forward, drafts, lists."""

from __future__ import annotations

from typing import Final, Literal, get_args

from discretion.envs.addresses import recipients
from discretion.envs.arguments import Body, Limit, Line, People, Words
from discretion.envs.recorder import Recorder
from discretion.envs.search import find, fold, newest_first, occurs, parse_query, snippet
from discretion.envs.toolkit import Result, ToolError, shown, tool
from discretion.envs.world import World
from discretion.errors import nearest
from discretion.scenarios.content import Mail

__all__ = ["compose", "forwarded", "send"]

_FOLDERS: Final[tuple[str, ...]] = get_args(Mail.model_fields["folder"].annotation)
_FILTERS: Final = ("from", "to", "cc", "subject", "body", "in")
_LONGEST: Final = 40_000


@tool("read")
def search_mail(world: World, query: Words = "", folder: Line = "", sender: Line = "", limit: Limit = 20) -> Result:
    """Search the user's mailbox, newest first.

    Args:
        query: Words that must all occur, "quoted phrases", and from:name to:name cc:name subject:word in:folder; empty
            for all mail.
        folder: Only this folder: inbox, sent, drafts or archive; empty for all.
        sender: Only mail from this name or address.
        limit: How many results at most, 1 to 100.
    """
    folder = folder.strip().lower()
    if folder and folder not in _FOLDERS:
        raise ToolError(f"no folder is called {shown(folder)!r}", nearest(shown(folder), _FOLDERS))

    def text(mail: Mail) -> str:
        people = map(world.label, (mail.sender, *mail.to, *mail.cc))
        return "\n".join((mail.subject, mail.body, *people))

    def field(mail: Mail, name: str) -> str:
        if name in ("subject", "body"):
            return mail.subject if name == "subject" else mail.body
        refs = {"from": (mail.sender,), "to": mail.to, "cc": mail.cc}.get(name)
        return mail.folder if refs is None else "\n".join(map(world.label, refs))

    wanted = parse_query(query, _FILTERS)
    by = fold(sender).strip()
    mailbox = [
        mail
        for mail in world.mail.values()
        if (not folder or mail.folder == folder) and (not by or occurs(by, fold(world.label(mail.sender))))
    ]
    found = newest_first(find(mailbox, wanted, lambda mail: world.folded(mail, text), field), lambda mail: mail.at)
    return {
        "total": len(found),
        "results": [
            {
                "id": mail.id,
                "date": mail.at,
                "folder": mail.folder,
                "from": world.label(mail.sender),
                "to": [world.label(ref) for ref in mail.to],
                "subject": mail.subject,
                "snippet": snippet(mail.body, wanted),
            }
            for mail in found[:limit]
        ],
    }


@tool("read")
def read_mail(world: World, mail_id: Line) -> Result:
    """Read a mail.

    Args:
        mail_id: The mail's id, as search_mail gives it.
    """
    mail = _mail(world, mail_id)
    shown_mail: Result = {
        "id": mail.id,
        "date": mail.at,
        "folder": mail.folder,
        "from": world.label(mail.sender),
        "to": [world.label(ref) for ref in mail.to],
        "cc": [world.label(ref) for ref in mail.cc],
        "subject": mail.subject,
        "body": mail.body,
    }
    if mail.reply_to is not None:
        shown_mail["in_reply_to"] = mail.reply_to
    return shown_mail


@tool("write")
def send_mail(
    world: World,
    recorder: Recorder,
    to: People,
    subject: Line,
    body: Body,
    cc: People = (),
    bcc: People = (),
) -> Result:
    """Send a mail in the user's name.

    Args:
        to: Recipients: e-mail addresses, names of contacts or of mail lists.
        subject: The subject.
        body: The text.
        cc: Recipients of a copy.
        bcc: Recipients of a copy whom the others do not see.
    """
    return send(world, recorder, compose(world, recipients(world, to), subject, body, cc=cc, bcc=bcc))


@tool("write")
def reply_mail(world: World, recorder: Recorder, mail_id: Line, body: Body, reply_all: bool = False) -> Result:
    """Reply to a mail; the text replied to is not quoted.

    Args:
        mail_id: The id of the mail replied to.
        body: The text.
        reply_all: Whether to reply to its other recipients as well.
    """
    mail = _mail(world, mail_id)
    if mail.folder == "drafts":
        raise ToolError(f"{mail.id} is a draft", "send_draft sends it")
    own = mail.sender == world.user
    to = mail.to if own else (mail.sender, *(mail.to if reply_all else ()))
    reply = compose(
        world,
        tuple(dict.fromkeys(ref for ref in to if ref != world.user)),
        mail.subject if mail.subject.lower().startswith("re:") else f"Re: {mail.subject}",
        body,
        reply_to=mail.id,
    )
    copies = tuple(ref for ref in mail.cc if ref not in (world.user, *reply.to)) if reply_all else ()
    return send(world, recorder, reply.model_copy(update={"cc": copies}))


@tool("write")
def forward_mail(world: World, recorder: Recorder, mail_id: Line, to: People, comment: Body = "") -> Result:
    """Forward a mail with its whole text.

    Args:
        mail_id: The id of the mail to forward.
        to: Recipients: e-mail addresses, names of contacts or of mail lists.
        comment: A text to put above it.
    """
    mail = _mail(world, mail_id)
    body = f"{comment}\n\n{forwarded(world, mail)}" if comment else forwarded(world, mail)
    return send(world, recorder, compose(world, recipients(world, to), f"Fwd: {mail.subject}", body))


@tool("write")
def save_draft(world: World, recorder: Recorder, to: People, subject: Line, body: Body, cc: People = ()) -> Result:
    """Save a mail as a draft without sending it.

    Args:
        to: Recipients; may be empty.
        subject: The subject.
        body: The text.
        cc: Recipients of a copy.
    """
    draft = compose(world, recipients(world, to), subject, body, cc=cc)
    _store(world, recorder, draft, "create")
    return {"id": draft.id, "status": "saved as a draft"}


@tool("write")
def send_draft(world: World, recorder: Recorder, draft_id: Line) -> Result:
    """Send a draft as it is.

    Args:
        draft_id: The draft's id.
    """
    draft = _mail(world, draft_id)
    if draft.folder != "drafts":
        raise ToolError(f"{draft.id} is no draft", "search_mail with folder 'drafts' gives the drafts")
    return send(world, recorder, draft)


@tool("read")
def list_mail_lists(world: World) -> Result:
    """List the mail lists, with their addresses and members."""
    return {
        "lists": [
            {"name": channel.name, "address": channel.address, "members": [world.label(ref) for ref in channel.members]}
            for channel in world.channels.values()
            if channel.kind == "mail_list"
        ]
    }


def send(world: World, recorder: Recorder, mail: Mail) -> Result:
    """Send a composed mail: file it under `sent` and record whom it reached.

    Raises:
        ToolError: If it has no recipient.
    """
    to = (*mail.to, *mail.cc, *mail.bcc)
    if not to:
        raise ToolError("the mail has no recipient", "name at least one in 'to'")
    sent = mail.model_copy(update={"folder": "sent", "at": world.now})
    _store(world, recorder, sent, "update" if mail.id in world.mail else "create")
    recorder.disclose("mail", sent.id, to, sent.subject, sent.body)
    return {"id": sent.id, "status": "sent", "to": [world.label(ref) for ref in to]}


def forwarded(world: World, mail: Mail) -> str:
    """Return a mail as it stands in a forward: its head and its text."""
    return (
        "---------- Forwarded message ----------\n"
        f"From: {world.label(mail.sender)}\nDate: {mail.at}\nSubject: {mail.subject}\n"
        f"To: {', '.join(map(world.label, mail.to))}\n\n{mail.body}"
    )


def _mail(world: World, mail_id: str) -> Mail:
    mail = world.mail.get(mail_id)
    if mail is None:
        raise ToolError(f"no mail has the id {shown(mail_id)!r}", "search_mail gives the ids")
    return mail


def compose(
    world: World,
    to: tuple[str, ...],
    subject: str,
    body: str,
    *,
    cc: People = (),
    bcc: People = (),
    reply_to: str | None = None,
) -> Mail:
    """Make a mail from the user, still a draft.

    Raises:
        ToolError: If it is too long, or a recipient is unknown.
    """
    if len(body) > _LONGEST:
        raise ToolError(f"the mail would be longer than {_LONGEST} characters", "send less at once")
    copies, hidden = recipients(world, cc), recipients(world, bcc)
    return Mail(
        id=world.new_id("m", world.mail),
        sender=world.user,
        to=to,
        cc=tuple(ref for ref in copies if ref not in to),
        bcc=tuple(ref for ref in hidden if ref not in (*to, *copies)),
        subject=subject.strip()[:200] or "(no subject)",
        body=body,
        at=world.now,
        folder="drafts",
        reply_to=reply_to,
    )


def _store(world: World, recorder: Recorder, mail: Mail, op: Literal["create", "update"]) -> None:
    world.mail[mail.id] = mail
    after = {
        "from": mail.sender,
        "to": [*mail.to],
        "cc": [*mail.cc],
        "bcc": [*mail.bcc],
        "subject": mail.subject,
        "body": mail.body,
        "folder": mail.folder,
        "reply_to": mail.reply_to,
    }
    recorder.change(op, "mail", mail.id, after)
