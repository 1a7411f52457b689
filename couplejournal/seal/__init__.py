"""How can only we two read it? The only importer of ``cryptography``.

Stage 3 of 8. Before it: ops. After it: store. A reader may rely on this: what comes back from here was authenticated
whole, by a key and for a use that are named in what was signed or sealed; nothing is ever returned of bytes whose end
was not checked; only `segments` makes a `VerifiedSegment`. Spec: docs/spec/format.md 3, 4, 6, 7 and 11.
"""
