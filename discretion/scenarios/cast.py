"""Who is there: cast members of a template, and the actors that an instance makes of them."""

from __future__ import annotations

from typing import Literal

from discretion.scenarios.base import Name, Record, Slug
from discretion.scenarios.flows import PUBLIC, RoleText

__all__ = ["PUBLIC_ACTOR", "Actor", "CastMember", "Channel", "ChannelKind"]

ChannelKind = Literal["mail_list", "chat_channel", "calendar", "crm", "notebook", "feed"]


class CastMember(Record):
    """A slot for a person or an organisation; what is not given is drawn.

    Attributes:
        id: Its name inside the scenario; texts say `{id.first}`, `{id.email}`, `{id.phone}`.
        kind: Organisations have a name and addresses, and no first name.
        gender: Drawn where not given.
        roles: `context.role` or `context.role of actor`.
        household: People of one household share surname and address.
        firm: People of one firm share its name and mail domain.
        confusable_with: Another member whose first name this one shall share; nobody else's names are alike.
        name, email, phone, handle, title: Fixed values, for imported cases and organisations.
        listed: Whether the directory shows them.
    """

    id: Slug
    roles: tuple[RoleText, ...] = ()
    kind: Literal["person", "organisation"] = "person"
    gender: Literal["female", "male"] | None = None
    household: Slug | None = None
    firm: Slug | None = None
    confusable_with: Slug | None = None
    name: Name | None = None
    email: Name | None = None
    phone: Name | None = None
    handle: Name | None = None
    title: Name | None = None
    listed: bool = True


class Actor(Record):
    """A person or an organisation of an instance, with everything that an address book holds."""

    id: Slug
    roles: tuple[RoleText, ...] = ()
    kind: Literal["person", "organisation"] = "person"
    gender: Literal["female", "male"] | None = None
    name: Name
    first: str = ""
    last: str = ""
    email: str = ""
    phone: str = ""
    handle: str = ""
    street: str = ""
    city: str = ""
    address: str = ""
    title: str = ""
    firm: str = ""
    listed: bool = True


PUBLIC_ACTOR = Actor(id=PUBLIC, roles=("public.anyone",), name="anyone", listed=False)


class Channel(Record):
    """Something several people can see: a list, a chat channel, a shared calendar, the CRM, a notebook, a feed.

    Attributes:
        id: Its name inside the scenario; texts say `{id.name}`, of a mail list also `{id.address}`.
        kind: What it is.
        name: What it is called in the tools (`#sales`, `All staff`).
        address: A mail list's address.
        members: Actors who see what is put there; `public` for anybody.
        owner: For a calendar, whose it is.
    """

    id: Slug
    kind: ChannelKind
    name: Name
    address: str = ""
    members: tuple[Slug, ...] = ()
    owner: Slug | None = None
