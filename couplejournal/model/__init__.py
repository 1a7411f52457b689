"""Stage 1 of 8: what did a person write? Before it: nothing. After it: ops.

Pure values: no disk, no clock, no chance, no cryptography; time and zone are always arguments. What a reader may
rely on:

- Every value is immutable and can be compared; contents, moments and entries can be put into sets.
- What comes from outside never raises here: `kinds.decode_content` answers with `content.RawContent` for what it does
  not know, `lifecycle.Lifecycle.fold` lists an illegal step instead of refusing it, `moment.Moment.claimed` bounds a
  time that no calendar has. Only what this person is about to write is checked, by `kinds.require_valid`.
- Unknown fields are kept and written back unchanged (docs/spec/format.md 8).
- Text is stored as it was written; `text.neutralised` makes it safe for a terminal wherever it is printed.

The modules, in the order in which they import each other: `text`, `clock`, `moment`, `lifecycle`, `content`,
`validity`, `kinds`, `entry`.
"""
