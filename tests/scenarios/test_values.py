from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discretion.scenarios.draws import from_place, lots
from discretion.scenarios.values import DRAW_KEYS, draw_distinct, draw_fresh, parse_draw

ANCHOR = date(2026, 3, 10)
keys = st.text(max_size=20)


def drawn(spec: str, key: str = "k", locale: str = "en_US", taken: set[str] | None = None) -> dict[str, str]:
    found = draw_fresh(parse_draw(spec), key=key, anchor=ANCHOR, locale=locale, taken=set() if taken is None else taken)
    assert found is not None
    assert set(found) == {"value", *DRAW_KEYS[parse_draw(spec).kind]}
    return dict(found)


def test_lots_are_the_first_256_bits_of_sha256() -> None:
    # sha256("abc") = ba7816bf 8f01cfea 414140de 5dae2223 b00361a3 96177a9c b410ff61 f20015ad
    assert [f"{lot:08x}" for lot in lots("abc")] == [
        "ba7816bf", "8f01cfea", "414140de", "5dae2223", "b00361a3", "96177a9c", "b410ff61", "f20015ad",
    ]  # fmt: skip


@given(st.lists(st.integers(), min_size=1), st.integers(min_value=0, max_value=2**32))
def test_every_option_comes_once(options: list[int], lot: int) -> None:
    turned = list(from_place(options, lot))
    assert sorted(turned) == sorted(options)
    assert turned[0] == options[lot % len(options)]


@given(keys)
def test_money(key: str) -> None:
    money = drawn("money 1200..4800", key)
    assert re.fullmatch(r"\$\d,\d{3}", money["value"])
    amount = int(money["amount"])
    assert 1200 <= amount <= 4800
    assert amount % 10 == 0
    assert money["value"] == f"${amount:,}"
    assert drawn("money 1..3", key, locale="de_DE")["value"] in ("€1", "€2", "€3")
    assert drawn("money 1..3", key, locale="en_GB")["value"][0] == "£"


@given(keys)
def test_dates_and_times(key: str) -> None:
    day = drawn("date +3..+30", key)
    iso = date.fromisoformat(day["iso"])
    assert 3 <= (iso - ANCHOR).days <= 30
    assert day["day"] == iso.strftime("%A ") + str(iso.day) + iso.strftime(" %B")
    assert day["weekday"] == iso.strftime("%A")
    assert day["value"] == f"{iso.day} {iso.strftime('%B')} {iso.year}"
    hour, minute = drawn("time 08..18", key)["value"].split(":")
    assert 8 * 60 <= int(hour) * 60 + int(minute) <= 18 * 60
    assert minute in ("00", "15", "30", "45")


@given(keys)
def test_numbers_codes_and_phones(key: str) -> None:
    assert 3 <= int(drawn("number 3..40", key)["value"]) <= 40
    code = drawn("code AA-9999/X", key)
    assert re.fullmatch(r"[A-Z]{2}-\d{4}/X", code["value"])
    assert code["last4"] == code["value"].replace("-", "").replace("/", "")[-4:]
    phone = drawn("phone", key)
    assert re.fullmatch(r"\(\d{3}\) 555-01\d[13579]", phone["value"])
    assert phone["last4"] == phone["value"][-4:]


def test_values_that_are_taken_are_not_drawn_again() -> None:
    taken: set[str] = set()
    assert sorted(drawn("number 3..5", key, taken=taken)["value"] for key in "abc") == ["3", "4", "5"]
    assert draw_fresh(parse_draw("number 3..5"), key="d", anchor=ANCHOR, locale="en_US", taken=taken) is None


def test_options_that_are_taken_are_not_drawn_again() -> None:
    taken: set[str] = set()
    options = ["Flu", "Gout", "flu"]
    assert [draw_distinct(options, 2, taken), draw_distinct(options, 2, taken)] == [2, 1]
    assert draw_distinct(options, 0, taken) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "money",
        "money 5",
        "money 9..3",
        "money -3..5",
        "time 08..25",
        "number 3-40",
        "code",
        "code --",
        "dates +1..+2",
    ],
)
def test_what_is_no_draw(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(text))):
        parse_draw(text)
