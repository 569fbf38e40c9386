"""Bases: the corpus keeps to training plots, and a run that was stopped ends where an uninterrupted one does."""

from __future__ import annotations

import errno
import itertools
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from organism_kit import TINY
from typer.testing import CliRunner

from discretion.cli.application import app
from discretion.cli.organism import changed_corpus
from discretion.errors import InputError
from discretion.models.organism import recorded_hashes
from discretion.organisms import BASES, Corpus, Step, base_recipe, train_base
from discretion.organisms import source as sources
from discretion.organisms.corpus import FIRST_SEED, LAST_SEED, WORDS, training_skeletons
from discretion.organisms.training_run import ENDLESS, Pace, TrainingRun
from discretion.scenarios import twins
from discretion.scenarios.generator import generate, skeleton, skeleton_names

pytestmark = pytest.mark.local


def test_held_out_skeletons_and_measured_seeds_are_never_learned() -> None:
    held_out = {name for name in skeleton_names() if skeleton(name).held_out}
    assert held_out
    assert held_out.isdisjoint(training_skeletons())
    assert held_out | set(training_skeletons()) == set(skeleton_names())
    with pytest.raises(ValueError, match="greater than or equal"):
        Corpus(first_seed=0)
    for base in BASES.values():
        assert base.corpus is not None
        assert base.corpus.first_seed >= FIRST_SEED
        assert not base.corpus.skeletons


def test_no_two_bases_or_seeds_of_them_have_a_plot_in_common() -> None:
    assert base_recipe("base") == BASES["base"]
    spans = []
    for seed in (0, 1, 2, 100):
        for name in BASES:
            made = base_recipe(name, seed)
            assert made.corpus is not None
            assert made.seed == seed
            spans.append(range(made.corpus.first_seed, made.corpus.first_seed + made.plots))
    assert all(one.stop <= other.start for one, other in itertools.pairwise(spans))
    assert spans[-1].stop <= LAST_SEED
    for seed in (-1, 100_000):
        with pytest.raises(InputError, match="no seed of a base"):
            base_recipe("base", seed)


def test_a_share_of_the_plots_has_a_workflow_of_its_own() -> None:
    usual, half, whole = (Corpus(care=0.0, openness=0.0, composed=share) for share in (0.0, 0.5, 1.0))
    composed = 0
    for number in range(8):
        own = generate(FIRST_SEED + number, skeletons=["composed"], brief=True)
        first = [corpus.conversations(number)[0].messages[1].content for corpus in (usual, half, whole)]
        shown = twins(own, 0)[0].task.instruction
        assert first[2] == shown != first[0]
        assert first[1] in (first[0], first[2])
        composed += first[1] == first[2]
    assert 0 < composed < 8


def test_a_plot_gives_the_conversations_of_both_twins() -> None:
    plain = Corpus(care=0.0, openness=0.0)
    for number in range(6):
        scenario = generate(FIRST_SEED + number, skeletons=training_skeletons())
        first, second = plain.conversations(number)
        assert first.messages[1].content == scenario.task.instruction or "{" in scenario.task.instruction
        assert first.messages != second.messages
        assert plain.conversations(number) == [first, second]


def test_system_prompts_ask_for_care_or_openness_in_the_shares_that_were_asked_for() -> None:
    heads = [Corpus(care=0.5, openness=0.5).conversations(number)[0].messages[0].content for number in range(12)]
    cares = [any(head.endswith(words) for words in WORDS["care"]) for head in heads]
    opens = [any(head.endswith(words) for words in WORDS["openness"]) for head in heads]
    assert all(one != other for one, other in zip(cares, opens, strict=True))
    assert 0 < sum(cares) < 12
    usual = Corpus(care=0.0, openness=0.0).conversations(0)[0].messages[0].content
    assert usual.endswith("closes the task.")


class Stopped(Exception):
    pass


