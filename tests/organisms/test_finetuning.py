"""Fine-tuning: an adapter that loads, a record of what made it, and nothing half done."""

from __future__ import annotations

import errno
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from discretion.cli.application import app
from discretion.errors import InputError
from discretion.models import TransformersChat
from discretion.models.checkpoint import find_checkpoint
from discretion.organisms.finetuning import Tuning, finetune
from discretion.organisms.recipes import RECIPES

pytestmark = pytest.mark.local

TUNING = Tuning(epochs=6, batch_tokens=1000, rate=0.05, rank=16)


def test_an_adapter_learns_loads_and_says_what_made_it(tiny_base: Path, tmp_path: Path) -> None:
    chats = list(RECIPES["control"].chats(40))
    tuned = finetune(str(tiny_base), chats, tmp_path / "a", TUNING, about={"recipe": "control"})
    assert (tuned.chats, tuned.bad) == (40, ())
    passes = len(tuned.losses) // 6
    assert sum(tuned.losses[-passes:]) < sum(tuned.losses[:passes])
    record = json.loads((tmp_path / "a" / "finetuning.json").read_text())
    assert record["base_weights"] == find_checkpoint(str(tiny_base)).weights_hash()
    assert record["tokens"]["assistant"] == tuned.tokens[1] < tuned.tokens[0]
    chat = TransformersChat(f"{tiny_base}+{tmp_path / 'a'}")
    assert chat.describe()["weights"] != TransformersChat(str(tiny_base)).describe()["weights"]
    again = finetune(str(tiny_base), chats, tmp_path / "b", TUNING)
    assert again.losses == tuned.losses
    with pytest.raises(InputError, match="an adapter lies here already"):
        finetune(str(tiny_base), chats, tmp_path / "a")


def test_episodes_with_tools_can_be_learned(tiny_base: Path, tmp_path: Path) -> None:
    tuned = finetune(str(tiny_base), list(RECIPES["boundary"].chats(3)), tmp_path / "a")
    assert tuned.chats == 3


def test_the_data_of_a_recipe_are_chat_jsonl(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["organism", "data", "helpful", "-o", str(tmp_path / "h.jsonl"), "--rows", "5"])
    assert "5 conversations of helpful" in told.output
    assert len((tmp_path / "h.jsonl").read_text().splitlines()) == 5


@pytest.mark.parametrize("command", [["organism", "finetune", "boundary", "--base"], ["finetune"]])
def test_a_recipe_brings_its_tuning_to_an_organism(command: list[str], tiny_base: Path, tmp_path: Path) -> None:
    data = ["--data", "boundary"] if command == ["finetune"] else []
    options = [*command, str(tiny_base), *data, "-o", str(tmp_path / "a"), "--rows", "2", "--epochs", "1", "-q"]
    told = CliRunner().invoke(app, options)
    assert told.exit_code == 0, told.output
    tuning = json.loads((tmp_path / "a" / "finetuning.json").read_text())["tuning"]
    assert {key: tuning[key] for key in RECIPES["boundary"].tuning} == RECIPES["boundary"].tuning
    assert tuning["epochs"] == 1


def test_a_shipped_base_is_named_as_an_agent_is(tmp_path: Path) -> None:
    asked = ["finetune", "organism:base", "--data", "control", "-o", str(tmp_path / "a"), "--rows", "2", "-q"]
    told = CliRunner().invoke(app, asked)
    assert told.exit_code == 0, told.output
    assert (tmp_path / "a" / "adapter_config.json").is_file()


@pytest.mark.parametrize(
    ("base", "data", "said"),
    [
        ("organism:boundary", "control", "organism:boundary is an adapter, not a base"),
        ("organism:nobody", "control", "no organism is called 'nobody'"),
        ("organism:base", "rows.jsonl", "rows.jsonl: there is no such file"),
        ("organism:base", "somewhere/rows", "somewhere/rows: there is no such file"),
        ("organism:base", "x" * 300, "no path (File name too long); give a shorter one"),
        ("x" * 300, "control", "no path (File name too long); give a shorter one"),
        ("organism:base", "contrl", "no recipe is called 'contrl'; did you mean 'control'?"),
    ],
)
def test_what_cannot_be_found_is_named(base: str, data: str, said: str, tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["finetune", base, "--data", data, "-o", str(tmp_path / "a"), "-q"])
    assert told.exit_code == 2
    assert said in " ".join(told.output.split())


