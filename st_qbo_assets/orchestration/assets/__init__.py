"""The assets of one company, a module a stage; each only joins what the stages offer."""
