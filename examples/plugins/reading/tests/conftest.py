"""The fixtures of couplejournal: journal, pair, clock, cli, plugin_host."""

pytest_plugins = ["couplejournal.testing.fixtures"]
