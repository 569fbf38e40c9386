"""Imports the profiles of CIMemories (arXiv:2511.14937) as memory tasks.

An assistant remembers everything about a person and shall write one message, to somebody of whom labels say what they
must and must not be told.

No data of it comes with this package: its licence is non-commercial. The profiles, with labels inside or in a second
file, or the export of the data set alone will do. Every pair of an attribute and a context is accounted for.
"""

from discretion.scenarios.cimemories.importer import import_profiles

__all__ = ["import_profiles"]
