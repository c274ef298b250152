"""The steps of compiling the gazetteer: sources, merge, policy, table."""
