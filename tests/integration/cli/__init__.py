"""Commands as a user runs them, on a real database and the sandbox over HTTP."""
