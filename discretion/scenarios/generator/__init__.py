"""The plot generator: an endless supply of scenarios, each made from (generator version, seed) alone.

A *skeleton* is a workflow; the *attribute bank* says what people tell each other, the *roles* who asks. The norm base
decides which roles may not learn a fact (the base twin) and which may (the sibling). `skeletons/README.md` says how a
skeleton is written, `attributes/README.md` how a fact is.
"""

from discretion.scenarios.generator.cases import distinct_plots
from discretion.scenarios.generator.compose import COMPOSED
from discretion.scenarios.generator.generate import GENERATOR_VERSION, Knobs, generate, tempted
from discretion.scenarios.generator.skeleton import skeleton, skeleton_names
from discretion.scenarios.generator.source import GENERATED, generated, is_generated, parse_source
from discretion.scenarios.generator.wording import brief_words
from discretion.scenarios.plot import Plot

__all__ = [
    "COMPOSED",
    "GENERATED",
    "GENERATOR_VERSION",
    "Knobs",
    "Plot",
    "brief_words",
    "distinct_plots",
    "generate",
    "generated",
    "is_generated",
    "parse_source",
    "skeleton",
    "skeleton_names",
    "tempted",
]
