"""The words of a plot: phrasings drawn by name, so that both twins say the same wherever they may."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from discretion.scenarios.flows import parse_role
from discretion.scenarios.generator.bank import Clue, Entry, RoleEntry, phrases, roles
from discretion.scenarios.generator.casting import THIRD, Casting, third_roles
from discretion.scenarios.generator.draw import Draw, holds
from discretion.scenarios.generator.lots import Lots
from discretion.scenarios.generator.skeleton import Alternative, Skeleton
from discretion.scenarios.generator.wording import brief_words, fitted, inside

__all__ = ["CLUES", "FACTS", "Voice"]

FACTS: Final = ("private", "second", "open")
"""What the facts of a plot are called."""

CLUES: Final = ("clue-a", "clue-b")
"""What the facts are called that together give the private one away."""

_SLOT: Final = re.compile(r"\{([a-z][a-z0-9_-]*)(?:\.([A-Za-z][A-Za-z_-]*)([2-9])?)?\}")
_TOLD: Final = ("told_self", "told_other", "passed")
_SPOKEN: Final = (*_TOLD, "asked", "noun")
_OWN: Final = ("who", "role", "sign", "reason")
_SIDE_BY_SIDE: Final = re.compile(r"(?<=\.told_)(self|other)\}( |\n\n)(?=\{([a-z-]+)\.told_)")
_LED: Final = (
    "I gather",
    "As far as",
    "It came up",
    "I was told",
    "By the way",
    "From what",
    "I can tell",
    "What I know",
)
"""How sentences begin that need no words before them."""
_NO_GAP: Final = re.compile(r" {2,}")
_NO_LINES: Final = re.compile(r"\n{3,}")


class Voice:
    """Fills the generator's own slots in one twin's texts; slots of people, values and days are left to the instance.

    Args:
        skeleton: With its texts.
        casting: The facts and roles.
        lots: Of the plot, the same for both twins.
        draw: Which twin.
    """

    def __init__(self, skeleton: Skeleton, casting: Casting, lots: Lots, draw: Draw) -> None:
        self._skeleton = skeleton
        self._casting = casting
        self._lots = lots
        self._draw = draw
        shared = phrases().held_out if skeleton.held_out else phrases().texts
        self._texts: Mapping[str, tuple[Alternative | str, ...]] = {**shared, **skeleton.texts}
        self._entries: dict[str, Entry] = dict(zip(FACTS, (casting.private, casting.second, casting.open), strict=True))
        clues = (skeleton.implied and casting.private.clues) or ()
        self.clues: dict[str, Clue] = dict(zip(CLUES, clues, strict=False))
        drawn = casting.base if draw.twin == "base" else casting.sibling
        self.roles: dict[str, RoleEntry] = {
            recipient.id: roles()[role] for recipient, role in zip(skeleton.recipients, drawn, strict=True)
        }
        self.told: dict[str, None] = {}
        self.kind = "mail"
        self.acting = False
        self._heard: set[str] = set()
        self._open: list[str] = []

    def tree(self, value: Any) -> Any:
        """Return a tree of texts, lists and mappings with the slots filled."""
        if isinstance(value, str):
            return self.say(value)
        if isinstance(value, dict):
            return {key: self.tree(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.tree(item) for item in value]
        return value

    def say(self, text: str) -> str:
        """Return a text with the slots filled; `told` gathers the facts that it tells."""
        if "{" not in text:
            return text
        said = _SLOT.sub(self._fill, text)
        if "  " in said:
            said = _NO_GAP.sub(" ", said)
        if "\n\n\n" in said:
            said = _NO_LINES.sub("\n\n", said)
        return said.replace(" \n", "\n").replace("\n ", "\n").strip()

    def _fill(self, slot: re.Match[str]) -> str:
        name, part, number = slot[1], slot[2], int(slot[3] or 1)
        if part is None:
            if name in self._texts:
                return self._text(name)
            special = getattr(self, f"_say_{name}", None)
            if special is not None:
                return str(special())
            if name in self._entries:
                self.told[name] = None
        elif name in self._entries or name in self.clues:
            if part in _SPOKEN:
                return inside(self._phrase(name, part, number), slot)
            self.told[name] = None
        elif part in _OWN and name in self.roles:
            return fitted(self._of_role(name, part), slot)
        return slot[0]

    def _text(self, name: str) -> str:
        if name in self._open:
            raise ValueError(f"the text {name!r} needs itself")
        among = [
            each if isinstance(each, str) else each.text
            for each in self._texts[name]
            if isinstance(each, str) or holds(each.when, self._draw)
        ]
        if not among:
            return ""
        if not self._brief:
            self._heard.add(name)
        first = self._brief and name not in self._heard
        self._open.append(name)
        said = self.say(_SIDE_BY_SIDE.sub(self._link, among[0] if first else self._lots.pick(f"text|{name}", among)))
        self._open.pop()
        return said

    @property
    def _brief(self) -> bool:
        """Whether the words are the agent's, and in one way: those that the world has heard before stay as they are."""
        return self._draw.brief and self.acting

    def _link(self, gap: re.Match[str]) -> str:
        """Lead from one fact to the next: what is told in one breath has to hang together."""
        known = gap[3] in self._entries
        lead = self._lead(f"lead_{gap[1]}", gap[3], self._phrase(gap[3], f"told_{gap[1]}")) if known else ""
        return f"{gap[1]}}}{gap[2]}{lead} "

    def _lead(self, kind: str, fact: str, said: str) -> str:
        """Return words that say what comes next, or nothing before what says so itself."""
        if self._brief or said.startswith(_LED):
            return ""
        among = [each if isinstance(each, str) else each.text for each in self._texts[kind]]
        return self._lots.pick(f"{kind}|{fact}", among).replace("{noun}", self._entries[fact].noun)

    def _phrase(self, fact: str, part: str, number: int = 1) -> str:
        """Return one of the ways to tell a fact, or to ask for it; of two numbers each gets its own."""
        entry = self.clues.get(fact) or self._entries[fact]
        if part == "noun":
            return entry.noun
        if part in _TOLD:
            self.told[fact] = None
        if part == "passed" and self._brief:
            return self._briefly(fact, entry)
        among: tuple[str, ...] = getattr(entry, part)
        place = self._lots.number(f"{part}|{fact}", len(among)) + number - 1
        return self.about("private" if fact in self.clues else fact, among[place % len(among)])

    def _briefly(self, fact: str, entry: Entry | Clue) -> str:
        """Return a fact in one way, in the form in which it is told."""
        said = next((form for form in ("{day}", *entry.forms) if form in entry.passed[0]), entry.forms[0])
        return brief_words(entry.attribute, self.about("private" if fact in self.clues else fact, said))

    def about(self, fact: str, text: str) -> str:
        """Return a text of the bank with the plot's names: `{value}`, `{short}` and `{subject.first}` filled in."""

        def fill(slot: re.Match[str]) -> str:
            name, part = slot[1], slot[2]
            if part is not None:
                return f"{{{self._skeleton.subject}.{part}}}" if name == "subject" else slot[0]
            if name in ("day", "date", "weekday") and not self._entries[fact].draw:
                return slot[0]
            return f"{{{fact}}}" if name == "value" else f"{{{fact}.{name}}}"

        return _SLOT.sub(fill, text)

    def _of_role(self, member: str, part: str) -> str:
        """Return how a role is spoken of; another role in the other twin says it in its own words."""
        role = self.roles[member]
        key = f"{part}|{member}|{role.role}"
        if part == "reason":
            return self._in_role(member, self._lots.pick(key, role.reasons))
        among = {"sign": role.signature, "who": role.who, "role": role.other}[part]
        return self._in_role(member, self._lots.pick(key, among))

    def _in_role(self, member: str, text: str) -> str:
        """Return a text of a role with the plot's names."""
        names = {"self": member, "subject": self._skeleton.subject, "user": self._skeleton.user}
        return _SLOT.sub(lambda slot: f"{{{names.get(slot[1], slot[1])}.{slot[2]}}}" if slot[2] else slot[0], text)

    def title(self, member: str) -> str | None:
        """Return the job title of somebody whose role is drawn."""
        titles = () if self.roles[member].where == "private" else self.roles[member].titles
        return self._lots.pick(f"title|{member}|{self.roles[member].role}", titles) if titles else None

    def role(self, member: str) -> str:
        """Return the drawn role with the subject's id in it."""
        role = parse_role(self.roles[member].role)
        return f"{role.context}.{role.name}" + (f" of {self._skeleton.subject}" if role.of else "")

    # -- the generator's own slots -------------------------------------------------------------------------------

    @property
    def shared(self) -> tuple[str, ...]:
        """The private facts that the plan's first message passes on."""
        proper = () if self._draw.twin == "base" else ("private",)
        if not self._draw.tempted:
            return proper
        if self._draw.brief:
            return ("private", "second")
        both = self._draw.twin == "sibling" or self._lots.number("tempted", 2)
        return ("private", "second") if both else ("private",)

    def _say_share(self) -> str:
        """What the first message says of the private facts: nothing, a polite way round, or the facts."""
        if self.shared:
            said = {fact: self._phrase(fact, "passed") for fact in self.shared}
            return " ".join(f"{self._lead('lead_share', fact, text)} {text}".strip() for fact, text in said.items())
        return self._text("withheld") if self._draw.pressure or self._brief else ""

    def _say_again(self) -> str:
        """What the second message says, to one who has asked again."""
        if self._draw.tempted:
            return f"{self._text('gladly')} {self._phrase('second', 'passed', 2)}"
        return self._text("refused")

    def _say_third(self) -> str:
        """What the one who joined in is told."""
        if self._draw.tempted:
            return f"{self._text('gladly')} {self._phrase('private', 'passed', 2)}"
        return self._text("aside")

    def _say_third_tie(self) -> str:
        """What the one who joined in is, towards the user or the subject."""
        return THIRD[self.third_role()]

    def third_role(self) -> str:
        """Return the role of the one who joins in."""
        return self._lots.pick("third", third_roles(self._casting))

    def _say_asks(self) -> str:
        """How the request asks for the private fact; by the way where nobody presses."""
        return self._phrase("private", "asked") if self._draw.pressure else self._text("open_ended")

    def _say_why(self) -> str:
        """The purpose that the user states."""
        if self._draw.twin == "sibling" and self._casting.purpose is not None:
            purpose = next(each for each in phrases().purposes if each.id == self._casting.purpose)
            return self._lots.pick("why|purpose", purpose.says)
        return self._lots.pick("why", phrases().other_purposes)

    def _say_filler(self) -> str:
        """A sentence of small talk, the likelier the more else lies around."""
        if self._lots.number("filler", 8) >= self._draw.distractors:
            return ""
        return self._text("small_talk" if self.kind in ("mail", "chat") else "margin")
