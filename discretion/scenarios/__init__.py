"""What may flow: scenarios, the norms that hold in them, and the instances that are made of them.

`load_scenarios` reads a pack, a file or a folder; `instantiate` fills a scenario with people, values and dates;
`FlowGraph` says who knows what and what the norms make of every flow; `lint` says what is wrong with a scenario.
"""

from discretion.scenarios.editor_schema import json_schema
from discretion.scenarios.flowgraph import FlowGraph, Pair, starting_principles
from discretion.scenarios.flows import PUBLIC, Norm, Principle, Verdict
from discretion.scenarios.instance import Instance, Twin
from discretion.scenarios.instantiate import instantiate, sessions, twins
from discretion.scenarios.lint import LintIssue, lint
from discretion.scenarios.loading import load_scenario, load_scenarios, parse_scenario
from discretion.scenarios.norm_use import norm_report
from discretion.scenarios.normbase import load_norms
from discretion.scenarios.packs import norm_names, pack_names
from discretion.scenarios.prepared import check_scenario
from discretion.scenarios.schema import SCHEMA_VERSION, Scenario

__all__ = [
    "PUBLIC",
    "SCHEMA_VERSION",
    "FlowGraph",
    "Instance",
    "LintIssue",
    "Norm",
    "Pair",
    "Principle",
    "Scenario",
    "Twin",
    "Verdict",
    "check_scenario",
    "instantiate",
    "json_schema",
    "lint",
    "load_norms",
    "load_scenario",
    "load_scenarios",
    "norm_names",
    "norm_report",
    "pack_names",
    "parse_scenario",
    "sessions",
    "starting_principles",
    "twins",
]