def test_a_run_that_was_stopped_ends_where_an_uninterrupted_one_does(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "base"

    monkeypatch.setattr("discretion.organisms.training._EVERY", 1)
    steps = 0

    def count(step: Step) -> None:
        nonlocal steps
        steps += 1
        if steps == 3:
            raise Stopped

    with pytest.raises(Stopped):
        train_base(TINY, folder, save_s=1e-9, report=count)
    assert (folder / ".training" / "state.pt").is_file()
    with pytest.raises(InputError, match="another recipe was begun here"):
        train_base(TINY.model_copy(update={"seed": 1}), folder)
    losses = train_base(TINY, folder, save_s=1e-9, workers=0)
    assert (folder / "model.safetensors").read_bytes() == (tiny_base / "model.safetensors").read_bytes()
    assert losses == json.loads((folder / "training.json").read_text())["loss"] or len(losses) > 3
    with pytest.raises(InputError, match="a finished checkpoint lies here"):
        train_base(TINY, folder)


def test_the_time_of_a_run_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("discretion.organisms.training._EVERY", 1)
    folder = tmp_path / "base"

    def stop(step: Step) -> None:
        if step.tokens > 8_000:
            raise Stopped

    few = TINY.model_copy(update={"tokens": 1})  # fewer than are learned: it is the time that counts
    with pytest.raises(Stopped):
        train_base(few, folder, save_s=1e-9, minutes=20.0, report=stop)
    for minutes in (None, 3.0):
        with pytest.raises(InputError, match="another recipe was begun here"):
            train_base(few, folder, minutes=minutes)
    import torch

    state = torch.load(folder / ".training" / "state.pt", weights_only=True)
    assert state["pace"][0] > 0
    assert state["tokens"] > 1


def test_a_pace_counts_what_was_spent() -> None:
    fresh, late = Pace(1.0, 0.5), Pace(1.0, 0.5, spent=40.0)
    assert (fresh.total(1000), fresh.decided) == (ENDLESS, 0)
    assert late.total(1000) == ENDLESS  # it has seen no speed yet
    assert 1000 / 0.5 <= late.total(1001) < ENDLESS
    assert Pace(1.0, 0.5, spent=1.0, total=5000).total(10) == 5000
    assert 40 <= late.over < 60


def test_a_checkpoint_that_cannot_be_saved_is_saved_by_the_same_command(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import LlamaForCausalLM

    folder = tmp_path / "base"

    def full(self: LlamaForCausalLM, beside: Path, **_: Any) -> None:
        self.config.save_pretrained(beside)
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(LlamaForCausalLM, "save_pretrained", full)
        with pytest.raises(
            InputError, match=r"cannot be saved \(No space left on device\); make room there, and start"
        ):
            train_base(TINY, folder, workers=0)
    assert [path.name for path in folder.iterdir()] == [".training"]
    (folder / "config.json").write_text("{}")  # as if the weights had not followed any more
    steps: list[Step] = []
    train_base(TINY, folder, workers=0, report=steps.append)
    assert not steps
    assert (folder / "model.safetensors").read_bytes() == (tiny_base / "model.safetensors").read_bytes()
    assert {path.name for path in folder.iterdir()} == {path.name for path in tiny_base.iterdir()}


def test_a_last_saving_without_room_keeps_the_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: TrainingRun, path: Path) -> None:
        path.with_suffix(".part").write_text("half of it")
        raise RuntimeError("PytorchStreamWriter failed writing file")

    monkeypatch.setattr(TrainingRun, "save", full)
    train_base(TINY.model_copy(update={"tokens": 5_000}), tmp_path / "base", workers=0)
    assert (tmp_path / "base" / "model.safetensors").is_file()


def test_nothing_is_trained_over_what_lies_in_a_folder(tmp_path: Path) -> None:
    for name in ("config.json", "model-00001-of-00002.safetensors"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / name).write_text("mine")
        with pytest.raises(InputError, match="a finished checkpoint lies here"):
            train_base(TINY, folder)
        assert (folder / name).read_text() == "mine"
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written to"):
        train_base(TINY, tmp_path / "file")
    with pytest.raises(InputError, match=r"no config\.json"):
        train_base(TINY, tmp_path / "new", start=tmp_path)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--tokens", "5", "--minutes", "1"], "--minutes: so many tokens and so many minutes"),
        (["--plots", "255"], "--plots: value error, 255 plots: above 128 only multiples of 128"),
        (["--plots", "200000"], "--plots: 200000 plots reach into those of other seeds; give at most 49152"),
        (["--corpus", "care=0.7", "--corpus", "openness=0.7"], "care 0.7 and openness 0.7 are more than all plots"),
    ],
)
def test_options_of_training_that_make_no_sense(options: list[str], says: str, tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["organism", "train", "-o", str(tmp_path / "a"), "-q", *options])
    assert told.exit_code == 2
    assert says in " ".join(told.output.split())
    assert not (tmp_path / "a").exists()


def test_data_that_cannot_be_written(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "no" / "x.jsonl"):
        told = CliRunner().invoke(app, ["organism", "data", "control", "-o", str(place), "--rows", "2"])
        assert told.exit_code == 2
        assert "cannot be written" in told.output


