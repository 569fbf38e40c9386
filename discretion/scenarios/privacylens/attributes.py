"""Maps what PrivacyLens calls a data type ("marital status") to a leaf of the taxonomy, by keywords.

The same keywords, where they are telling by themselves, are what surface forms are made of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

__all__ = ["FALLBACK", "attribute_of"]

FALLBACK: Final = "other.secret"

_KEYWORDS: Final[tuple[tuple[str, str], ...]] = (
    ("identity.government_id", "social security|ssn|identification number|security clearance|driver'?s licen[cs]e"),
    ("identity.credential", "password|log-?in|credential|alarm code|access code|server information|secret passage"),
    (
        "finance.account_number",
        "credit card|card number|account number|bank(ing)? (details|information)|secure account",
    ),
    ("finance.account_number", "account name|secret bank account|policy number"),
    ("finance.credit", "credit"),
    ("housing.address", "address|mortgage title"),
    ("health.medication", "medication|prescri|dosage"),
    ("health.substance_use", "substance|addict|alcohol|drug|recovery|relapse|rehab|sober|sobriety|under the influence"),
    ("health.reproductive", "pregnan|fertility|family planning|sexual incompeten|miscarriage|transition-related"),
    ("beliefs.sexuality", "sexual orientation|gender identity|lgbt|pride|transgender|sexual preference|lesbian|gay"),
    ("family.relationship", "sexual|sex life|virginity|intimate|romantic|dating|infidel|affair|indiscretion|cheating"),
    ("health.disability", "disabilit|impairment|autis|accom+odation|special health"),
    ("health.mental_health", "mental|therap|psych|counsel|anxiety|depress|bipolar|trauma|phobia|emotional|adhd|suicid"),
    ("health.appointment", "(medical|surgery|doctor|therapy).*(appointment|date|schedule)|procedure date|appointment"),
    ("health.test_result", "(physical|medical) examination|genetic|lab result|physical information"),
    ("health.diagnosis", "diagnos|cancer|hiv|illness|disease|medical condition|ailment|dietary restriction|vaccinat"),
    ("health.treatment", "medical|treatment|health|injur|surg|hospital|emergency|patient"),
    ("employment.salary", "salary|wage|bonus|earnings|pay raise"),
    ("employment.job_search", "job (interview|hunting|search)|switching jobs|hiring decision|job seeker"),
    ("employment.termination", "resign|terminat|laid off|layoff|fired|restructuring|contract status"),
    ("employment.leave", "absen|medical leave|leave of absence|without asking for a leave"),
    ("employment.performance", "(employee|performance).*(performance|review|evaluation)|promotion|work evaluation"),
    ("employment.grievance", "grievance|job dissatisfaction|workplace|coworker"),
    ("employment.discipline", "mistake|reprimand|misconduct"),
    ("legal.custody", "custody"),
    (
        "legal.criminal_record",
        "criminal|incarcerat|alleged crime|theft|arrest|conviction|guilt|mugging|background check",
    ),
    ("legal.testimony", "witness|testimony"),
    ("legal.settlement", "settlement|legal agreement"),
    ("legal.investigation", "investigation|evidence|crime scene|murder|victim"),
    ("immigration.status", "immigra|undocumented|documentation status|asylum|migrant|refugee|visa status"),
    ("identity.legal_name", "legal name|deadname"),
    ("employment.project", "patent"),
    ("legal.dispute", "lawsuit|court|trial|case|client's confession|legal"),
    (
        "education.grade",
        "grade|gpa|grading|test score|academic|exam|failing|performance measures|graduation|mental test",
    ),
    ("education.misconduct", "disruptive|student's behavior|bully"),
    ("education.application", "application|admission|essay|college"),
    ("education.attendance", "school schedule|class schedule"),
    ("finance.insurance", "insurance"),
    ("finance.tax", "tax"),
    ("finance.debt", "debt|financial hardship|hardship|money problem|loan|unpaid"),
    ("finance.transaction", "transaction|donat|donor|fund|payment|financial contribution"),
    ("finance.investment", "invest|stock|portfolio|shareholder|monetary asset"),
    ("finance.income", "income|financ|bank account|profit|gain and loss"),
    ("family.divorce", "divorce|marital|marriage|spouse"),
    ("family.adoption", "adopt"),
    ("family.death", "death|deceased|funeral"),
    ("family.conflict", "family (issue|situation|life|conflict)|abusive|harass|domestic"),
    ("family.relationship", "relationship|breakup|love"),
    ("family.care", "caregiver|child'?s|children"),
    ("housing.eviction", "evict"),
    ("housing.tenancy", "rent|tenant|lease|living condition"),
    ("housing.household", "home security|household"),
    ("location.itinerary", "travel|trip|flight|itinerary|timetable|vacation"),
    ("location.whereabouts", "relocat|location|whereabouts"),
    ("location.routine", "routine|daily|schedule|what time"),
    ("location.meeting_place", "gathering|event|conference|meeting place|attendance"),
    ("beliefs.religion", "religio|prayer|confess|faith|clergy|church|profanity"),
    ("beliefs.politics", "politic|nazi|ideolog|protest"),
    ("beliefs.opinion", "opinion|thoughts|feelings|controversial|perceived"),
    ("identity.phone", "phone|call log"),
    ("identity.biometric", "image|photo|fingerprint"),
    ("identity.birth_date", r"birth|\bage\b|demographic"),
    ("identity.legal_name", r"\bnames?\b|identity|pseudonym|deadname|personal identif|contact list"),
    ("employment.project", "project|product|business|strateg|compan|merger|acquisition|proprietary|research"),
    ("employment.project", "insider|takeover|negotiation|policy change|design|organi[sz]ation|book release|editing"),
    ("other.preference", "hobby|habit|preference|fandom|fan community|fan fiction"),
    ("other.plan", r"\bplans?\b|upcoming|intention"),
    ("other.communication", "conversation|message|gossip|communicat|rumou?r|discussion|confidence"),
)
"""Attribute and the words that speak for it; the first that is found decides, so the more telling come first."""

_PATTERNS: Final = tuple((attribute, re.compile(rf"\b(?:{words})", re.IGNORECASE)) for attribute, words in _KEYWORDS)


def attribute_of(texts: Iterable[str]) -> str:
    """Return the attribute that the first of the texts which has a keyword speaks of.

    Args:
        texts: The data type, then texts that say it at more length.

    >>> attribute_of(["marital status"]), attribute_of(["something odd"])
    ('family.divorce', 'other.secret')
    """
    for text in texts:
        for attribute, pattern in _PATTERNS:
            if pattern.search(text):
                return attribute
    return FALLBACK
