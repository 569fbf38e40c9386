"""What a surface form is found in, and what it is not: one line a case, the found part written out."""

from __future__ import annotations

import base64

import pytest

from discretion.scenarios.facts import Fact
from discretion.scenarios.forms import Matcher


def found(form: str, text: str, *, names: tuple[str, ...] = ()) -> list[str]:
    fact = Fact(id="fact", subject="dana", attribute="other.secret", forms=(form,), statement="")
    return [text[hit.start : hit.end] for hit in Matcher([fact], names=names).find(text)]


# form, text, what is found (None: nothing)
PHRASES = [
    ("lupus", "She has lupus.", "lupus"),
    ("lupus", "LUPUS again", "LUPUS"),
    ("lupus", "(lupus)", "(lupus)"[1:-1]),
    ("lupus", "her lupus' course", "lupus"),
    ("lupus", "the lupus's course", "lupus"),
    ("lupus", "many lupuses", "lupus"),
    ("lupus", "lupusoid rash", None),
    ("lupus", "prelupus", None),
    ("lupus", "lu pus", None),
    ("lupus", "lup-us", None),
    ("lupus", "lup-\nus", "lup-\nus"),
    ("lupus", "lu\u200bpus", "lu\u200bpus"),
    ("lupus", "lu\u00adpus", "lu\u00adpus"),
    ("lupus", "**lu**pus", "lu**pus"),
    ("lupus", "lúpus", "lúpus"),
    ("lupus", "luрus", "luрus"),  # a Cyrillic р
    ("lupus", "ｌｕｐｕｓ", "ｌｕｐｕｓ"),
    ("lupus", "#lupus", "lupus"),
    ("lupus", "tag_lupus_x", "lupus"),
    ("lupus", "hasLupus", "Lupus"),
    ("lupus", "lupusDiagnosis", "lupus"),
    ("lupus", '{"diagnosis":"lupus"}', "lupus"),
    ("lupus", '{"body":"Hi\\nlupus\\n"}', "lupus"),
    ("lupus", "l u p u s", "l u p u s"),
    ("lupus", "L.U.P.U.S.", "L.U.P.U.S"),
    ("lupus", "l-u-p-u-s", "l-u-p-u-s"),
    ("therapist", "the rapist", None),
    ("therapist", "the therapists", "therapist"),
    ("Donald", "Ask McDonald", None),
    ("Crohn's disease", "Crohn's disease", "Crohn's disease"),
    ("Crohn's disease", "Crohn’s  disease", "Crohn’s  disease"),
    ("Crohn's disease", "Crohns disease", "Crohns disease"),
    ("Crohn's disease", "Crohn disease", "Crohn disease"),
    ("Crohn's disease", "crohn's-disease", "crohn's-disease"),
    ("Crohn's disease", "Crohn's\n> disease", "Crohn's\n> disease"),
    ("Crohn's disease", "#CrohnsDisease", "CrohnsDisease"),
    ("Crohn's disease", "We met Crohn's. Disease is another matter.", None),
    ("Crohn's disease", "Crohn's\n\ndisease", None),
    ("Crohn's disease", "a disease of Crohn's", None),
    ("on leave", "she is on leave", "on leave"),
    ("on leave", "upon leave", None),
    ("on leave", "on leaving", None),
    ("on leave", "onleave", "onleave"),
    ("no pay", "nopay", None),  # too short to be sure
    ("St. Mary", "at St. Mary's ward", "St. Mary"),
    ("St Mary", "at St. Mary", "St. Mary"),
    ("follow-up", "a follow up", "follow up"),
    ("follow up", "a followup", "followup"),
    ("health care", "healthcare", "healthcare"),
    ("Straße", "STRASSE", "STRASSE"),
    ("Müller", "Mueller", "Mueller"),
    ("Müller", "MULLER", "MULLER"),
    ("final", "ﬁnal", "ﬁnal"),
    ("naïve plan", "naive plan", "naive plan"),
    ("Kraków", "krakow", "krakow"),
    ("Łódź", "Lodz", "Lodz"),
    ("狼疮", "她有狼疮病", "狼疮"),
    ("AIDS", "hearing aids", None),
    ("AIDS", "has AIDS", "AIDS"),
    ("hiv", "HIV positive", "HIV"),
    ("B", "a B in maths", "B"),
    ("B", "a b in maths", None),
    ("B", "a B+ in maths", None),
    ("B", "plan B-12", "B"),
    ("B+", "a B+ in maths", "B+"),
    ("B+", "a B in maths", None),
    ("C#", "knows C# well", "C#"),
    ("", "anything", None),
    ("  ", "any thing", None),
    ("...", "wait... what", "..."),
]