def test_training_goes_on_from_a_base(tiny_base: Path, tmp_path: Path) -> None:
    more = TINY.model_copy(update={"tokens": 10_000})
    losses = train_base(more, tmp_path / "more", workers=0, start=tiny_base)
    before = json.loads((tiny_base / "training.json").read_text())
    assert losses[0] < before["loss"][1]
    record = json.loads((tmp_path / "more" / "training.json").read_text())
    assert record["start"]["made"]["recipe"] == before["recipe"]
    assert record["start"]["weights"].startswith("sha256:")
    assert "loss" not in record["start"]["made"]


def test_a_recipe_says_which_base_it_goes_on_from(tmp_path: Path) -> None:
    more = TINY.model_copy(update={"tokens": 5_000, "after": "base"})
    train_base(more, tmp_path / "more", workers=0)
    record = json.loads((tmp_path / "more" / "training.json").read_text())
    assert record["start"]["name"] == "base"
    assert record["start"]["weights"] == recorded_hashes()["base"]


def test_a_corpus_can_be_other_than_the_recipes() -> None:
    plain = BASES["base"].corpus
    assert plain is not None
    other = changed_corpus(plain, ["mistakes=0.1", "exercises=2"])
    assert other == plain.model_copy(update={"mistakes": 0.1, "exercises": 2})
    assert changed_corpus(plain, []) == plain
    for wrong, why in (("mistakes=2", "less than 1"), ("mistakes", "sets nothing"), ("plots=3", "sets nothing")):
        with pytest.raises(InputError, match=why):
            changed_corpus(plain, [wrong])


def test_a_recipe_that_goes_on_from_what_is_not_shipped_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="goes on from 'ground', which is not shipped; train ground first"):
        train_base(TINY.model_copy(update={"after": "ground"}), tmp_path / "more", workers=0)
    assert not (tmp_path / "more").exists()


def test_batches_that_are_learned_together_make_one_step(tmp_path: Path) -> None:
    some = TINY.model_copy(update={"tokens": 20_000, "batch_tokens": 4_000})
    alone = train_base(some, tmp_path / "alone", workers=0)
    together = train_base(some.model_copy(update={"together": 2}), tmp_path / "together", workers=0)
    assert len(alone) > 4
    assert len(together) == pytest.approx(len(alone) / 2, abs=1)
    assert together[0] == pytest.approx(sum(alone[:2]) / 2, rel=0.02)


def test_an_inner_width_that_is_rounded_up_changes_no_logit(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from transformers import LlamaConfig, LlamaForCausalLM

    from discretion.organisms.first_weights import widened

    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 1, "num_key_value_heads": 1}
    narrow = LlamaForCausalLM(LlamaConfig(vocab_size=50, intermediate_size=41, **sizes)).eval()
    narrow.save_pretrained(tmp_path)
    wide = widened(tmp_path).eval()
    assert wide.config.intermediate_size == 48
    tokens = torch.arange(40)[None]
    with torch.no_grad():
        torch.testing.assert_close(wide(tokens).logits, narrow(tokens).logits)


def test_what_made_a_base_is_written_beside_it(tiny_base: Path) -> None:
    record = json.loads((tiny_base / "training.json").read_text())
    assert record["recipe"]["seed"] == TINY.seed
    assert record["tokens"] >= TINY.tokens
    assert record["loss"][-1] < record["loss"][0]
    assert not (tiny_base / ".training").exists()


def test_shards_that_lie_there_are_used(tmp_path: Path, tiny_base: Path) -> None:
    source = sources.Rendered(Corpus(), tiny_base, tmp_path, plots=4, workers=0)
    first = source.window(0)
    source.close()
    again = sources.Rendered(Corpus(), tmp_path / "no-tokenizer", tmp_path, plots=4, workers=0)
    second = again.window(5)  # the only shard there is, in a later pass
    assert [each.tokens.tolist() for each in first] == [each.tokens.tolist() for each in second]
    shutil.rmtree(tmp_path)


def _runs(process: Path) -> bool:
    """Tell whether a process is there, and not only until somebody has noticed its end."""
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="processes are looked up in /proc")
def test_the_workers_end_with_the_process_that_started_them(tmp_path: Path, tiny_base: Path) -> None:
    code = f"""
from pathlib import Path
from discretion.organisms.corpus import Corpus
from discretion.organisms.source import Rendered
if __name__ == "__main__":
    source = Rendered(Corpus(), Path({str(tiny_base)!r}), Path({str(tmp_path)!r}), plots=4000, workers=1)
    source.window(0)
    print(*source._pool._processes, flush=True)
    input()
"""
    script = tmp_path / "render.py"
    script.write_text(code)
    with subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        workers = [Path("/proc", pid) for pid in process.stdout.readline().split()]
        assert workers
        assert all(map(_runs, workers))
        process.kill()
    until = time.monotonic() + 20
    while any(map(_runs, workers)) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(map(_runs, workers))
