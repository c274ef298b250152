"""Training recipes of the shipped models: `python -m models.ner`, `.sentiment`, `.relevance`.

Nothing in here is needed at run time. The recipes need `models/requirements.txt`.
"""
