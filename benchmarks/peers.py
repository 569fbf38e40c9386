"""Times the same kinds of work in other packages of the field, as far as this Python has them, and prints JSON.

    python3.12 -m venv peers && peers/bin/pip install inspect-ai presidio-analyzer agentdojo langchain
    peers/bin/pip install -e git+https://github.com/sierra-research/tau2-bench#egg=tau2
    peers/bin/python benchmarks/peers.py

tau2-bench wants Python 3.12 or 3.13, and `-e`, which keeps the checkout that its data lie in; where it is installed
otherwise, set TAU2_DATA_DIR to the folder `data` of a checkout.

`benchmarks/speed.py --peers peers/bin/python` runs this and puts the figures beside ours. Nothing here imports this
package, so that the environment of the peers need not hold it.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

TEXT = (
    "Thanks for this. I will look at the draft over lunch and send my remarks before the end of the day, "
    "so that the whole team has time to read them."
)
"""The text that our rule judge is timed on."""


def import_seconds(module: str) -> float:
    """Median wall time of a fresh interpreter that imports a module, less that of one which imports nothing."""

    def fresh(code: str) -> float:
        times = []
        for _ in range(6):  # the first fills the caches
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            times.append(time.perf_counter() - start)
        return statistics.median(times[1:])

    return fresh(f"import {module}") - fresh("pass")


def inspect_sample() -> float:
    """One sample of Inspect AI: a mock generation, no tool, a scorer, the log written."""
    from inspect_ai import Task
    from inspect_ai import eval as evaluate
    from inspect_ai.dataset import Sample
    from inspect_ai.model import ModelOutput, ModelUsage, get_model
    from inspect_ai.scorer import includes
    from inspect_ai.solver import generate

    def say(*given: object) -> ModelOutput:
        output = ModelOutput.from_content("mockllm/model", "output")
        return output.model_copy(update={"usage": ModelUsage(input_tokens=20, output_tokens=1, total_tokens=21)})

    model = get_model("mockllm/model", custom_outputs=say)

    def play(samples: int) -> float:
        task = Task(
            dataset=[Sample(input=f"Question {number}", target="output") for number in range(samples)],
            solver=generate(),
            scorer=includes(),
        )
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            (log,) = evaluate(task, model=model, display="none", log_dir=folder)
            if log.status != "success":
                raise RuntimeError(f"the evaluation ended as {log.status}: {log.error and log.error.message}")
            return time.perf_counter() - start

    play(20)
    few, many = play(20), play(320)
    return (many - few) / 300


def agentdojo_task() -> float:
    """One task of AgentDojo's workspace, its ground truth replayed and checked."""
    from agentdojo.agent_pipeline import GroundTruthPipeline
    from agentdojo.task_suite.load_suites import get_suite

    suite = get_suite("v1.2", "workspace")
    tasks = list(suite.user_tasks.values())[:10]
    times = []
    for task in tasks:
        start = time.perf_counter()
        suite.run_task_with_pipeline(GroundTruthPipeline(task), task, injection_task=None, injections={})
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def presidio_call() -> float:
    """One call of Presidio's analyser on 150 characters, with a blank language model, which finds no names."""
    import spacy
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    class Blank(SpacyNlpEngine):
        def __init__(self) -> None:
            super().__init__()
            self.nlp = {"en": spacy.blank("en")}

    engine = AnalyzerEngine(nlp_engine=Blank(), supported_languages=["en"])
    engine.analyze(TEXT, language="en")
    times = []
    for number in range(100):
        start = time.perf_counter()
        engine.analyze(f"{TEXT[:145]}{number:05}", language="en")
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def tau2_retail() -> Any:
    """The module of tau2-bench that makes retail environments and tasks; its log, which tells every answer, is off."""
    from loguru import logger

    logger.disable("tau2")
    from tau2.domains.retail import environment

    return environment


def tau2_episode() -> float:
    """One retail task of tau2-bench: an environment, the task's gold actions called in it, its reward for them."""
    retail = tau2_retail()
    from tau2.data_model.message import AssistantMessage, ToolCall
    from tau2.evaluator.evaluator_env import EnvironmentEvaluator

    times = []
    for task in retail.get_tasks()[:11]:  # the first fills the caches
        start = time.perf_counter()
        world = retail.get_environment()
        told = []
        for number, action in enumerate(task.evaluation_criteria.actions):
            call = ToolCall(id=f"{number}", name=action.name, arguments=action.arguments, requestor=action.requestor)
            told += [AssistantMessage(role="assistant", tool_calls=[call]), world.get_response(call)]
        found = EnvironmentEvaluator.calculate_reward(retail.get_environment, task, told)
        times.append(time.perf_counter() - start)
        if found.reward != 1:
            raise RuntimeError(f"the gold actions of task {task.id} earned {found.reward}")
    return statistics.median(times[1:])


def tau2_instance() -> float:
    """One retail environment of tau2-bench: its database read and validated, its tools and its policy."""
    retail = tau2_retail()
    times = []
    for _ in range(21):  # the first fills the caches
        start = time.perf_counter()
        retail.get_environment()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def tau2_read_call() -> float:
    """One read tool call through a retail environment of tau2-bench: an order is read by its id."""
    world = tau2_retail().get_environment()
    from tau2.data_model.message import ToolCall

    call = ToolCall(id="0", name="get_order_details", arguments={"order_id": next(iter(world.tools.db.orders))})
    if (answer := world.get_response(call)).error:
        raise RuntimeError(answer.content)
    times = []
    for _ in range(200):
        start = time.perf_counter()
        for _ in range(20):
            world.get_response(call)
        times.append((time.perf_counter() - start) / 20)
    return statistics.median(times)


PEERS: tuple[tuple[str, str, str, Callable[[], float]], ...] = (
    ("episode", "Inspect AI, one mock generation", "inspect_ai", inspect_sample),
    ("episode", "AgentDojo, ground truth of one task", "agentdojo", agentdojo_task),
    ("episode", "tau2-bench, gold actions of one task", "tau2", tau2_episode),
    ("instance", "tau2-bench, one environment", "tau2", tau2_instance),
    ("read call", "tau2-bench, one order", "tau2", tau2_read_call),
    ("judge", "Presidio, one call", "presidio_analyzer", presidio_call),
    ("import", "Inspect AI", "inspect_ai", lambda: import_seconds("inspect_ai")),
    ("import", "langchain.agents", "langchain", lambda: import_seconds("langchain.agents")),
)
"""What the work is, whose, the module that it needs, how it is timed."""


def measured() -> Iterator[dict[str, Any]]:
    """Yield a record for each peer: its seconds, or why there are none."""
    for work, peer, module, seconds in PEERS:
        record: dict[str, Any] = {"work": work, "peer": peer}
        if importlib.util.find_spec(module) is None:
            yield record | {"missing": f"{module} is not installed"}
            continue
        record["version"] = version(module.replace("_", "-"))
        try:
            yield record | {"seconds": seconds()}
        except Exception as error:
            yield record | {"missing": f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"}


def main() -> None:
    """Measure and print, a line each."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    for record in measured():
        print(json.dumps(record), flush=True)


if __name__ == "__main__":
    main()
