"""Lets `python -m discretion` do what `discretion` does."""

from discretion.cli import main

main()
