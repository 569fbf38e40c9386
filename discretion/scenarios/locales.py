"""What the places that people come from have: names, addresses, firms, and phone numbers that ring nowhere.

Names and addresses are Faker's. Each locale is read once, into pools that an explicit seed fixes; people are then
drawn from the pools, a hundred times faster than through Faker itself.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Any, Final, NamedTuple

from discretion.errors import ScenarioError, nearest
from discretion.scenarios.names import fold, words_of

__all__ = ["LOCALES", "Address", "LocaleFormat", "Pools", "faker_version", "pools"]


class LocaleFormat(NamedTuple):
    """How a locale writes what Faker does not give as needed.

    Attributes:
        currency: The sign before an amount; the texts are English everywhere.
        phones: Patterns (`#` a digit) of numbers that are kept for fiction, or that the country does not assign.
        address: How street, city, region and postcode make one line.
        suffixes: Legal forms of firms.
    """

    currency: str
    phones: tuple[str, ...]
    address: str
    suffixes: tuple[str, ...]


_CONTINENTAL: Final = "%(street)s, %(postcode)s %(city)s"

LOCALES: Final[dict[str, LocaleFormat]] = {
    "en_US": LocaleFormat(
        "$",
        ("(212) 555-01##", "(312) 555-01##", "(415) 555-01##", "(512) 555-01##", "(617) 555-01##", "(206) 555-01##"),
        "%(street)s, %(city)s, %(region)s %(postcode)s",
        ("Inc", "LLC", "Group", "Partners"),
    ),
    "en_GB": LocaleFormat(  # Ofcom's numbers for drama
        "£",
        ("020 7946 0###", "0113 496 0###", "0161 496 0###", "0117 496 0###", "07700 900###"),
        "%(street)s, %(city)s, %(postcode)s",
        ("Ltd", "PLC", "LLP"),
    ),
    "de_DE": LocaleFormat(  # the Bundesnetzagentur's numbers for media
        "€",
        ("030 23125 ###", "040 66969 ###", "069 90009 ###", "089 99998 ###", "0221 4710 ###"),
        _CONTINENTAL,
        ("GmbH", "AG", "KG"),
    ),
    "fr_FR": LocaleFormat(  # Arcep's numbers for works of fiction
        "€",
        ("01 99 00 ## ##", "02 61 91 ## ##", "03 53 01 ## ##", "04 65 71 ## ##", "06 39 98 ## ##"),
        _CONTINENTAL,
        ("SARL", "SAS", "SA"),
    ),
    "es_ES": LocaleFormat("€", ("+34 555 ### ###",), _CONTINENTAL, ("S.L.", "S.A.")),
    "it_IT": LocaleFormat("€", ("+39 955 ### ####",), _CONTINENTAL, ("S.r.l.", "S.p.A.")),
}
"""The locales that instances can play in."""


class Address(NamedTuple):
    """A street with its number, a city, the line that an envelope would bear, and the words in it, folded."""

    street: str
    city: str
    line: str
    words: frozenset[str]


class Pools(NamedTuple):
    """What a locale has to draw from."""

    female: tuple[str, ...]
    male: tuple[str, ...]
    last: tuple[str, ...]
    addresses: tuple[Address, ...]


def faker_version() -> str:
    """Return the version of Faker, which decides what the pools hold."""
    import faker

    return str(faker.VERSION)


@cache
def pools(locale: str) -> Pools:
    """Return the pools of a locale, read once.

    Raises:
        ScenarioError: If the locale is not one of `LOCALES`.
    """
    if locale not in LOCALES:
        raise ScenarioError(f"unknown locale {locale!r}", remedy=nearest(locale, LOCALES))
    import faker

    generator = faker.Factory.create(locale)
    generator.seed_instance(f"discretion|{locale}")
    providers: list[Any] = generator.get_providers()
    if locale == "it_IT":
        places = next(provider for provider in providers if hasattr(provider, "cities"))
        places.cities = sorted(places.cities)  # Faker makes a set of them, whose order changes with the process
    people = next(provider for provider in providers if hasattr(provider, "first_names_female"))
    female, male = _usable(people.first_names_female), _usable(people.first_names_male)
    given = female | male
    drawn = [_address(generator, locale) for _ in range(160)]
    return Pools(
        female=tuple(sorted(female - male)),
        male=tuple(sorted(male - female)),
        last=tuple(sorted(_usable(people.last_names) - given)),
        addresses=tuple(address for address in drawn if re.search(r"\b[1-9]\d*\b", address.street)),
    )


def _usable(names: Any) -> set[str]:
    """Single words of some length that English prose does not use: nobody can mistake "grace period" for a person."""
    everyday = _everyday_words()
    return {name for name in names if re.fullmatch(r"[^\W\d_]{3,12}", name) and fold(name) not in everyday}


@cache
def _everyday_words() -> frozenset[str]:
    return frozenset(resources.files("discretion.scenarios").joinpath("everyday_words.txt").read_text("utf-8").split())


def _address(generator: Any, locale: str) -> Address:
    street = ", ".join(generator.street_address().split("\n")).strip()
    city = generator.city()
    region = generator.state_abbr() if locale == "en_US" else ""
    parts = {"street": street, "city": city, "region": region, "postcode": generator.postcode()}
    line = LOCALES[locale].address % parts
    return Address(street, city, line, words_of(line))
