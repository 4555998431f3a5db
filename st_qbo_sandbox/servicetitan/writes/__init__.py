"""What writes do, one module per ServiceTitan module; `WRITES` names the handler of each operation.

Belongs here: the effect of a write on the records. Does not belong here: reading the body (`shapes.py`) or
answering (`dispatch.py`).
"""
