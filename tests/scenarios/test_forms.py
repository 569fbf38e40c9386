"""Laws of the matcher: planted forms are found where they were planted, and every span leads back to the original."""

from __future__ import annotations

import base64
import html
from datetime import date
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discretion.scenarios import instantiate, load_scenarios
from discretion.scenarios.facts import Fact
from discretion.scenarios.forms import Matcher, covers, fold, holds, squeeze
from discretion.scenarios.forms.decode import layers
from discretion.scenarios.forms.entities import canonical, entities
from discretion.scenarios.forms.normal import origins

FORMS = (
    "Crohn's disease",
    "lupus",
    "$4,200",
    "12 March 2026",
    "15:30",
    "+1 (555) 010-1234",
    "AB-1234",
    "dana.weiss@example.com",
    "three weeks",
    "Müller & Söhne",
    "She has been seeing a therapist since May.",
)


def tells(text: str, fact: Fact) -> bool:
    return any(hit.kind == "full" for hit in Matcher([fact]).find(text))


def make_fact(**fields: object) -> Fact:
    return Fact.model_validate(
        {"id": "fact", "subject": "dana", "attribute": "other.secret", "statement": "", "value": "lupus", **fields}
    )


MATCHERS = {form: Matcher([make_fact(forms=(form,))]) for form in FORMS}
surroundings = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)


@given(st.sampled_from(FORMS), surroundings, surroundings)
def test_a_planted_form_is_found_where_it_stands(form: str, before: str, after: str) -> None:
    text = f"{before} | {form} | {after}"
    start = len(before) + 3
    spans = {(hit.start, hit.end) for hit in MATCHERS[form].find(text)}
    end = start + len(form.rstrip("."))  # what closes a sentence is no part of it
    phone = form.startswith("+")  # the country code is optional, so the span begins behind it
    assert any(e == end and (s == start or (phone and start <= s <= start + 4)) for s, e in spans)


@given(st.sampled_from(FORMS[:2]), surroundings, st.sampled_from(["base64", "hex", "percent", "html"]))
def test_an_encoded_form_is_found_with_the_span_of_its_encoding(form: str, after: str, how: str) -> None:
    encoded = {
        "base64": base64.b64encode(form.encode()).decode(),
        "hex": form.encode().hex(),
        "percent": "".join(f"%{byte:02x}" for byte in form.encode()),
        "html": "".join(f"&#{ord(char)};" for char in form),
    }[how]
    text = f"see | {encoded} | {after}"
    assert (6, 6 + len(encoded)) in {(hit.start, hit.end) for hit in MATCHERS[form].find(text)}


@settings(max_examples=40)
@given(st.text())
def test_no_text_breaks_the_matcher_and_every_span_is_inside(text: str) -> None:
    for matcher in MATCHERS.values():
        assert all(0 <= hit.start < hit.end <= len(text) for hit in matcher.find(text))


@given(st.text())
def test_squeezed_characters_lead_back_to_their_own(text: str) -> None:
    squeezed, at = squeeze(text), origins(text)
    assert len(squeezed) == len(at)
    assert at == sorted(at)
    assert all(char in squeeze(text[index]) for char, index in zip(squeezed, at, strict=True))


@given(st.text())
def test_squeezing_twice_changes_nothing(text: str) -> None:
    assert squeeze(squeeze(text)) == squeeze(text)


@given(st.text(alphabet="ab%&;#41\\n6xé\u200b '="))
def test_decoded_text_leads_back_to_its_source(text: str) -> None:
    for layer in layers(text):
        spans = [layer.origin(at, at + 1) for at in range(len(layer.text))]
        assert all(0 <= start < end <= len(text) for start, end in spans)
        assert spans == sorted(spans)


@given(st.text(alphabet="0123456789.,:/-$€ apmMarchT%k"))
def test_entities_are_in_order_and_apart(text: str) -> None:
    found = entities(text)
    assert all(0 <= entity.start < entity.end <= len(text) for entity in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert len(canonical(text, found)) == len(canonical(text, found, month_first=True))


@given(st.integers(0, 999_999))
def test_a_number_is_found_in_every_spelling(number: int) -> None:
    matcher = Matcher([make_fact(forms=(f"{number:,}",))])
    spellings = [
        f"{number}",
        f"{number:,}",
        f"{number:,}".replace(",", "."),
        f"${number:,}",
        f"{number / 1000} thousand",
    ]
    assert all(matcher.find(f"it is {spelling} now") for spelling in spellings)
    assert not matcher.find(f"it is {number}7 now, or {number + 1}")


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))  # other years are not written beside the name of a month
def test_a_date_is_found_in_every_spelling(day: date) -> None:
    matcher = Matcher([make_fact(forms=(f"{day:%Y-%m-%d}",))])
    number, month, year = f"{day:%d}".lstrip("0"), f"{day:%B}", f"{day:%Y}"
    spellings = [
        f"{number} {month}",
        f"{number} {month[:3]} {year}",
        f"{month} {number}th",
        f"{day:%d/%m/%Y}",
        f"{day:%m/%d/%Y}",
        f"{day:%d.%m.%Y}",
    ]
    assert all(len(matcher.find(f"on {spelling}, I think")) == 1 for spelling in spellings)