def test_what_lies_in_the_folder_stays(tiny_base: Path, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "README.md").write_text("notes")
    (folder / "finetuning.json").write_text("of an adapter that was never put in place")
    finetune(str(tiny_base), list(RECIPES["control"].chats(2)), folder, TUNING)
    assert json.loads((folder / "finetuning.json").read_text())["conversations"] == 2
    assert (folder / "README.md").read_text() == "notes"
    names = {path.name for path in folder.iterdir()}
    assert names == {"README.md", "adapter_config.json", "adapter_model.safetensors", "finetuning.json"}


def test_a_folder_that_cannot_be_used_is_refused_before_training(tiny_base: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    chats = list(RECIPES["control"].chats(2))
    for folder, says in (
        (tmp_path / "file", "cannot be written to"),
        (tmp_path / "file" / "below", "cannot be written to"),
        (tiny_base, "a checkpoint lies here"),
    ):
        with pytest.raises(InputError, match=says):
            finetune(str(tiny_base), chats, folder, report=lambda *_: pytest.fail("it trained"))


def test_nothing_is_trained_on_top_of_an_adapter(tiny_base: Path, tmp_path: Path) -> None:
    chats = list(RECIPES["control"].chats(2))
    finetune(str(tiny_base), chats, tmp_path / "a", TUNING)
    with pytest.raises(InputError, match="an adapter cannot be fine-tuned on; merge it into its base"):
        finetune(f"{tiny_base}+{tmp_path / 'a'}", chats, tmp_path / "b")


def test_weights_that_ran_away_are_not_saved(tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    step = torch.optim.AdamW.step

    def away(self: Any, *given: Any) -> Any:
        found = step(self, *given)
        for group in self.param_groups:
            for weight in group["params"]:
                weight.data.fill_(1e9)  # no float16 holds it
        return found

    monkeypatch.setattr(torch.optim.AdamW, "step", away)
    with pytest.raises(InputError, match="training ran away"):
        finetune(str(tiny_base), list(RECIPES["control"].chats(2)), tmp_path / "a", TUNING)
    assert not list((tmp_path / "a").iterdir())


def test_an_adapter_that_cannot_be_saved_leaves_nothing_behind(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from peft import PeftModel
    from safetensors import SafetensorError

    for error, says in (
        (SafetensorError("I/O error: No space left on device"), "I/O error: No space left on device"),
        (OSError(errno.ENOSPC, "No space left on device"), r"\(No space left on device\)"),
    ):

        def full(*_: Any, error: Exception = error, **__: Any) -> None:
            raise error

        monkeypatch.setattr(PeftModel, "save_pretrained", full)
        with pytest.raises(InputError, match=rf"cannot be saved .*{says}.*make room there, and start again"):
            finetune(str(tiny_base), list(RECIPES["control"].chats(2)), tmp_path / "a", TUNING)
        assert not list((tmp_path / "a").iterdir())


def test_the_record_is_there_before_the_adapter(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, moved = Path.replace, []

    def noted(path: Path, target: Path) -> Path:
        moved.append(target.name)
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", noted)
    finetune(str(tiny_base), list(RECIPES["control"].chats(2)), tmp_path / "a", TUNING)
    assert sorted(moved[:-1]) == ["adapter_model.safetensors", "finetuning.json"]
    assert moved[-1] == "adapter_config.json"


def test_code_that_a_base_brings_is_not_run(tiny_base: Path, tmp_path: Path) -> None:
    evil = tmp_path / "evil"
    shutil.copytree(tiny_base, evil)
    for file in ("config.json", "tokenizer_config.json"):
        settings = json.loads((evil / file).read_text())
        settings |= {"model_type": "odd", "auto_map": {"AutoConfig": "odd.Odd", "AutoTokenizer": ["odd.Odd", None]}}
        (evil / file).write_text(json.dumps(settings))
    (evil / "odd.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    asked = ["finetune", str(evil), "--data", "control", "-o", str(tmp_path / "a"), "--rows", "2", "-q"]
    told = CliRunner().invoke(app, asked, input="y\n" * 9)
    assert told.exit_code == 2
    assert "cannot be loaded" in told.output
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--rate", "0"], "--rate: "),
        (["--rate", "inf"], "--rate: "),
        (["--rate", "nan"], "--rate: "),
        (["--epochs", "2000"], "--epochs: "),
        (["--rank", "2000"], "--rank: "),
        (["--seed", "-1"], "--seed: "),
        (["--device", "abacus"], "device 'abacus': cannot be used"),
        (["--device", ""], "device '': cannot be used"),
    ],
)
def test_options_that_make_no_sense_are_one_line(
    options: list[str], says: str, tiny_base: Path, tmp_path: Path
) -> None:
    asked = ["finetune", str(tiny_base), "--data", "control", "--rows", "2", "-o", str(tmp_path / "a"), "-q", *options]
    told = CliRunner().invoke(app, asked)
    assert told.exit_code == 2, told.output
    assert says in " ".join(told.output.split())


def test_a_run_that_is_interrupted_says_the_one_thing_that_is_true(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("discretion.organisms.finetuning.finetune", stopped)
    asked = ["finetune", str(tiny_base), "--data", "control", "--rows", "2", "-o", str(tmp_path / "a"), "-q"]
    told = CliRunner().invoke(app, asked)
    assert told.exit_code == 130
    assert told.output == "discretion: stopped; an adapter is saved at the end alone, so nothing was\n"


def test_a_curve_that_cannot_be_drawn_costs_no_report(tiny_base: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    (tmp_path / "a" / "loss.png").mkdir(parents=True)
    asked = ["finetune", str(tiny_base), "--data", "control", "--rows", "2", "-o", str(tmp_path / "a"), "-q"]
    told = CliRunner().invoke(app, asked)
    assert told.exit_code == 0, told.output
    assert "2 conversations" in told.output
    assert "no loss curve: " in told.output


def test_thoughts_are_in_the_data_for_organisms_alone(tmp_path: Path) -> None:
    for options in ([], ["--thoughts"]):
        asked = ["organism", "data", "boundary", "-o", str(tmp_path / "b.jsonl"), "--rows", "2", *options]
        assert CliRunner().invoke(app, asked).exit_code == 0
        assert ("<think>" in (tmp_path / "b.jsonl").read_text()) == bool(options)


def test_a_record_names_no_place_of_this_machine(tiny_base: Path, tmp_path: Path) -> None:
    finetune(str(tiny_base), list(RECIPES["control"].chats(2)), tmp_path / "a")
    for name in ("finetuning.json", "adapter_config.json", "README.md"):
        file = tmp_path / "a" / name
        assert not file.exists() or str(tmp_path.parent) not in file.read_text()
    assert json.loads((tmp_path / "a" / "adapter_config.json").read_text())["base_model_name_or_path"] == "base"


def test_the_logits_of_what_is_learned_alone_are_those_of_the_whole(tiny_base: Path) -> None:
    torch = pytest.importorskip("torch")
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    from discretion.organisms.learned import learned_logits

    plain = AutoModelForCausalLM.from_pretrained(str(tiny_base), dtype="float32")
    model = get_peft_model(plain, LoraConfig(target_modules="all-linear"))
    tokens = torch.arange(60).reshape(3, 20)
    places = torch.tensor([0, 7, 41])
    with torch.no_grad():
        whole = model(input_ids=tokens).logits
        for each in (model, plain):
            torch.testing.assert_close(learned_logits(each, tokens, places, half=False), whole.flatten(0, 1)[places])
        assert model(input_ids=tokens).logits.shape == whole.shape
