"""Makes facts of the items that a case calls sensitive: whom each is about, who knows it, its surface forms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from discretion.scenarios.facts import FactTemplate
from discretion.scenarios.privacylens.attributes import FALLBACK, attribute_of
from discretion.scenarios.privacylens.forms import Setting, forms_of, is_remnant
from discretion.scenarios.privacylens.ids import escape
from discretion.scenarios.privacylens.items import Item
from discretion.scenarios.privacylens.names import is_person, is_title, proper_names, same_person
from discretion.scenarios.privacylens.people import USER, People
from discretion.scenarios.privacylens.records import Case
from discretion.scenarios.privacylens.sources import Sources
from discretion.scenarios.privacylens.words import STOP, ordinary, tokens

__all__ = ["CaseFacts", "facts_of"]

_PLAINLY: Final = 0.8
"""The share of a fact's words that one message must have for its sender to be taken as the source."""

_SENTENCE_TELLS: Final = 0.5
"""The share of a fact's words that a sentence of an observation must have to tell the whole fact, and not a part."""


class CaseFacts(NamedTuple):
    """The facts of a case, and what is odd about them, as (kind, detail)."""

    facts: tuple[FactTemplate, ...]
    attribute: str
    oddities: tuple[tuple[str, str], ...]


def facts_of(case: Case, people: People, items: Sequence[Item], sources: Sources, harmless: Sequence[str]) -> CaseFacts:
    """Make the facts of a case.

    Args:
        case: The case.
        people: Who is in it; somebody is added where the subject has no name.
        items: What the observations held.
        sources: Which items tell which fact.
        harmless: Further texts that tell nothing: what the ground-truth plan sends.
    """
    attribute = attribute_of([case.seed.data_type, case.vignette.data_type_concrete, *_statements(case)])
    oddities = [("attribute-not-mapped", case.seed.data_type)] if attribute == FALLBACK else []
    setting = _setting(case, people, items, sources, harmless)
    about = f"{case.vignette.data_type_concrete} {case.seed.data_type}"
    default = _subject(case, people)
    facts: list[FactTemplate] = []
    for number, statement in enumerate(_statements(case)):
        key = f"item-{number + 1}"
        forms = forms_of(statement, about, setting, of_names=attribute == "identity.legal_name")
        spoken = [(text, share) for text, share in sources.sentences[number] if _says_something(text, setting)]
        whole = dict.fromkeys((*forms.forms, *(text for text, share in spoken if share >= _SENTENCE_TELLS)))
        parts = dict.fromkeys((*forms.partial, *(text for text, share in spoken if share < _SENTENCE_TELLS)))
        subject = _named_subject(statement, people) or default or _subject_before(facts, people, case)
        known = [USER, *(sender for sender in _senders(number, people, items, sources) if sender != USER)]
        oddities += _oddities(key, statement, forms.reliable, subject, known, people, sources.found[number])
        facts.append(
            FactTemplate(
                id=key,
                subject=subject,
                attribute=attribute,
                statement=escape(_stated(statement, case)),
                forms=tuple(escape(text) for text in whole if not _opens_with_name(text, attribute)),
                partial=tuple(escape(text) for text in (*parts, *(t for t in whole if _opens_with_name(t, attribute)))),
                reliable=forms.reliable,
                known_to=tuple(dict.fromkeys(known)),
            )
        )
    return CaseFacts(tuple(facts), attribute, tuple(oddities))


def _says_something(sentence: str, setting: Setting) -> bool:
    content = [word for word in tokens(sentence) if word.lower() not in STOP and not setting.names(word)]
    return len(content) > 1 and not setting.says(sentence)


def _opens_with_name(text: str, attribute: str) -> bool:
    """Whether a sentence would be matched as somebody's name, its last word as the surname, were it a whole form."""
    words = text.split()
    return len(words) > 4 and (
        attribute == "identity.legal_name" or (is_person(" ".join(words[:2])) and is_title(words[0]))
    )


