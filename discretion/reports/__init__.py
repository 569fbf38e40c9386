"""What people look at: tables for a terminal of a run and of a comparison, and the picture of an instance's flows."""

from discretion.reports.flow_picture import draw_flows
from discretion.reports.shapes import page, plain_table, stack
from discretion.reports.tables import comparison_view, overview, run_view

__all__ = ["comparison_view", "draw_flows", "overview", "page", "plain_table", "run_view", "stack"]
