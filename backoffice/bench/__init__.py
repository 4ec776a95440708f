"""Measuring the live page on a running desk: what its watchers cost, and how soon they see."""
