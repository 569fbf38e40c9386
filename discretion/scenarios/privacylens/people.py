"""Who is in a case: the user, whom the last action goes to, whom the facts are about, and everybody else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from discretion.scenarios.cast import CastMember
from discretion.scenarios.privacylens.addressees import GROUPISH, OPENINGS, Person, addressees_of
from discretion.scenarios.privacylens.ids import escape, slug
from discretion.scenarios.privacylens.items import Item
from discretion.scenarios.privacylens.names import EMAIL, is_person, name_parts, proper_names, same_person, spelled_name
from discretion.scenarios.privacylens.records import Case
from discretion.scenarios.slots import RESERVED

__all__ = ["USER", "People", "people_of"]

USER: Final = "user"
_TAKEN: Final = frozenset({*RESERVED, "group", "timeline"})


class People:
    """The people of a case, and whom a written name, handle or address means.

    Attributes:
        user: The sender.
        recipients: Whom the last action goes to.
        group: What the chat, channel or page is called that the last action goes to; empty for a person or an address.
    """

    def __init__(self, user: Person, recipients: tuple[Person, ...], group: str) -> None:
        self.user = user
        self.recipients = recipients
        self.group = group
        self._all: dict[str, Person] = {person.id: person for person in (user, *recipients)}
        self._written: dict[str, str] = {}

    def __iter__(self) -> Iterator[Person]:
        return iter(tuple(self._all.values()))

    def __getitem__(self, person: str) -> Person:
        return self._all[person]

    def find(self, written: str) -> str | None:
        """Return the id of whom a name, handle or address means, or `None`."""
        key = written.strip().lower()
        if not key:
            return None
        if key not in self._written:
            found = self._search(written)
            if found is None:
                return None
            self._written[key] = found
        return self._written[key]

    def _search(self, written: str) -> str | None:
        addresses = {address.lower() for address in EMAIL.findall(written)}
        plain = written.strip().lstrip("@#").lower()
        for person in self._all.values():
            if addresses & {person.email.lower()} or plain in (person.handle.lower(), person.name.lower()):
                return person.id
        name = spelled_name(written)
        if addresses and not name:
            return None
        candidates = [
            person
            for person in self._all.values()
            if not person.is_group and name and same_person(person.name, name) and not self._other(person, addresses)
        ]
        exact = [person for person in candidates if name_parts(person.name) == name_parts(name)]
        chosen = exact or candidates
        return chosen[0].id if chosen else None

    def _other(self, person: Person, addresses: set[str]) -> bool:
        """Whether an address shows that somebody is another one of that name; user and recipients may have several."""
        known = person.id == self.user.id or person.id in {one.id for one in self.recipients}
        return bool(addresses and person.email and person.email.lower() not in addresses and not known)

    def named(self, name: str) -> str | None:
        """Return who is meant by a name in running text: `Ethan Thompson` is not the `Mr. Thompson` of the case."""
        for person in self._all.values():
            if not person.is_group and same_person(person.name, name):
                (first, last), (other_first, other_last) = name_parts(person.name), name_parts(name)
                target = person.id in {one.id for one in self.recipients}
                if first == other_first and not (target and other_last and last != other_last):
                    return person.id
                if person.id == self.user.id and not other_last:
                    return person.id
        return None

    def meet(self, written: str, *, name: str = "") -> str | None:
        """Return whom a text means; somebody new joins if the text is plainly a person's.

        Args:
            written: A name, handle or address.
            name: Their name, where it is known besides.
        """
        known = self.find(written)
        if known is not None:
            self._learn(known, written)
            return known
        name = name or spelled_name(written)
        if not name or not is_person(name):
            return None
        addresses = EMAIL.findall(written)
        handle = "" if addresses or is_person(written) else written.strip().lstrip("@#")
        return self.join(name, addresses[0] if addresses else "", handle)

    def join(self, name: str, email: str = "", handle: str = "", *, wanted: str = "") -> str:
        """Add somebody and return their id, the wanted one where it is free."""
        identifier = self._fresh(wanted or slug(name))
        self._all[identifier] = Person(identifier, name, email, handle)
        return identifier

    def _learn(self, identifier: str, written: str) -> None:
        """Take over an address, a handle or a longer name that was seen of somebody."""
        person = self._all[identifier]
        if person.is_group or identifier == self.user.id:
            return
        addresses, name = EMAIL.findall(written), spelled_name(written)
        longer = is_person(name) and same_person(name, person.name) and len(name.split()) > len(person.name.split())
        handle = "" if addresses or is_person(written) else written.strip().lstrip("@#")
        self._all[identifier] = person._replace(
            name=name if longer else person.name,
            email=person.email or (addresses[0] if addresses else ""),
            handle=person.handle or handle,
        )

    def _fresh(self, wanted: str) -> str:
        number, identifier = 1, wanted
        while identifier in self._all or identifier in _TAKEN:
            number += 1
            identifier = f"{wanted}-{number}"
        return identifier

    def cast(self) -> tuple[CastMember, ...]:
        """Return everybody as cast members with fixed names and addresses, no two of which are alike."""
        taken: set[str] = set()
        members: list[CastMember] = []
        for person in self._all.values():
            email = person.email or f"{slug(person.name).replace('-', '.')}@people.example"
            while email.lower() in taken:
                local, _, domain = email.partition("@")
                email = f"{local}.{len(taken)}@{domain}"
            taken.add(email.lower())
            kind = "person" if not person.is_group and is_person(person.name) else "organisation"
            if person.id == self.user.id:
                kind = "person"
            members.append(
                CastMember(
                    id=person.id,
                    kind=kind,
                    name=escape(person.name)[:200],
                    email=escape(email)[:200],
                    handle=escape(person.handle)[:200] or None,
                )
            )
        return tuple(members)


def people_of(case: Case, items: Iterable[Item]) -> People:
    """Return the people of a case: user and recipients first, then the others in the order in which they occur."""
    trajectory = case.trajectory
    user = Person(USER, trajectory.user_name, trajectory.user_email, "")
    recipients, group = addressees_of(case)
    people = People(user, recipients, group)
    for item in items:
        if item.kind == "contact":
            people.meet(item.sender or item.title, name=item.title if item.sender else "")
        met = people.meet(item.sender)
        if met is None and item.kind in ("message", "slack") and item.sender and not GROUPISH.search(item.sender):
            people.join(item.sender.lstrip("@"), handle=item.sender.lstrip("@"))  # a firm, a service, a pseudonym
        for written in (*item.to, *item.cc):
            people.meet(written)
        if item.kind == "slack" and item.place.startswith("@"):
            people.meet(item.place)
        if item.kind == "profile" and item.ref.startswith("@"):
            fields = dict(re.findall(r"^\s*(first_name|last_name|email): (.+)$", item.text, re.MULTILINE))
            people.meet(item.ref)
            people.meet(
                fields.get("email", ""), name=f"{fields.get('first_name', '')} {fields.get('last_name', '')}".strip()
            )
    for fact in trajectory.sensitive_info_items:
        for name in proper_names(fact, OPENINGS):
            if is_person(name.text) and people.named(name.text) is None:
                people.join(name.text)
    return people
