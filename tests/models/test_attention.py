"""Attention keeps off the kernels that plan for every shape, where there is a GPU, and only while it is asked to."""

from __future__ import annotations

import pytest

from discretion.models.attention import any_shape

pytestmark = pytest.mark.local


def test_on_a_gpu_no_plan_is_made_for_a_shape() -> None:
    torch = pytest.importorskip("torch")
    before = torch.backends.cuda.cudnn_sdp_enabled()
    with any_shape(torch.device("cuda")):
        assert not torch.backends.cuda.cudnn_sdp_enabled()
        assert torch.backends.cuda.flash_sdp_enabled()
        assert torch.backends.cuda.mem_efficient_sdp_enabled()
    assert torch.backends.cuda.cudnn_sdp_enabled() == before


def test_elsewhere_nothing_changes() -> None:
    torch = pytest.importorskip("torch")
    before = torch.backends.cuda.cudnn_sdp_enabled()
    with any_shape(torch.device("cpu")):
        assert torch.backends.cuda.cudnn_sdp_enabled() == before
