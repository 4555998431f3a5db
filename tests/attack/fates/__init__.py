"""Histories of documents: people act in both products, the product syncs, and the books are checked.

    town       the small contractor whose history it is: lists of both products, and the company file
    wire       requests of the product handed to the sandbox in this process, without a socket
    office     one sandbox, one ledger, and the product's pipeline run step by step without Dagster
    rulebook   what the books should be, from ServiceTitan's records and the rules alone
    books      what the books are, from the sandbox's own objects and ledger
    people     how people find documents and act on them: selling, crediting, bookkeeping
    judge      what must hold after a sync, given what has happened
    history    the state machine: people act, the product syncs, the judge judges
    ground     starts and ends what histories stand on

Nothing of the product is imported but what is needed to run it (`office`); `rulebook` and `books` know
only the two products' own shapes.
"""
