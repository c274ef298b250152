"""The replay job: `python -m jobs.replay PLAN ...`, the news job over the offsets of a plan, into another graph.

It reads to the ends that the plan fixes, keeps what lies in its range of event times, and leaves a file beside the
plan when all is in the changelog. Refused and late records are in the topics of the live job already, so it
writes neither.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pyflink.table import StatementSet

from jobs import news_graph, replay_facts, sources, uids
from jobs.environment import run, table_environment
from jobs.operators import ReadArticle
from jobs.replay_plan import REPLAY, ReplayPlan, done_file, spans_of
from jobs.settings import JobSettings, parse_settings
from jobs.sinks import CHANGELOG_TABLES
from udfs.inference import ModelError, check_models

INSERTS = {name: news_graph.INSERTS[name] for name in CHANGELOG_TABLES}
"""What a replay writes: the changelog of its graph."""


def build(settings: JobSettings, plan: ReplayPlan) -> StatementSet:
    """The whole topology, models and all, ready to be executed or explained."""
    table = table_environment(settings)
    names = {topic: f"{uids.ARTICLES}_{topic}" for topic in plan.topics}
    for topic, name in names.items():
        table.execute_sql(sources.replayed_table(settings, name, spans_of(plan.inputs, topic)))
    union = " UNION ALL ".join(f"SELECT * FROM `{name}`" for name in names.values())
    table.execute_sql(f"CREATE TEMPORARY VIEW `{uids.ARTICLES}` AS {union}")
    return news_graph.read_articles(table, settings, ReadArticle(settings.models, plan.range), INSERTS)


def main() -> None:
    """Runs a replay to its end."""
    file, *arguments = sys.argv[1:]
    settings = parse_settings(arguments, REPLAY)
    plan = ReplayPlan.model_validate_json(Path(file).read_bytes())
    try:
        if plan.from_facts:
            run(replay_facts.build(settings, plan), settings)
        else:
            # Here, and not in a worker alone, which Flink would start again and again.
            check_models(settings.models)
            run(build(settings, plan), settings)
    except (ModelError, FileNotFoundError) as error:
        sys.exit(f"{settings.job_name}: {error}")
    if not settings.cluster:
        done_file(Path(file)).touch()


if __name__ == "__main__":
    main()
