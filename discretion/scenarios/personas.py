"""People for a cast: names, addresses, phones and mail that fit together, and that nobody can mix up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from discretion.errors import ScenarioError
from discretion.scenarios.cast import Actor, CastMember
from discretion.scenarios.draws import from_place, lots
from discretion.scenarios.locales import LOCALES, Address, pools
from discretion.scenarios.names import NameBook, fold, name_parts, words_of

__all__ = ["PRONOUNS", "draw_people", "fill_digits", "pronoun"]

Gender = Literal["female", "male"]

PRONOUNS: Final[dict[Gender | None, dict[str, str]]] = {
    "female": {"they": "she", "them": "her", "their": "her", "theirs": "hers"},
    "male": {"they": "he", "them": "him", "their": "his", "theirs": "his"},
    None: {"they": "they", "them": "them", "their": "their", "theirs": "theirs"},
}

_GENDERS: Final[tuple[Gender, ...]] = ("female", "male")
_PRIVATE_MAIL: Final = ("postbox.example", "inbox.example", "mymail.example")


def pronoun(actor: Actor, which: str) -> str:
    """Return the actor's form of `they`, `them`, `their` or `theirs`, with a capital where `which` has one.

    >>> pronoun(Actor(id="dana", name="Dana Weber", gender="female"), "Theirs")
    'Hers'
    """
    form = PRONOUNS[actor.gender][which.lower()]
    return form.capitalize() if which[0].isupper() else form


def fill_digits(pattern: str, number: int) -> str:
    """Return the pattern with its `#` replaced by the last digits of a number.

    >>> fill_digits("(212) 555-01##", 4207)
    '(212) 555-0107'
    """
    places = pattern.count("#")
    digits = iter(str(number).zfill(places)[-places:])
    return "".join([next(digits) if sign == "#" else sign for sign in pattern])


def draw_people(
    cast: Sequence[CastMember], *, key: str, locale: str, reserved: frozenset[str] = frozenset()
) -> tuple[Actor, ...]:
    """Draw an actor for every member of a cast.

    Members are drawn in order, each by lots of its own, so a member that is added at the end changes nobody.

    Args:
        cast: The members; fixed fields stay as they are.
        key: Names the instance: the same key gives the same people.
        locale: One of `LOCALES`.
        reserved: Folded words that no drawn name may be, such as the words of the scenario's own text.

    Raises:
        ScenarioError: If the locale has too few names for the cast.
    """
    drawing = _Drawing(cast, key, locale, reserved)
    return tuple([drawing.actor(member) for member in cast])


class _Lots(NamedTuple):
    """The numbers that decide what a member, a household or a firm gets."""

    gender: int
    first: int
    last: int
    home: int
    mail: int
    area: int
    number: int
    suffix: int


class _Identity(NamedTuple):
    """Who somebody is, before the address book knows where they are."""

    name: str
    first: str
    last: str
    gender: Gender | None
    handle: str
    mailbox: str
    domain: str
    firm: str


class _Drawing:
    """One draw of a cast, and what is shared and taken so far."""

    def __init__(self, cast: Sequence[CastMember], key: str, locale: str, reserved: frozenset[str]) -> None:
        self.cast = {member.id: member for member in cast}
        self.key = key
        self.locale = locale
        self.format = LOCALES[locale]
        self.pools = pools(locale)
        self.book = NameBook(reserved)
        self.phones = {member.phone for member in cast if member.phone}
        self.mails = {member.email for member in cast if member.email}
        self.drawn: dict[str, _Lots] = {}
        self.genders: dict[str, Gender] = {}
        self.firsts: dict[str, str] = {}
        self.surnames: dict[str, str] = {}
        self.homes: dict[str, Address] = {}
        self.firms: dict[str, tuple[str, str]] = {}
        for member in cast:
            if member.name is not None:
                self.book.take(sorted(words_of(member.name)))
                if member.household and member.kind == "person":
                    self.surnames.setdefault(member.household, name_parts(member.name)[1])

    def actor(self, member: CastMember) -> Actor:
        who = self._organisation(member) if member.kind == "organisation" else self._person(member)
        home = self._home(member)
        return Actor(
            id=member.id,
            roles=member.roles,
            kind=member.kind,
            gender=who.gender,
            name=who.name,
            first=who.first,
            last=who.last,
            email=member.email or self._mail(who.mailbox, who.domain),
            phone=member.phone or self._phone(member),
            handle=member.handle or who.handle,
            street=home.street,
            city=home.city,
            address=home.line,
            title=member.title or "",
            firm=who.firm,
            listed=member.listed,
        )

    def _person(self, member: CastMember) -> _Identity:
        gender = self._gender(member)
        mail_lot = self._lots(member.id).mail
        firm, domain = self._firm(member.firm) if member.firm else ("", _PRIVATE_MAIL[mail_lot % len(_PRIVATE_MAIL)])
        if member.name is not None:
            name, (first, last) = member.name, name_parts(member.name)
        else:
            first, last = self._first(member), self._last(member)
            name = f"{first} {last}"
        local = ".".join([part for part in (_in_address(first), _in_address(last)) if part]) or member.id
        return _Identity(name, first, last, gender, local, local, domain, firm)

    def _organisation(self, member: CastMember) -> _Identity:
        firm, domain = self._firm(member.firm or member.id)
        name = member.name or firm
        return _Identity(name, name, "", None, domain.partition(".")[0], "office", domain, firm)

    def _lots(self, what: str) -> _Lots:
        if what not in self.drawn:
            self.drawn[what] = _Lots(*lots(f"{self.key}|{what}"))
        return self.drawn[what]

    def _gender(self, member: CastMember) -> Gender:
        if member.id not in self.genders:
            self.genders[member.id] = member.gender or _GENDERS[self._lots(member.id).gender % 2]
            if member.gender is None and member.confusable_with in self.cast:
                self.genders[member.id] = self._gender(self.cast[member.confusable_with])
        return self.genders[member.id]

    def _first(self, member: CastMember) -> str:
        if member.id not in self.firsts:
            double = self.cast.get(member.confusable_with or "")
            if double is not None and double.name is not None:
                self.firsts[member.id] = name_parts(double.name)[0]
            elif double is not None and (double.id in self.firsts or double.confusable_with != member.id):
                self.firsts[member.id] = self._first(double)
            else:
                names = self.pools.female if self._gender(member) == "female" else self.pools.male
                self.firsts[member.id] = self._pick(names, self._lots(member.id).first)
        return self.firsts[member.id]

    def _last(self, member: CastMember) -> str:
        if member.household is None:
            return self._pick(self.pools.last, self._lots(member.id).last)
        if member.household not in self.surnames:
            lot = self._lots(f"household|{member.household}").last
            self.surnames[member.household] = self._pick(self.pools.last, lot)
        return self.surnames[member.household]

    def _pick(self, names: Sequence[str], lot: int) -> str:
        name = self.book.pick(names, lot)
        if name is None:
            raise ScenarioError(f"the cast needs more names than {self.locale} has", remedy="use a smaller cast")
        return name

    def _firm(self, firm: str) -> tuple[str, str]:
        """Return the firm's name and mail domain."""
        if firm not in self.firms:
            itself = [m for m in self.cast.values() if m.kind == "organisation" and (m.firm or m.id) == firm]
            name = next((member.name for member in itself if member.name), None)
            mail = next((member.email for member in itself if member.email), "")
            if name is None:
                drawn = self._lots(f"firm|{firm}")
                surname = self._pick(self.pools.last, drawn.last)
                name = f"{surname} {self.format.suffixes[drawn.suffix % len(self.format.suffixes)]}"
                site = _in_address(surname)
            else:
                site = re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-") or firm
            self.firms[firm] = (name, mail.partition("@")[2] or f"{site}.example")
        return self.firms[firm]

    def _home(self, member: CastMember) -> Address:
        place = f"household|{member.household}" if member.household else member.id
        if place not in self.homes:
            used = self.homes.values()
            for home in from_place(self.pools.addresses, self._lots(place).home):
                if self.book.names_none_of(home.words) and home not in used:
                    break
            self.homes[place] = home
            self.book.take_place(home.words)
        return self.homes[place]

    def _mail(self, mailbox: str, domain: str) -> str:
        mail, number = f"{mailbox}@{domain}", 1
        while mail in self.mails:
            number += 1
            mail = f"{mailbox}{number}@{domain}"
        self.mails.add(mail)
        return mail

    def _phone(self, member: CastMember) -> str:
        drawn = self._lots(member.id)
        pattern = self.format.phones[drawn.area % len(self.format.phones)]
        for step in range(10 ** pattern.count("#") // 2):
            phone = fill_digits(pattern, 2 * (drawn.number + step))  # odd numbers are left for facts
            if phone not in self.phones:
                self.phones.add(phone)
                return phone
        raise ScenarioError(f"the cast needs more phone numbers than {self.locale} has", remedy="use a smaller cast")


@lru_cache(maxsize=16_384)
def _in_address(name: str) -> str:
    """What a mail address makes of a name."""
    return re.sub(r"[^a-z0-9]", "", fold(name))
