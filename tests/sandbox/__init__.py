"""Tests of the sandbox, by raw HTTP and without the product."""