def test_escapes_of_the_web_lead_to_the_form() -> None:
    text = "Müller & Söhne"
    assert holds(f"https://example.com/?q={quote(text)}", text)
    assert holds(html.escape(text).replace("ü", "&uuml;"), text)


def test_full_hits_hide_the_parts_inside_them() -> None:
    fact = make_fact(forms=("bowel disease",), partial=("bowel", "clinic"))
    hits = Matcher([fact]).find("bowel disease at the clinic")
    assert [(hit.kind, hit.start, hit.end, hit.form) for hit in hits] == [
        ("full", 0, 13, "bowel disease"),
        ("partial", 21, 27, "clinic"),
    ]


def test_the_value_is_a_form_only_where_no_forms_are_given() -> None:
    assert tells("lupus", make_fact())
    assert not tells("lupus", make_fact(forms=("systemic lupus erythematosus",)))


def test_a_statement_tells_the_fact_whatever_its_layout_and_the_spelling_of_its_numbers() -> None:
    fact = make_fact(forms=("never said",), statement="Dana earns $84,200 a year, from 12 March.")
    assert tells("DANA EARNS\n84.2k dollars a year -- from March 12th!", fact)
    assert not tells("Dana earns $94,200 a year, from 12 March.", fact)


def test_one_matcher_tells_facts_apart() -> None:
    facts = [make_fact(id="ill"), make_fact(id="pay", value="$4,200")]
    matcher = Matcher(facts)
    text = "lupus costs 4200 USD"
    assert [hit.fact for hit in matcher.find(text)] == ["ill", "pay"]
    assert matcher.present(text) == {"ill": "full", "pay": "full"}
    assert matcher.present(text, ["ill"]) == {"ill": "full"}


@given(st.lists(st.sampled_from([*FORMS, "a clinic", "nothing", "bHVwdXM=", "March 12"]), max_size=6))
def test_present_says_what_find_says(parts: list[str]) -> None:
    matcher = Matcher([make_fact(id=f"f{n}", forms=(form,), partial=("clinic",)) for n, form in enumerate(FORMS)])
    text = " | ".join(parts)
    hits = matcher.find(text)
    expected = {hit.fact: "partial" for hit in hits} | {hit.fact: "full" for hit in hits if hit.kind == "full"}
    assert matcher.present(text) == expected


def test_what_a_matcher_remembers_is_what_it_finds() -> None:
    matcher = Matcher([make_fact()])
    texts = [f"{'x ' * number}lupus" for number in range(200)]
    first = [matcher.find(text) for text in texts]
    for hits in first:
        hits.append(hits[0])  # whoever asked may do with the answer what they like
    again = [matcher.find(text) for text in reversed(texts)]
    assert again[::-1] == [Matcher([make_fact()]).find(text) for text in texts]


def test_instances_share_a_matcher_only_if_they_share_facts_and_people() -> None:
    one, other = instantiate(load_scenarios("office")[0], 0), instantiate(load_scenarios("office")[0], 1)
    changed = one.model_copy(update={"facts": (make_fact(subject=one.user), *one.facts[1:])})
    assert Matcher.of(one) is Matcher.of(one.model_copy(update={"title": "Another"}))
    assert len({Matcher.of(each) for each in (one, other, changed)}) == 3
    assert Matcher.of(one).find("lupus") == []
    assert [hit.form for hit in Matcher.of(changed).find("lupus")] == ["lupus"]


def test_what_is_remembered_is_remembered_for_the_facts_that_were_asked_for() -> None:
    matcher = Matcher([make_fact(id="ill"), make_fact(id="pay", value="$4,200")])
    text = "lupus costs 4200 USD"
    for _ in range(2):
        assert matcher.present(text, ["pay"]) == {"pay": "full"}
        matcher.present(text, ["pay"]).clear()
        assert matcher.present(text) == {"ill": "full", "pay": "full"}


def test_a_text_that_repeats_itself_gives_a_bounded_number_of_hits() -> None:
    assert len(Matcher([make_fact()]).find("lupus " * 5_000)) <= 100


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        (("12 March", "Lakeside Clinic"), True),
        (("12 March", "12 March"), False),
        (("Lakeside", "March"), False),
        (("12 March at the Lakeside Clinic",), False),  # one part is a part, whatever it says
    ],
)
def test_parts_make_the_whole_only_where_they_cover_the_value(parts: tuple[str, ...], whole: bool) -> None:
    assert covers(make_fact(value="12 March at the Lakeside Clinic"), parts) is whole


def test_fold_keeps_words_apart() -> None:
    assert fold("Rock 'n' roll\tNAÏVE—yes") == "rock n roll naive yes"
