"""Tests of the sandbox's ServiceTitan."""
