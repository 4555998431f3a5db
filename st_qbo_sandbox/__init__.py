"""A faithful local ServiceTitan and QuickBooks Online over HTTP, for the demo and for tests.

Belongs here: what the two vendors do, and the data of a made-up contractor. Does not belong here: anything
of the product. The two share no code and no constants, so that each can prove the other wrong.
"""
