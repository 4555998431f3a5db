"""Tests of the QuickBooks half of the sandbox."""
