"""The store: everything this integration remembers, in the schema `st_qbo` of one Postgres.

One module per table family over one `Database`; nothing here knows a vendor's client, Dagster or
what a record means. What was sent and what came back is `ledger`, which source became which
QuickBooks object is `links`, where every record stands is `states`, who decided is `audit`.
"""
