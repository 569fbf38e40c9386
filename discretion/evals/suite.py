"""A suite: which scenarios are played with which seeds, twins always together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from discretion.errors import InputError, ScenarioError
from discretion.scenarios import Norm, instantiate, load_norms
from discretion.scenarios.compiled import content_hash
from discretion.scenarios.instance import Instance, Twin
from discretion.scenarios.loading import place_of
from discretion.scenarios.normbase import norms_hash
from discretion.scenarios.schema import Scenario

__all__ = ["GIVEN", "Job", "Suite", "instance_digest", "twins_of"]

GIVEN: Final = "given"
"""What manifests call norms that were given in place of the scenarios' norm bases."""


class Job(NamedTuple):
    """A unit of work: one instance, played once, all its sessions."""

    scenario: str
    seed: int
    repeat: int
    twin: Twin


@dataclass(frozen=True)
class Suite:
    """Scenarios and the seeds that each is instantiated with.

    Attributes:
        scenarios: What is played.
        seeds: Each gives every scenario one instance, or with a sibling a pair of twins.
        norms: In place of the scenarios' norm bases, where given; what a scenario brings itself stays.

    Raises:
        InputError: If there is nothing to play, two scenarios have one id, or a scenario brings a norm of an id that
            the given norms have too.
    """

    scenarios: Sequence[Scenario]
    seeds: Sequence[int] = (0,)
    norms: tuple[Norm, ...] | None = None

    def __post_init__(self) -> None:
        if not self.scenarios or not self.seeds:
            raise InputError("nothing to play", remedy="give at least one scenario and one seed")
        seen: set[str] = set()
        for scenario in self.scenarios:
            if scenario.id in seen:
                raise InputError(f"two scenarios have the id {scenario.id!r}", remedy="rename one of them")
            seen.add(scenario.id)
        given = {norm.id for norm in self.norms or ()}
        for scenario in self.scenarios:
            for place, norm in enumerate(scenario.norms):
                if norm.id in given:
                    where = place_of(scenario, ("norms", place, "id"))
                    raise ScenarioError(
                        f"the given norms have a norm {norm.id!r} as well", where=where, remedy="rename it"
                    )
        if len(set(self.seeds)) < len(self.seeds):
            raise InputError("a seed is given twice", remedy="use --repeats to play an instance several times")

    @cached_property
    def by_id(self) -> dict[str, Scenario]:
        """The scenarios by id."""
        return {scenario.id: scenario for scenario in self.scenarios}

    @cached_property
    def hashes(self) -> dict[str, str]:
        """Scenario id -> hash of its content."""
        return {scenario.id: content_hash(scenario) for scenario in self.scenarios}

    @cached_property
    def norm_hashes(self) -> dict[str, str]:
        """Norm base -> hash of its norms, for all that the scenarios name; `GIVEN` alone where norms are given."""
        if self.norms is not None:
            return {GIVEN: norms_hash(self.norms)}
        names = {name for scenario in self.scenarios for name in scenario.norm_base}
        for scenario in self.scenarios:
            if scenario.sibling is not None:
                names.update(scenario.sibling.changes.get("norm_base", ()))
        return {name: norms_hash(load_norms(name)) for name in sorted(names)}

    def __len__(self) -> int:
        """Instances, twins counted."""
        return len(self.seeds) * sum(len(twins_of(scenario)) for scenario in self.scenarios)

    def jobs(self, repeats: int = 1) -> Iterator[Job]:
        """Yield the units of work, so that a run that is cut short has touched every scenario alike."""
        for repeat in range(repeats):
            for seed in self.seeds:
                for scenario in self.scenarios:
                    for twin in twins_of(scenario):
                        yield Job(scenario.id, seed, repeat, twin)

    def instance(self, job: Job) -> Instance:
        """Return the instance of a job."""
        return instantiate(self.by_id[job.scenario], job.seed, twin=job.twin, norms=self.norms)


def twins_of(scenario: Scenario) -> tuple[Twin, ...]:
    """Return which twins a scenario has."""
    return ("base",) if scenario.sibling is None else ("base", "sibling")


def instance_digest(instance: Instance) -> bytes:
    """Return a hash of an instance, by which one that was made again is known to be the same.

    The norms, most of its text, are left out; `versions` holds hashes of what they are made of.
    """
    return hashlib.sha256(instance.model_dump_json(exclude={"norms"}).encode()).digest()[:16]
