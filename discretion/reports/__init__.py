"""What people look at: the tables of a run and of a comparison, for a terminal."""

from discretion.reports.shapes import plain_table
from discretion.reports.tables import comparison_view, overview, run_view

__all__ = ["comparison_view", "overview", "plain_table", "run_view"]
