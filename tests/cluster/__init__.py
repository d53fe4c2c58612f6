"""A cluster of `sluice serve` on this machine, whose parts and connections can be broken: what tests/chaos.py and
tests/nodes.py are made of."""
