"""What ServiceTitan's own specifications say of the operations served here, as data.

Belongs here: the extract (`*.json`: paths, parameters, types, enums, required), its generator, and reading
it. Does not belong here: any behaviour, or the texts of the specifications.
"""
