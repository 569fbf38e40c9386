"""The command line: thin, for every command calls what Python can call too.

Exit codes: 0 fine, 1 a gate failed, 2 bad input (one line that says what, where and what to do), 3 not enough evidence.
"""

from discretion.cli.application import app, main

__all__ = ["app", "main"]
