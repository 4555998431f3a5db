"""The command line without its processes."""
