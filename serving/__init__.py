"""The graph store and the server that answers from it."""