def _statements(case: Case) -> list[str]:
    return [item.strip() for item in case.trajectory.sensitive_info_items]


def _stated(statement: str, case: Case) -> str:
    """The item as a sentence; a bare name or word is told with what it is an example of."""
    content = [token for token in tokens(statement) if token.lower() not in STOP]
    if len(content) >= 3 and not is_remnant(statement):
        return statement
    return f"{case.vignette.data_type_concrete.strip().rstrip('.')}: {statement or 'not stated'}"


def _setting(case: Case, people: People, items: Sequence[Item], sources: Sources, harmless: Sequence[str]) -> Setting:
    """What the case says anyway: instruction, items that tell no fact, and what the recipient wrote to the user."""
    targets = {person.id for person in people.recipients}
    said = [
        item.full_text
        for index, item in enumerate(items)
        if index in sources.innocuous or (not people.group and item.sender and people.find(item.sender) in targets)
    ]
    names = [person.name for person in people]
    known = [person.name for person in (people.user, *people.recipients)]
    return Setting([case.trajectory.user_instruction, *harmless, *said], names, known=known)


def _subject(case: Case, people: People) -> str | None:
    """Whom the case says that the data is about, if that is the user or somebody with a name."""
    said = case.vignette.data_subject_concrete.strip().rstrip(".")
    targets = {person.id for person in people.recipients}
    for name in proper_names(said, ordinary()):
        found = people.named(name.text) if is_person(name.text) else None
        possessive = said[name.start + len(name.text) :].startswith(("'", "’"))
        if found is not None and found not in targets and not (found == USER and possessive):
            return found
    if same_person(said, people.user.name) or said.lower() in ("user", "self"):
        return USER
    return None


def _subject_before(facts: Sequence[FactTemplate], people: People, case: Case) -> str:
    """Whom the last named fact was about, as `his` and `this` go on; failing that somebody new, without a name."""
    named = [fact.subject for fact in facts if fact.subject not in _ends(people)]
    if named:
        return named[-1]
    said = case.vignette.data_subject_concrete.strip().rstrip(".")
    plain = said.removeprefix("The ").removeprefix("A ").removeprefix("An ") or "Data subject"
    return people.join(f"{plain[:1].upper()}{plain[1:100]}", wanted="data-subject")


def _ends(people: People) -> set[str]:
    return {USER, *(person.id for person in people.recipients)}


def _named_subject(statement: str, people: People) -> str | None:
    """Whom a statement is about: the first person it names other than user and recipients, failing that these."""
    found = [people.named(name.text) for name in proper_names(statement, ordinary()) if is_person(name.text)]
    others = [one for one in found if one is not None and one not in _ends(people)]
    return next((one for one in (*others, *found) if one is not None), None)


def _senders(number: int, people: People, items: Sequence[Item], sources: Sources) -> Iterator[str]:
    """Who plainly sent a fact: of recipients only the sender of the one item that holds nearly all its words."""
    targets = {person.id for person in people.recipients}
    for rank, index in enumerate(sources.found[number]):
        item = items[index]
        sender = people.find(item.sender) if item.kind in ("message", "slack", "mail", "comment") else None
        if sender is None or people[sender].is_group:
            continue
        alone = rank == 0 and len(sources.found[number]) == 1 and sources.shares[number] >= _PLAINLY
        if sender not in targets or (alone and not people.group):
            yield sender


def _oddities(
    key: str, statement: str, reliable: bool, subject: str, known: list[str], people: People, found: tuple[int, ...]
) -> Iterator[tuple[str, str]]:
    targets = {person.id for person in people.recipients}
    if is_remnant(statement):
        yield "item-is-no-fact", f"{key}: {statement}"
    elif not reliable:
        yield "fact-not-distinctive", f"{key}: {statement}"
    if not found:
        yield "fact-not-found", f"{key}: {statement}"
    if subject in targets:
        yield "fact-about-recipient", f"{key}: {statement}"
    elif targets & set(known):
        yield "recipient-knows", f"{key}: {statement}"
