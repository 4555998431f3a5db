"""Tests of the sandbox's core: storage, clock, transport, controls."""
