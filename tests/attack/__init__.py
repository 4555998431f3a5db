"""The whole pipeline under attack: killed, cut off, lied to, mutated, edited behind its back.

What belongs here: the real assets on a Dagster instance, a real Postgres and the sandbox in a process of
its own; what is asserted is read from the sandbox, never from the product. What does not: anything one
module can prove by itself (unit), or two (integration).

    pytest ── arena ─┬─ Postgres (one server; a fresh database a world)
                     ├─ lanes: sandbox processes, each reseeded for every world
                     └─ zygote: a process that has imported the product once; forks a session a run
    world   = one lane + one database + one frames folder     (`world`)
    session = one forked process of the product, obeying lines of JSON until it ends or is killed (`session`)
"""
