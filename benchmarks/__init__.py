"""Speed and memory of the product against the sandbox; run each script by hand, none is a timed test."""
