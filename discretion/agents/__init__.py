"""Who acts: reference agents, model agents, guests. One string names any of them.

[`resolve`][discretion.agents.registry.resolve] turns the string into a source, which gives the agent that plays an
instance. Only references are bound to the instance; every other agent sees messages and tools.
"""

from discretion.agents.guest import GuestSource
from discretion.agents.model_agent import ModelAgent, ModelSource
from discretion.agents.people import people_by
from discretion.agents.protocol import Agent, AgentSource
from discretion.agents.reference import REFERENCES, ReferenceSource
from discretion.agents.registry import EXAMPLES, AgentOptions, resolve

__all__ = [
    "EXAMPLES",
    "REFERENCES",
    "Agent",
    "AgentOptions",
    "AgentSource",
    "GuestSource",
    "ModelAgent",
    "ModelSource",
    "ReferenceSource",
    "people_by",
    "resolve",
]
