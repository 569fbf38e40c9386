"""The engine that writes: rows that share steps and keep what they have read, or `generate` for all other models."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from discretion.errors import ModelFault
from discretion.models.kv_memory import free_bytes, token_bytes
from discretion.models.kv_rows import KeyValueRows
from discretion.models.noise import Noise
from discretion.models.prefixes import Prefixes
from discretion.models.protocol import Sampling
from discretion.models.trying_out import alike, longest_alike, takes_padding, tokens_to_try
from discretion.models.waiting import Waiting, need
from discretion.models.weights import Weights
from discretion.models.whole_turns import Prompt, generated

if TYPE_CHECKING:
    import torch

__all__ = ["Decoder", "error_line"]

_LONG: Final = 256  # tokens; a row with as many to read fills a pass, and what it reads may serve the next
_PASS: Final = 4096  # tokens that are read in one pass at most, where it has several rows


class _Row:
    """A turn in the making."""

    def __init__(self, ticket: int, prompt: Prompt) -> None:
        self.ticket = ticket
        self.prompt = prompt
        self.wrote: list[int] = []
        self.tokens = np.asarray(prompt.tokens, dtype=np.int32)
        self.noise: torch.Generator | None = None


class Decoder:
    """Writes several turns at once. What a turn becomes does not depend on which others it shares its steps with.

    Keys and values are kept: a turn reads only what was added to its conversation since the last, or what tells it
    from another that begins in the same way. That, and rows that join and leave between steps, needs a model whose
    layers all attend to everything before; whether this one is such a model is tried out on a few tokens, and the
    others write with transformers' own `generate`, a batch at a time, or a turn at a time where a batch reads its
    padding or where positions depend on the longest of it.

    "Does not depend" is meant up to the float: sums in another order differ in their last bits, so that tokens whose
    logits (for a draw: logits and noise) are tied to about 1e-5 in float32, 1e-1 in bfloat16, may change places.

    Args:
        weights: The base.
        adapter: On top of it.
        sampling: Greedy, or drawn.
        stops: Tokens that end a turn.
        pad: A token for where there is none.
        size: The most rows.
        where: For errors.
    """

    def __init__(
        self,
        weights: Weights,
        adapter: Path | None,
        *,
        sampling: Sampling,
        stops: frozenset[int],
        pad: int,
        size: int,
        where: str,
    ) -> None:
        self._weights = weights
        self._adapter = adapter
        self._sampling = sampling
        self._stops = stops
        self._pad = pad
        self._size = size
        self._where = where
        self._rows: list[_Row] = []
        self._held: KeyValueRows  # where the model can be run in rows
        budget = free_bytes(weights.device)
        self._budget = budget // 3  # as much again is needed for a moment where rows grow
        self.prefixes = Prefixes(budget // 4)
        self.read_tokens = 0
        """How many prompt tokens went through the model."""
        self._vocabulary = int(weights.model.get_input_embeddings().weight.shape[0])
        config, dtype = weights.model.config.get_text_config(), weights.model.dtype
        self._alike = longest_alike(config)
        self.continuous = self._try_out()
        self._waiting = Waiting(
            size,
            self._budget,
            self._held.token_bytes if self.continuous else token_bytes(config, dtype.itemsize),
            alike=self._alike,
            batches=self.continuous or self._try_a_batch(),
        )

    @property
    def running(self) -> int:
        """How many turns it is at."""
        return len(self._rows) + len(self._waiting)

    @property
    def room(self) -> int:
        """How many more it takes; what turns out too long for the memory that is left waits until others are done."""
        if self._waiting:
            return 0
        return max(0, self._waiting.most(need(row.prompt) for row in self._rows) - len(self._rows))

    def drop(self, tickets: Collection[int]) -> None:
        """Take out turns that nobody wants any more."""
        import torch

        self._waiting.drop(tickets)
        with torch.inference_mode():
            for place in reversed(range(len(self._rows))):
                if self._rows[place].ticket in tickets:
                    self._take_out(place)

    def step(self, new: Sequence[tuple[int, Prompt]]) -> list[tuple[int, list[int] | Exception]]:
        """Take new rows, add a token to each, and return what is finished: tokens, the one that ended it included.

        Where the pass fails, its halves are tried, so that memory or one bad row fails as few as possible.
        """
        self._waiting.add(new)
        mine = [*((row.ticket, row.prompt) for row in self._rows), *self._waiting]
        try:
            return self._step()
        except Exception as error:
            if type(error).__name__ == "OutOfMemoryError":
                self._waiting.size = max(1, self._waiting.size // 2)
            problem = error_line(error)
        self._start_over()
        # What a row has finished in the pass that failed is lost with it, and comes out the same again.
        return self._halves(mine, problem)

    def _halves(self, asked: Sequence[tuple[int, Prompt]], problem: str) -> list[tuple[int, list[int] | Exception]]:
        if len(asked) == 1:
            return [(asked[0][0], self._fault(f"generation failed ({problem})", "lower the batch size"))]
        ended: list[tuple[int, list[int] | Exception]] = []
        for half in (asked[: len(asked) // 2], asked[len(asked) // 2 :]):
            try:
                self._waiting.add(half)
                done = self._step()
                while self.running:
                    done += self._step()
            except Exception as error:
                problem = error_line(error)
                self._start_over()
                done = self._halves(half, problem)
            ended += done
        return ended

    def _fault(self, what: str, remedy: str) -> ModelFault:
        return ModelFault(what, where=self._where, remedy=remedy)

    def _start_over(self) -> None:
        self._rows.clear()
        self._waiting.clear()
        self.prefixes.clear()
        if self.continuous:
            self._held = self._new_rows()

    def _step(self) -> list[tuple[int, list[int] | Exception]]:
        import torch

        ended: list[tuple[int, list[int] | Exception]] = []
        with torch.inference_mode(), self._weights.speaking(self._adapter) as model:
            if self._waiting and not (self.continuous and self._waiting.in_company()):
                ended = self._generate(model, self._waiting.batch())
            if self.continuous:
                if joining := self._waiting.joining([row.prompt for row in self._rows]):
                    self._join(model, [_Row(ticket, prompt) for ticket, prompt in joining])
                elif self._rows:
                    lengths = [len(row.tokens) + len(row.wrote) for row in self._rows]
                    logits = self._forward(model, [row.wrote[-1:] for row in self._rows], lengths, 0)
                    self._write(self._rows, logits)
                ended += self._leave()
        return ended

    def _join(self, model: Any, rows: list[_Row]) -> None:
        """Read the prompts of new rows, as little as need be, those with about as much to read in one pass."""
        asked = [row.prompt for row in (*self._rows, *rows)]
        self._held.expect(len(asked), max(map(need, asked)))
        while rows:
            found = [(row, *self.prefixes.find(row.tokens)) for row in rows]
            found.sort(key=lambda each: len(each[0].tokens) - each[1])
            longest = len(found[0][0].tokens) - found[0][1]
            most = 1 if longest > _LONG else _PASS // min(_LONG, 2 * longest + 16)
            group = [each for each in found if len(each[0].tokens) - each[1] <= min(_LONG, 2 * longest + 16)]
            group = group[:most] or found[:1]
            reads = max(len(row.tokens) - known for row, known, _ in group)
            first = len(self._rows)
            for place, (row, _, remembered) in enumerate(group, first):
                known = len(row.tokens) - reads  # all read equally much, rather than pad
                if remembered is not None and known > 0:
                    self._held.copy_in(place, remembered.held[..., :known, :])
                if self._sampling.temperature:
                    row.noise = Noise.seeded(row.prompt.seed, self._weights.device)
            joined = [row for row, _, _ in group]
            lengths = [len(row.tokens) for row in joined]
            logits = self._forward(model, [row.prompt.tokens[-reads:] for row in joined], lengths, first)
            self.read_tokens += sum(min(reads, length) for length in lengths)
            self._rows += joined
            self._write(joined, logits)
            rows = [row for row in rows if row not in joined]
            if rows and reads > _LONG and joined[0].wrote[-1] >= 0:
                self._remember(first, joined[0], len(joined[0].tokens))

    def _forward(self, model: Any, tokens: list[list[int]], lengths: list[int], first: int) -> torch.Tensor:
        """Pass the last tokens of consecutive rows through the model and return the logits of what follows."""
        import torch

        wide = max(map(len, tokens))
        padded = [[self._pad] * (wide - len(row)) + row for row in tokens]
        positions = [list(range(length - wide, length)) for length in lengths]
        device = self._weights.device
        at = torch.tensor(positions, device=device)
        mask = self._held.place(at, lengths, first)
        output = model(
            input_ids=torch.tensor(padded, device=device),
            position_ids=at.clamp(min=0),
            attention_mask=mask,
            past_key_values=self._held,
            use_cache=True,
            logits_to_keep=1,
        )
        logits: torch.Tensor = output.logits[:, -1]
        return logits

    def _write(self, rows: Sequence[_Row], logits: torch.Tensor) -> None:
        if self._sampling.temperature:
            logits = Noise.added(logits, self._sampling.temperature, [row.noise for row in rows])
        chosen = logits.argmax(-1).where(~logits.isnan().any(-1), -1)
        for row, token in zip(rows, chosen.tolist(), strict=True):
            row.wrote.append(token)

    def _leave(self) -> list[tuple[int, list[int] | Exception]]:
        """Take out what is finished."""
        ended: list[tuple[int, list[int] | Exception]] = []
        for place in reversed(range(len(self._rows))):
            row = self._rows[place]
            if row.wrote[-1] >= 0 and row.wrote[-1] not in self._stops and len(row.wrote) < row.prompt.room:
                continue
            if row.wrote[-1] < 0:
                ended.append((row.ticket, self._fault("its logits are no numbers", "ask for dtype float32")))
                self._held.wipe(place)
            else:
                ended.append((row.ticket, row.wrote))
                self._remember(place, row, len(row.tokens) + len(row.wrote) - 1)
            self._take_out(place)
        return ended

    def _take_out(self, place: int) -> None:
        """Let the last row move into the place of another, which is forgotten."""
        row, last = self._rows[place], self._rows.pop()
        if last is not row:
            self._held.move(len(self._rows), place, len(last.tokens) + len(last.wrote) - 1)
            self._rows[place] = last

    def _remember(self, place: int, row: _Row, length: int) -> None:
        tokens = [*row.prompt.tokens, *row.wrote][:length]
        self.prefixes.add(tokens, len(row.tokens), lambda: self._held.copy_out(place, length), self._held.token_bytes)

    def _new_rows(self) -> KeyValueRows:
        return KeyValueRows(self._layers, self._size, self._weights.device, self._budget)

    def _try_out(self) -> bool:
        """Tell whether the model can be run in rows: whether that gives the logits that it gives by itself."""
        import torch
        from transformers import DynamicCache
        from transformers.cache_utils import DynamicLayer

        prompts = tokens_to_try(self._vocabulary, 12, 5, 9)
        try:
            config = self._weights.model.config.get_text_config()
            layers = DynamicCache(config=config).layers
            self._layers = int(config.num_hidden_layers)
            if len(layers) != self._layers or any(type(layer) is not DynamicLayer for layer in layers):
                return False
            self._held = self._new_rows()
            with torch.inference_mode(), self._weights.speaking(self._adapter) as model:
                alone = [model(input_ids=torch.tensor([p], device=self._weights.device)).logits[0, -1] for p in prompts]
                lengths = [len(prompt) for prompt in prompts]
                self._forward(model, [prompt[:-2] for prompt in prompts], [length - 2 for length in lengths], 0)
                self._forward(model, [prompt[-2:-1] for prompt in prompts], [length - 1 for length in lengths], 0)
                rows = self._forward(model, [prompt[-1:] for prompt in prompts], lengths, 0)
            return alike(torch.stack(alone), rows, self._weights.model.dtype)
        except Exception:  # whatever a model does not take, `generate` knows how to give
            return False

    def _try_a_batch(self) -> bool:
        with self._weights.speaking(self._adapter) as model:
            return takes_padding(model, self._vocabulary, self._pad)

    def _generate(self, model: Any, batch: Sequence[tuple[int, Prompt]]) -> list[tuple[int, list[int] | Exception]]:
        """Write whole turns."""
        import torch

        prompts = [prompt for _, prompt in batch]
        self.read_tokens += sum(len(prompt.tokens) for prompt in prompts)
        if self._alike is not None:  # `dynamic` frequencies outlive a long turn; a short pass sets them back
            model(input_ids=torch.tensor([prompts[0].tokens[:1]], device=self._weights.device))
        written = generated(model, prompts, temperature=self._sampling.temperature, stops=self._stops, pad=self._pad)
        return list(zip((ticket for ticket, _ in batch), written, strict=True))


def error_line(error: Exception) -> str:
    """Return the message of an error of any library, on one line."""
    return " ".join(str(error).split())[:200] or type(error).__name__
