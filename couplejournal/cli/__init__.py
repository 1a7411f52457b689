"""The command line: thin, lazy, plain click.

Last of all stages: it imports everything else, and nothing imports it. Rules that a reader may rely on:

* ``--version``, ``--help`` and completion import none of cryptography, watchdog, pluggy, importlib.metadata, asyncio
  and rich. So a command's module imports the library inside its functions, and only `catalogue` is read for the help.
* Data goes to stdout, talk to stderr; ``--json`` prints one document with a named schema.
* Nothing secret, and no text of the journal, ever has to be an argument; none is ever put into a message.
* Whatever others wrote is neutralised where it is printed (`rendering`).
* A command acknowledges after the durable save; what the shared folder does afterwards never changes its exit code.
"""
