"""The right to correct: what is contested, where it stands, and how it is put right.

`contested` says what a person wants right; `decide` makes the plan of it (pure), `readings` reads what
stands where for `planning`, `carry_out` does it and reads back, `confirm` compares (pure), `cases` has the use cases.
Sources: Cal. Civ. Code 1798.106; 11 CCR 7023 (correct), 7060(h) (verification).
"""