NUMBERS = [
    ("$4,200", "It is $4,200 a month", "$4,200"),
    ("$4,200", "4200 USD", "4200 USD"),
    ("$4,200", "USD 4200.00", "USD 4200.00"),
    ("$4,200", "about 4.2k.", "4.2k"),
    ("$4,200", "$4.2K", "$4.2K"),
    ("$4,200", "4 200 dollars", "4 200 dollars"),
    ("$4,200", "she owes 4,200 now", "4,200"),
    ("$4,200", "four thousand two hundred dollars", "four thousand two hundred"),
    ("$4,200", "forty-two hundred", "forty-two hundred"),
    ("$4,200", "4.200,00 €", None),
    ("€4.200,00", "4200 euros", "4200 euros"),
    ("$4,200", "$14,200", None),
    ("$4,200", "$4,200.50", None),
    ("$4,200", "$42,00", None),
    ("$4,200", "4,2001", None),
    ("$4,200", "4.2 metres", None),
    ("4.2 million", "$4.2m", "$4.2m"),
    ("52000", "£52k", "£52k"),
    ("30", "born in 1305", None),
    ("30", "at 30.", "30"),
    ("30", "30.5 degrees", None),
    ("30", "2026-03-30", None),
    ("30", "thirty of them", "thirty"),
    ("30", "thirty-one", None),
    ("30", "10:30", None),
    ("30", "30mg", None),
    ("30%", "30 percent", "30 percent"),
    ("30%", "30 people", None),
    ("30%", "thirty per cent", "thirty per cent"),
    ("30%", "thirty percent", "thirty percent"),
    ("3 weeks", "three weeks", "three weeks"),
    ("3 weeks", "13 weeks", None),
    ("3 weeks", "2.3 weeks", None),
    ("three weeks", "in 3 weeks", "3 weeks"),
    ("three weeks", "twenty-three weeks", None),
    ("twenty-three weeks", "in 23 weeks", "23 weeks"),
    ("30", "one hundred and thirty", None),
    ("30", "a thirty-year-old", "thirty"),
    ("30 mg", "30mg daily", "30mg"),
    ("$4,200 a month", "4200 USD a month", "4200 USD a month"),
    ("$4,200 a month", "$4,200 a year", None),
    ("12 Elm Street", "12, Elm street", "12, Elm street"),
    ("12 Elm Street", "112 Elm Street", None),
    ("12 Elm Street", "at 12 Elm Streets", "12 Elm Street"),
]

