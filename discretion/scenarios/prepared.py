"""What instances of one scenario share, made once and kept while it is in use."""

from __future__ import annotations

from functools import lru_cache

from discretion.scenarios.compiled import Compiled, canonical_json, hash_of
from discretion.scenarios.fields import FieldError, Loc
from discretion.scenarios.identity import Same
from discretion.scenarios.instance import Twin
from discretion.scenarios.locales import faker_version
from discretion.scenarios.names import words_of
from discretion.scenarios.schema import SCHEMA_VERSION, Scenario
from discretion.scenarios.sibling import origin, twin_of

__all__ = ["Prepared", "check_scenario", "prepare"]


class Prepared:
    """A scenario with its twins, each checked and parsed when it is first asked for.

    Args:
        scenario: The scenario.

    Attributes:
        reserved: The words of its text; nobody is called like one of them.
        versions: What makes its instances: schema, Faker, content hash.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._twins: dict[Twin, Compiled] = {}
        text = canonical_json(scenario)
        self.reserved = words_of(text)
        self.versions = {"schema": SCHEMA_VERSION, "faker": faker_version(), "scenario": hash_of(text)}

    def twin(self, twin: Twin) -> Compiled:
        """Return one of the twins.

        Raises:
            FieldError: For the first thing that is wrong with it.
        """
        if twin not in self._twins:
            try:
                self._twins[twin] = Compiled(twin_of(self._scenario, twin), self._twins.get("base"))
            except FieldError as error:
                raise self.located(twin, error) from None
        return self._twins[twin]

    def located(self, twin: Twin, error: FieldError) -> FieldError:
        """Return an error that points to the field as the scenario gives it, not as the merged sibling has it."""
        loc: Loc = origin(self._scenario, error.loc) if twin == "sibling" else error.loc
        return FieldError(error.what, loc, self._scenario, remedy=error.remedy)


def check_scenario(scenario: Scenario) -> None:
    """Check everything that instances need: references, slots, the norm base, and the same of the sibling.

    Raises:
        FieldError: For the first thing that is wrong; it points to the field as the scenario gives it.
    """
    known = prepare(scenario)
    known.twin("base")
    if scenario.sibling is not None:
        known.twin("sibling")


def prepare(scenario: Scenario) -> Prepared:
    """Return what instances of a scenario share; the last thousand scenarios are kept."""
    return _prepare(Same(scenario))


@lru_cache(maxsize=1000)
def _prepare(same: Same[Scenario]) -> Prepared:
    return Prepared(same.thing)
