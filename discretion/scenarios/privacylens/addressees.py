"""Whom the last action of a case goes to, read off its instruction and its vignette."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from discretion.scenarios.privacylens.lexicon import lexicon
from discretion.scenarios.privacylens.names import EMAIL, is_person, proper_names, same_person, spelled_name
from discretion.scenarios.privacylens.records import Case

__all__ = ["ADDRESSEE", "GROUPISH", "OPENINGS", "Person", "addressees_of", "channel_of"]

ADDRESSEE: Final = "addressee"
"""The id of whom the last action goes to; further ones are `addressee-2` and so on."""

OPENINGS: Final = lexicon("openings")
"""Words that begin a sentence and are no name."""

GROUPISH: Final = re.compile(r"group|team|chat|club|circle|family|squad|committee|everyone|channel|hub", re.IGNORECASE)
"""What a sender is called that is a chat of several people."""

_HANDLE: Final = re.compile(r"(?<![\w.])@([A-Za-z][\w.-]*\w)")
_QUOTED: Final = re.compile(r'"([^"]{2,80})"')
_NAMED_GROUP: Final = re.compile(
    r"((?:[A-Z][\w&'’-]*\s)+(?:Group|Forum|Circle|Club|Hub|Syndicate|Network)(?:\sGroup)?)\b"
    r"|((?:[A-Z][\w&'’-]*\s)+)(?:\w+ )?(?:group|channel|chat|forum|circle|team)\b"
)
_HASH: Final = re.compile(r"#[\w-]+")
_KIN: Final = re.compile(
    r"\bmy (?:\w+ )?((?:step-?)?(?:mom|mother|dad|father|sister|brother|wife|husband|grandma|grandpa)(?:-in-law)?"
    r"|boss|manager|landlord|roommate|sibling|neighbor|partner|professor|advisor|coworker|supervisor|boyfriend|girlfriend)\b",
    re.IGNORECASE,
)
_GROUP: Final = re.compile(
    r"\b(members?|groups?|classmates|colleagues|coworkers|co-workers|staff|teams?|followers|friends list|visitors"
    r"|audience|committee|entire|all|participants|students|public|everyone|common friends|other friends|alumni"
    r"|friends of|extended family|forum|acquaintances|channel|employees|parents|community)\b",
    re.IGNORECASE,
)
_ONE: Final = re.compile(
    r"(?:^| )member$|^(?:an?|the|one|another) (?!.*\b(?:group|audience|public|platform)\b(?! of the| member)).*"
    r"\b(?:member of|friend|relative|acquaintance|stranger|person|worker|parent|patient|client|contractor|editor)\b",
    re.IGNORECASE,
)
_SERVICES: Final = lexicon("services")


class Person(NamedTuple):
    """Somebody, before they are a cast member."""

    id: str
    name: str
    email: str = ""
    handle: str = ""
    is_group: bool = False


def channel_of(tool: str) -> str:
    """Return the kind of channel that a last action uses: `mail`, `messenger`, `slack`, `facebook`, or empty."""
    for prefix, channel in (
        ("Gmail", "mail"),
        ("Messenger", "messenger"),
        ("Slack", "slack"),
        ("Facebook", "facebook"),
    ):
        if tool.startswith(prefix):
            return channel
    return ""


def addressees_of(case: Case) -> tuple[tuple[Person, ...], str]:
    """Return whom the last action goes to, and the name of its chat, channel or page (empty for people)."""
    instruction = re.split(r"\bYou can (?:check|assess)|\bCheck out", case.trajectory.user_instruction)[0]
    said = case.vignette.data_recipient_concrete.strip().rstrip(".")
    user = case.trajectory.user_name
    told = [name.text for name in proper_names(said, OPENINGS) if not same_person(name.text, user)]
    person = next((name for name in told if is_person(name)), "")
    addressee = _addressee(instruction, user)
    channel = channel_of(case.trajectory.final_action)
    if channel == "facebook":
        return (Person(ADDRESSEE, _described(said), is_group=True),), _group_name(instruction) or "My timeline"
    grouped = not person and not _ONE.search(said) and bool(_GROUP.search(f"{said} {case.seed.data_recipient}"))
    emails = [email for email in EMAIL.findall(case.trajectory.user_instruction) if email != case.trajectory.user_email]
    if channel == "mail" or (emails and not grouped):
        return tuple(_addressed(instruction, emails, person, said, user, grouped)), ""
    in_group = re.search(r"(?<!support )\b(?:group|channel|hub)\b", instruction, re.IGNORECASE) or re.search(
        r"group chat|channel", case.seed.transmission_principle
    )
    group = _group_name(instruction)
    if (in_group and (group or not is_person(addressee))) or (grouped and not is_person(addressee)):
        name = person or _described(said)
        return (Person(ADDRESSEE, name, is_group=not person),), group or "Group chat"
    name = _fuller(person, instruction) if person else addressee or _described(said)
    handle = next(iter(_HANDLE.findall(case.trajectory.user_instruction)), "")
    if person and is_person(addressee) and not same_person(addressee, person):  # story and instruction disagree
        return (Person(ADDRESSEE, addressee, handle=handle), Person(f"{ADDRESSEE}-2", name)), ""
    return (Person(ADDRESSEE, name, handle=handle),), ""


def _addressed(
    instruction: str, emails: list[str], person: str, said: str, user: str, grouped: bool
) -> Iterable[Person]:
    """The recipients of a mail: one for each address in the instruction, or one without."""
    if not emails:
        name = person and _fuller(person, instruction)
        name = name or ("" if grouped else _addressee(instruction, user)) or _described(said)
        yield Person(ADDRESSEE, name, is_group=grouped and not is_person(name))
        return
    for number, email in enumerate(dict.fromkeys(emails), 1):
        name = spelled_name(email)
        if is_person(name):
            name = _fuller(name, instruction)
        else:
            before = instruction.partition(email)[0].rstrip("( ,")
            near = [found.text for found in proper_names(before[-60:], OPENINGS)]
            adjacent = near[-1] if near and before.endswith(near[-1]) else ""
            name = (person and _fuller(person, instruction)) or adjacent or _described(said)
        identifier = ADDRESSEE if number == 1 else f"{ADDRESSEE}-{number}"
        yield Person(identifier, name, email, is_group=not is_person(name))


def _addressee(instruction: str, user: str) -> str:
    """Whom an instruction names first; services and the user do not count."""
    names = [
        name
        for name in proper_names(instruction, OPENINGS)
        if name.text.split()[0].lower() not in _SERVICES and not same_person(name.text, user)
    ]
    kin = _KIN.search(instruction)
    if kin is None:
        return names[0].text if names else ""
    for name in names:  # `my dad Frank`, `my mom's message (Evelyn Carter)`, or somebody named before
        if name.start <= kin.end() + 1 or instruction[name.start - 1] == "(":
            return name.text
    return kin[1].capitalize()


def _fuller(name: str, text: str) -> str:
    """The name as the text has it, where that says more."""
    known = [found.text for found in proper_names(text, OPENINGS) if is_person(found.text)]
    same = [other for other in known if same_person(other, name)]
    return max([name, *same], key=lambda each: (len(each.split()), each in same))


def _group_name(instruction: str) -> str:
    if quoted := _QUOTED.search(instruction):
        return quoted[1].strip(" ,.")
    if hashed := _HASH.search(instruction):
        return hashed[0]
    named = _NAMED_GROUP.search(instruction)
    if named is None:
        return ""
    words = [word for word in (named[1] or named[2]).split() if word.lower() not in OPENINGS | _SERVICES]
    return " ".join(words).removesuffix("'s")


def _described(said: str) -> str:
    """What a vignette calls somebody, without brackets and article: `An insurance claims adjuster` loses its `An`."""
    plain = re.sub(r"\s*\([^)]*\)", "", said).strip(" .,") or said.strip() or "Recipient"
    plain = re.sub(r"^(?:an?|the)\s+", "", plain, flags=re.IGNORECASE)
    return plain[:1].upper() + plain[1:120]
