"""Tests of the product and of the sandbox."""
