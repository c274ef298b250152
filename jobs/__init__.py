"""Flink topologies: wiring only, each one fits a screen and reads like the README's diagram."""
