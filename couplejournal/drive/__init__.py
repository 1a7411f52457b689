"""Where do we meet? A folder that both can see, and that others may write to.

Stage 5 of 8. Before it: book. After it: sync.

What a reader may rely on:

- It sees names and sealed bytes only, so it cannot leak a word (docs/spec/sync.md 1).
- It never creates the root of a drive, never locks, never changes a mode, and deletes only what it is told to.
- Nothing that lies in the folder can make it block, follow a link, enter a foreign folder or read past a limit.
- A file appears whole under its final name, or not at all, wherever the file system can do so (docs/spec/sync.md 2).
- Whatever goes wrong is a `couplejournal.errors.DriveError` without a path in it; what is saved here stays safe.

`interface` says what a drive is; `folder` is the real one; `deadline` and `wrappers` add behaviour around any drive,
`apart` a process of its own where a mount can hang; `watch` shortens the waiting. Only `watch` imports watchdog, and
only when it starts.
"""
