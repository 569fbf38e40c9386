"""What a fact can be about: a two-level taxonomy of attributes, `context.leaf`.

A leaf is the *attribute* (information type) of a contextual-integrity flow (Nissenbaum 2010). Contexts are the
social spheres whose roles give norms their meaning; a fact may of course flow into another context than its own.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

__all__ = ["ATTRIBUTES", "CONTEXTS", "TAXONOMY", "attribute_matches", "context_of", "is_attribute", "is_pattern"]

TAXONOMY: Final[dict[str, tuple[str, ...]]] = {
    "health": (
        "diagnosis",
        "treatment",
        "medication",
        "appointment",
        "test_result",
        "mental_health",
        "reproductive",
        "disability",
        "substance_use",
    ),
    "employment": (
        "performance",
        "salary",
        "job_search",
        "discipline",
        "leave",
        "termination",
        "schedule",
        "grievance",
        "project",
        "contact",
    ),
    "finance": ("debt", "income", "account_number", "credit", "transaction", "investment", "insurance", "tax", "price"),
    "legal": ("dispute", "criminal_record", "settlement", "custody", "testimony", "contract", "investigation"),
    "education": ("grade", "misconduct", "accommodation", "application", "attendance", "recommendation"),
    "family": ("relationship", "divorce", "pregnancy", "conflict", "adoption", "death", "celebration", "care"),
    "housing": ("address", "tenancy", "eviction", "household", "repair"),
    "immigration": ("status", "visa", "asylum", "travel_document", "case"),
    "location": ("whereabouts", "itinerary", "routine", "home_absence", "meeting_place"),
    "identity": ("government_id", "birth_date", "phone", "email", "biometric", "credential", "legal_name"),
    "beliefs": ("religion", "politics", "union", "sexuality", "opinion"),
    "other": ("secret", "preference", "plan", "communication"),
}
"""Context -> leaves. Add leaves freely; renaming one changes stored scenarios, so it needs a new schema version."""

CONTEXTS: Final[tuple[str, ...]] = tuple(TAXONOMY)
ATTRIBUTES: Final[frozenset[str]] = frozenset(f"{context}.{leaf}" for context in TAXONOMY for leaf in TAXONOMY[context])


def context_of(attribute: str) -> str:
    """Return the context of an attribute or pattern.

    >>> context_of("health.diagnosis")
    'health'
    """
    return attribute.partition(".")[0]


def is_attribute(text: str) -> bool:
    """Tell whether `text` is a leaf of the taxonomy."""
    return text in ATTRIBUTES


def is_pattern(text: str) -> bool:
    """Tell whether `text` is a leaf, a whole context (`health.*`) or everything (`*`)."""
    return text == "*" or text in ATTRIBUTES or (text.endswith(".*") and text[:-2] in TAXONOMY)


@lru_cache(maxsize=4096)
def attribute_matches(pattern: str, attribute: str) -> bool:
    """Tell whether an attribute falls under a pattern.

    >>> attribute_matches("health.*", "health.diagnosis"), attribute_matches("finance.*", "health.diagnosis")
    (True, False)
    """
    return pattern in ("*", attribute) or (pattern.endswith(".*") and attribute.startswith(pattern[:-1]))
