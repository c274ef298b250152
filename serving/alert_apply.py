"""What alerts and labels change in the graph store. They come at least once and in any order of topics.

An alert is shown unless a record of it, of whatever version, has named an erased session or user.
Of its versions the highest counts; of the labels of one person on one subject the latest does.
"""

from __future__ import annotations

from serving import alert_keys, keyspace
from serving.alert_keys import Brief, Stamp
from serving.alert_rows import AlertUpsert, stored_alert, subjects
from serving.draft import Draft
from serving.erasures import is_entity
from serving.labels import Label, LabelKind, label_value, parse_label
from serving.side import Side
from udfs.alerts import AlertState

ALERT_SUBJECT = "alert:"
"""How the guard of an alert is told from those of sessions and users."""


def apply_side(draft: Draft, side: Side, changes: int) -> int:
    """Applies what a poll brought, whose erasures are written already; gives the number of the latest change."""
    applier = AlertApplier(draft, changes)
    for alert in side.alerts:
        applier.alert(alert)
    for label in side.labels:
        applier.label(label)
    return applier.changes


class AlertApplier:
    """Applies to a draft; `changes` numbers the alerts that were changed last."""

    def __init__(self, draft: Draft, changes: int) -> None:
        self._draft = draft
        self.changes = changes

    def alert(self, upsert: AlertUpsert) -> bool:
        """Whether it changed what is shown."""
        draft, alert_id = self._draft, upsert.alert.alert_id
        if self._is_erased(upsert):
            return self.erase(alert_id)
        for subject in upsert.subjects:
            draft.put(alert_keys.subject_prefix(subject) + alert_id.encode(), b"")
        key = alert_keys.alert_row_key(alert_id)
        stored = draft.get(key)
        if stored is not None and keyspace.row_version(stored) >= upsert.alert.version:
            return False
        self._unplace(alert_id)
        draft.put(key, keyspace.row_value(upsert.alert.version, upsert.canonical))
        self._place(alert_id, upsert.decided_at)
        return True

    def _is_erased(self, upsert: AlertUpsert) -> bool:
        guards = (ALERT_SUBJECT + upsert.alert.alert_id, *upsert.subjects)
        return any(self._draft.get(keyspace.erased_key(subject)) is not None for subject in guards)

    def label(self, label: Label) -> bool:
        """Whether it is the latest of its key."""
        draft = self._draft
        if draft.get(keyspace.erased_key(_guarding(label))) is not None:
            return False
        key = alert_keys.label_key(label.kind, label.subject, label.by)
        stored = draft.get(key)
        if stored is not None and parse_label(stored).order >= label.order:
            return False
        draft.put(key, label_value(label))
        stamp = draft.get(alert_keys.stamp_key(label.subject)) if label.kind == LabelKind.ALERT else None
        if stamp is not None:
            self._unplace(label.subject)
            self._place(label.subject, alert_keys.unpack_stamp(stamp).decided_at)
        return True

    def erase(self, alert_id: str) -> bool:
        """Takes an alert and its labels away for good; whether it was there."""
        draft, key = self._draft, alert_keys.alert_row_key(alert_id)
        draft.put(keyspace.erased_key(ALERT_SUBJECT + alert_id), b"")
        alert = stored_alert(draft.get(key))
        self._unplace(alert_id)
        labels = draft.keys(alert_keys.label_prefix(LabelKind.ALERT, alert_id))
        index = [alert_keys.subject_prefix(one) + alert_id.encode() for one in (subjects(alert) if alert else ())]
        for gone in (key, alert_keys.stamp_key(alert_id), *labels, *index):
            draft.delete(gone)
        return alert is not None

    def erase_subject(self, subject: str) -> None:
        """Takes all alerts away that ever named a session or a user."""
        prefix = alert_keys.subject_prefix(subject)
        for key in self._draft.keys(prefix):
            self.erase(key[len(prefix) :].decode())
            self._draft.delete(key)

    def erase_labels_of_entity(self, entity: str) -> None:
        """Takes the labels of an entity's mentions away, whose subjects are ENTITY/TOPIC/ARTICLE."""
        whole = alert_keys.label_prefix(LabelKind.MENTION, entity)
        for prefix in (whole, whole[:-1] + b"/"):
            for key in self._draft.keys(prefix):
                self._draft.delete(key)

    def _unplace(self, alert_id: str) -> None:
        """Takes the index entries away that hold what may change."""
        alert = stored_alert(self._draft.get(alert_keys.alert_row_key(alert_id)))
        stamp = self._draft.get(alert_keys.stamp_key(alert_id))
        if alert is not None and stamp is not None:
            self._draft.delete(alert_keys.by_time_key(alert.event_time_ms, alert_id))
            self._draft.delete(alert_keys.change_key(alert_keys.unpack_stamp(stamp).change, alert_id))

    def _place(self, alert_id: str, decided_at: int) -> None:
        """Puts the index entries of a row that is there."""
        alert = stored_alert(self._draft.get(alert_keys.alert_row_key(alert_id)))
        if alert is None:
            return
        self.changes += 1
        reviewed = bool(self._draft.keys(alert_keys.label_prefix(LabelKind.ALERT, alert_id)))
        brief = Brief(shown_state(alert.state, reviewed=reviewed), alert.rule, alert.session_id, alert.user)
        self._draft.put(alert_keys.by_time_key(alert.event_time_ms, alert_id), alert_keys.pack_brief(brief))
        self._draft.put(alert_keys.change_key(self.changes, alert_id), b"")
        self._draft.put(alert_keys.stamp_key(alert_id), alert_keys.pack_stamp(Stamp(decided_at, self.changes)))


def shown_state(state: AlertState, *, reviewed: bool) -> AlertState:
    """Withdrawn if the job says so, else reviewed if somebody has, else open."""
    return AlertState.REVIEWED if reviewed and state is AlertState.OPEN else state


def _guarding(label: Label) -> str:
    """The erased subject that would keep a label away."""
    if label.kind == LabelKind.ALERT:
        return ALERT_SUBJECT + label.subject
    entity = label.subject.partition("/")[0]
    return entity if label.kind == LabelKind.MENTION and is_entity(entity) else label.subject
