"""The `wiregraph` command: the only package that may import both the jobs and the serving side."""
