"""Keys and values of rows of unequal length, side by side in one tensor, so that no row is padded by another's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import torch

__all__ = ["KeyValueRows", "stepped"]

_STEP: Final = 64  # the width grows in multiples of this


class KeyValueRows:
    """A cache in which row `i` holds its own tokens from column 0 on, whatever the others hold.

    The caches of transformers give all rows one length, so that a row which joins is padded to it and the whole cache
    is copied at every step; here a step writes one column of each row in place. Models call `update`, and give
    themselves to be steered by positions and mask.

    Args:
        layers: Of the model.
        most: The most rows.
        device: Where they lie.
        budget: Bytes up to which more is taken than is needed, so as to grow less often.
    """

    def __init__(self, layers: int, most: int, device: torch.device, budget: int) -> None:
        self._layers = layers
        self._most = most
        self._device = device
        self._budget = budget
        self._due = 0, 0
        self._held: torch.Tensor | None = None  # keys and values of each layer in turn, row, head, column, dimension
        self._rows = self._columns = self._width = 0
        self._first = self._last = 0
        self._at: tuple[torch.Tensor, torch.Tensor]

    @property
    def token_bytes(self) -> int:
        """What one token takes, in bytes; 0 until the first is held."""
        if self._held is None:
            return 0
        return self._held.shape[0] * self._held.shape[2] * self._held.shape[4] * self._held.element_size()

    @property
    def size(self) -> int:
        """How many bytes are held."""
        return self._rows * self._columns * self.token_bytes

    def expect(self, rows: int, columns: int) -> None:
        """Say how many rows and columns will be in use at most, until this is said again; what lies beyond may go."""
        self._due = rows, stepped(columns)
        if self.size > self._budget:  # what was wide for one that has gone
            self._reshape(*self._due)

    def place(self, positions: torch.Tensor, lengths: list[int], first: int) -> torch.Tensor:
        """Say where the tokens of the next pass go, and return its attention mask.

        Args:
            positions: Of each token in its row, rows x tokens; negative for padding, which stands on the left.
            lengths: Of the rows, the tokens of this pass included.
            first: The first of the rows; the others follow it.
        """
        import torch

        self._first, self._last = first, first + len(lengths)
        self._width = max(lengths)
        self._grow(self._last, self._width)
        rows = torch.arange(self._first, self._last, device=self._device)[:, None]
        if positions.shape[1] > 1:  # padding goes behind the row's end, where nothing looks before it is written over
            ends = torch.tensor(lengths, device=self._device)[:, None]
            self._at = rows, torch.where(positions < 0, ends - positions - 1, positions)
        else:
            self._at = rows, positions
        columns = torch.arange(self._width, device=self._device)
        return columns[None, None, None, :] <= positions.clamp(min=0)[:, None, :, None]

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, layer_idx: int, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write the keys and values of a layer, and return all that its rows hold; the model calls this."""
        import torch

        if self._held is None:
            heads, size = key_states.shape[1], key_states.shape[3]
            shape = (2 * self._layers, self._rows, heads, self._columns, size)  # the fastest for attention on a CPU
            # Zeros, since what the mask hides still counts if it is no number: 0 times that is none either.
            self._held = torch.zeros(shape, dtype=key_states.dtype, device=self._device)
        keys, values = self._held[2 * layer_idx], self._held[2 * layer_idx + 1]
        at, columns = self._at
        keys[at, :, columns] = key_states.transpose(1, 2)
        values[at, :, columns] = value_states.transpose(1, 2)
        rows = slice(self._first, self._last)
        return keys[rows, :, : self._width], values[rows, :, : self._width]

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Return the columns in use."""
        return self._width

    def copy_out(self, row: int, length: int) -> torch.Tensor:
        """Return a copy of what a row holds of its first `length` tokens, those along the last dimension but one."""
        return self._all()[:, row, :, :length].clone()

    def copy_in(self, row: int, held: torch.Tensor) -> None:
        """Begin a row with tokens that were copied out."""
        self._grow(row + 1, held.shape[-2])
        self._all()[:, row, :, : held.shape[-2]] = held

    def move(self, source: int, target: int, length: int) -> None:
        """Let one row take the place of another."""
        if source != target:
            held = self._all()
            held[:, target, :, :length] = held[:, source, :, :length]

    def wipe(self, row: int) -> None:
        """Make numbers again of what a row holds."""
        self._all()[:, row] = 0

    def _all(self) -> torch.Tensor:
        if self._held is None:
            raise RuntimeError("nothing was read yet")
        return self._held

    def _grow(self, rows: int, columns: int) -> None:
        """Make room; what is held stays."""
        if rows <= self._rows and columns <= self._columns:
            return
        spare = self._rows, self._columns
        if rows > self._rows:
            spare = min(max(rows, 2 * self._rows), max(self._most, rows)), self._columns
        if columns > self._columns:
            spare = spare[0], stepped(max(columns, self._columns + self._columns // 4))
        if spare[0] * spare[1] * self.token_bytes > self._budget:
            spare = max(rows, self._due[0]), max(stepped(columns), self._due[1])
        self._reshape(*spare)

    def _reshape(self, rows: int, columns: int) -> None:
        old, self._rows, self._columns = self._held, rows, columns
        if old is not None:
            self._held = old.new_zeros((old.shape[0], rows, old.shape[2], columns, old.shape[4]))
            both = slice(min(rows, old.shape[1])), slice(None), slice(min(columns, old.shape[3]))
            self._held[:, *both] = old[:, *both]


def stepped(columns: int) -> int:
    """Return the width that has place for so many columns."""
    return -(-columns // _STEP) * _STEP
