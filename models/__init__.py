"""Training recipes of the shipped models: `python -m models.ner`, `.multitask`, `.relevance`, `.fraud`.

Nothing in here is needed at run time. The recipes need `models/requirements.txt`.
"""
