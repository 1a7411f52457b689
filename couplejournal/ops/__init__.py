"""What changed? The closed set of operations, their strict codec, their links, and who belongs.

Stage 2 of 8. Before it: model. After it: seal. Pure: no disk, no clock, no cryptography beyond hashing; the same
operations in any order give the same answer. Spec: docs/spec/format.md 0, 3, 4 and 5.
"""
