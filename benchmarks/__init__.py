"""Figures beside their references, each measured in one run: `make bench`."""
