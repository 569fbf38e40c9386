"""Surface forms: where a text tells a fact, or a part of it, however it is spelled or encoded.

`normal` squeezes text to its letters and digits, `entities` reads numbers, money, dates and times, `decode` undoes
encodings, `needles` says what to search for to find a form, `reading` checks a find against the original text, and
`matcher` puts them together.
"""

from discretion.scenarios.forms.matcher import Hit, Matcher, covers, holds
from discretion.scenarios.forms.normal import fold, squeeze

__all__ = ["Hit", "Matcher", "covers", "fold", "holds", "squeeze"]
