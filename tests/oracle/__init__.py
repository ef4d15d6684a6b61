"""An independent judge: it reckons from the raw rows of both systems what has to become of everybody.

It is slow and obvious, written from the specification alone, and imports nothing of the product: whoever compares the
two compares two readings of one specification. `rows` reads, `addresses` says what an address is, `memory` keeps what
once was known, `reckoning` gives the verdicts. What is compared, and with which random worlds, stands beside it:
`histories` draws them, `edits` are the changes that people make, `trial` lets the product go through one and compares.
"""
