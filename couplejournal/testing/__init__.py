"""The public kit for tests: clocks, drives, pairs, sample data, leak search and contract suites.

It stands on top of everything and may be used by plugins and by programs that build on couplejournal. Each fake passes
the contract suite of the real thing that it stands for.
"""