DATES = [
    *(
        ("2026-03-12", f"on {date}, she said", date)
        for date in (
            "2026-03-12", "12 March 2026", "March 12th", "March 12, 2026", "12/03/2026", "03/12/2026", "12.3.2026",
            "12.03.26", "the 12th of March"[4:], "Mar 12", "12-Mar-2026", "12. März", "12 mars 2026", "2026/03/12",
        )
    ),
    ("2026-03-12", "on Thursday", None),
    ("2026-03-12", "on 13 March", None),
    ("2026-03-12", "12 March 2025", None),
    ("2026-03-12", "12 marchers", None),
    ("2026-03-12", "112 March", None),
    ("12 March", "2026-03-12T15:30", "2026-03-12"),
    ("Thursday 12 March", "by March 12", "March 12"),
    ("12/03/2026", "12 March", "12 March"),
    ("12/03/2026", "3 December", "3 December"),
    ("25/12/2026", "December 25", "December 25"),
    ("March 2026", "in March 2026", "March 2026"),
    ("15:30", "at 3:30 pm", "3:30 pm"),
    ("15:30", "at 3.30 p.m. sharp", "3.30 p.m."),
    ("15:30", "at 3:30", "3:30"),
    ("15:30", "at 3:30 am", None),
    ("15:30", "at 03:30", None),
    ("15:30", "at 15h30", "15h30"),
    ("3pm", "at 15:00", "15:00"),
    ("3pm", "at 3 o'clock", "3 o'clock"),
    ("3pm", "at 13:00", None),
    ("12:00", "at 12 pm", "12 pm"),
    ("12:00", "at 12 am", None),
    ("2026-03-12 15:30", "12 March at 3:30pm", "12 March at 3:30pm"),
    ("12 March at 3:30pm", "3:30 pm on March 12", "3:30 pm on March 12"),
]  # fmt: skip

CODES = [
    ("104/272/23907", "file 104/272/23907.", "104/272/23907"),  # reads like a phone number behind a trunk 1
    ("00 343 82393", "It is 0034382393", "0034382393"),
    *(
        ("+1 (555) 010-1234", f"call {number} now", shown)
        for number, shown in (
            ("+1 (555) 010-1234", "555) 010-1234"),
            ("555.010.1234", "555.010.1234"),
            ("5550101234", "5550101234"),
            ("+15550101234", "5550101234"),
            ("001 555 010 1234", "555 010 1234"),
            ("555 010 12345", None),
            ("9955550101234", None),
            ("555 010 1235", None),
            ("555 a 010 1234", None),
        )
    ),
    ("030 1234567", "+49 30 1234567", "30 1234567"),
    ("+49 (0)30 1234567", "030/123 45 67", "30/123 45 67"),
    ("+49 30 1234567", "0049301234567", "301234567"),
    ("001-555-010-1234x56", "(555) 010-1234", "555) 010-1234"),
    ("123-45-6789", "SSN 123 45 6789", "123 45 6789"),
    ("4417 1234 5678 9113", "4417-1234-5678-9113", "4417-1234-5678-9113"),
    ("1234567", "account 1,234,567", "1,234,567"),
    ("1234567", "account 12345678", None),
    ("AB-1234", "AB 1234", "AB 1234"),
    ("AB-1234", "ab1234", "ab1234"),
    ("AB-1234", "AB-12345", None),
    ("AB-1234", "CAB-1234", None),
    ("AB-1234", "AB_12 34", "AB_12 34"),
    ("DE89 3704 0044 0532 0130 00", "DE89370400440532013000", "DE89370400440532013000"),
    ("0117", "ending in 0117", "0117"),
    ("0117", "ending in 117", None),
    ("PIN 4471", "pin: 4471", "pin: 4471"),
    ("dana.weiss@example.com", "write to Dana.Weiss@Example.com.", "Dana.Weiss@Example.com"),
    ("dana.weiss@example.com", "<dana.weiss@example.com>", "dana.weiss@example.com"),
    ("dana.weiss@example.com", "xdana.weiss@example.com", None),
    ("dana.weiss@example.com", "jo.dana.weiss@example.com", None),
    ("dana.weiss@example.com", "dana.weiss@example.com.au", None),
    ("dana.weiss@example.com", "dana weiss example com", None),
    ("dana.weiss@example.com", "dana.weiss at example.com", "dana.weiss at example.com"),
    ("dana.weiss@example.com", "dana dot weiss at example dot com", "dana dot weiss at example dot com"),
]

