"""Loading: decide what each payload needs in QuickBooks, then do it exactly once.

What belongs here: the pure plan (`plan`, `effective`, `voiding`), the verification of answers (`verify`),
the matching of names that exist on both sides (`matching`, `customers`, `items`, `adoption`), the write path
with its write-ahead intents (`apply`, `turn`, `probe`), what people did meanwhile (`rechecking`,
`drifting`), what records no longer are (`shapes`, `retiring`), closed books (`closed_books`, `adjusting`),
what comes along from other days (`bringing`) and the order of one day (`day`). What does not: how a record
becomes a payload (mapping), how QuickBooks is spoken to (quickbooks), where it is kept (store).
"""
