"""Imports the cases of PrivacyLens (Shao et al. 2024) as scenarios, to be replayed or played live.

A case is read leniently and accounted for strictly: it becomes a scenario or is refused with a reason, malformed steps
stay as text, and everything odd is a note.
"""

from discretion.scenarios.importing import CaseNote, ImportReport, Refused
from discretion.scenarios.privacylens.importer import import_cases

__all__ = ["CaseNote", "ImportReport", "Refused", "import_cases"]