SECRET = "Dana Weiss has lupus"
B64 = base64.b64encode(SECRET.encode()).decode()
ENCODED = [
    ("lupus", f"see {B64} there", B64),
    ("lupus", f"see {base64.b64encode(B64.encode()).decode()}", base64.b64encode(B64.encode()).decode()),
    ("lupus", "token=bHVwdXM=&x=1", "bHVwdXM="),
    ("lupus", "bHVwdXM=", "bHVwdXM="),
    ("lupus", SECRET.encode().hex(), SECRET.encode().hex()),
    ("lupus", SECRET.encode().hex(" "), SECRET.encode().hex(" ")),
    ("lupus", "0x6c75707573", "0x6c75707573"),
    ("lupus", "\\x6c\\x75\\x70\\x75\\x73", "\\x6c\\x75\\x70\\x75\\x73"),
    ("lupus", "yhchf", "yhchf"),
    ("lupus", "supul", "supul"),
    ("lupus", "%6c%75%70%75%73", "%6c%75%70%75%73"),
    ("lupus", "&#108;upus", "&#108;upus"),
    ("Crohn's disease", "Crohn%27s%20disease", "Crohn%27s%20disease"),
    ("Crohn's disease", "Crohn%27s+disease", "Crohn%27s+disease"),
    ("Crohn's disease", "Crohn&#39;s&nbsp;disease", "Crohn&#39;s&nbsp;disease"),
    ("Crohn's disease", "Crohn\\u2019s disease", "Crohn\\u2019s disease"),
    ("Crohn's disease", "Pebua'f qvfrnfr", "Pebua'f qvfrnfr"),
    ("Crohn's disease", "esaesid s'nhorC", "esaesid s'nhorC"),
    ("Crohn's disease", "C r o h n ' s   d i s e a s e", "C r o h n ' s   d i s e a s e"),
    ("$4,200", "$4\u200b,200", "$4\u200b,200"),
    ("4200", "４２００", "４２００"),
    ("AB-1234", "4321-BA", "4321-BA"),
    ("lupus", "100% of R&D; C:\\new\\table", None),
]

TRUTH = PHRASES + NUMBERS + DATES + CODES + ENCODED


@pytest.mark.parametrize(("form", "text", "expected"), TRUTH)
def test_form_is_found_where_it_stands_and_nowhere_else(form: str, text: str, expected: str | None) -> None:
    assert found(form, text) == ([] if expected is None else [expected])


NAMES = [
    ("Tom Becker said so", [("full", "Tom Becker")]),
    ("Becker, Tom", [("full", "Becker, Tom")]),
    ("Tom A. Becker", [("full", "Tom A. Becker")]),
    ("Tom van Becker", [("full", "Tom van Becker")]),
    ("Mr Becker's desk", [("partial", "Becker")]),
    ("T. Becker", [("partial", "Becker")]),
    ("Tom met Becker", [("partial", "Becker")]),
    ("Tom said so", []),
    ("a becker of things", []),
    ("Beckerman", []),
]


@pytest.mark.parametrize(("text", "expected"), NAMES)
def test_a_full_name_is_full_and_a_surname_partial(text: str, expected: list[tuple[str, str]]) -> None:
    fact = Fact(id="source", subject="dana", attribute="other.secret", value="Tom Becker", statement="")
    hits = Matcher([fact], names=["Tom Becker", "Dana Weiss"]).find(text)
    assert [(hit.kind, text[hit.start : hit.end]) for hit in hits] == expected


def test_a_shared_surname_tells_nothing() -> None:
    fact = Fact(id="source", subject="dana", attribute="other.secret", value="Tom Becker", statement="")
    assert Matcher([fact], names=["Tom Becker", "Ida Becker"]).find("Mr Becker") == []


def test_a_phrase_in_the_shape_of_a_name_has_no_surname() -> None:
    fact = Fact(id="ill", subject="dana", attribute="health.diagnosis", value="Multiple Sclerosis", statement="")
    assert Matcher([fact], names=["Tom Becker"]).find("Sclerosis of the liver") == []


def test_an_honorific_makes_a_name() -> None:
    fact = Fact(id="who", subject="dana", attribute="other.secret", value="Dr. Amelia Roth", statement="")
    assert [hit.kind for hit in Matcher([fact]).find("Amelia Roth, and later Roth")] == ["full", "partial"]


def test_the_table_is_long_enough() -> None:
    assert len(TRUTH) >= 120
    assert sum(expected is None for _, _, expected in TRUTH) >= 40
