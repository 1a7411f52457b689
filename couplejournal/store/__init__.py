"""Where is my own copy? The replica of a book, the keystore, the places of a device.

Stage 4 of 8. Before it: seal. After it: book. This stage sees bytes and names only, so it cannot leak words; what it
returned from is on the disk. Spec: docs/spec/format.md 2 and 11.
"""
