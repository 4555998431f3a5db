"""`st-qbo`: the commands of people who operate the integration.

What belongs here: reading a command line, starting processes, printing a table or one JSON document.
What does not: any decision about a document. Runs are started as `dagster` processes and the sandbox as
`python -m st_qbo_sandbox`; neither is imported.
"""
