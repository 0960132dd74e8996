"""A run of which only one job may commit, for formats that take whatever is committed: `StartJobRun` has no
idempotency token, so that a run may have two. Other runs are kept out by the claim (rule 8)."""

from __future__ import annotations

import uuid

from .errors import ANOTHER_JOB, JobError
from .object_store import ObjectStore

_PREFIX = "writer-"

# job 1   puts writer-1 ─ lists writer-1 ─────────────────────────── commits
# job 2                                   puts writer-2 ─ lists both ─ leaves it
# If both put before either lists, both leave it.


def become_the_only_writer(store: ObjectStore, evidence: str, target: str) -> None:
    """Once in the course of a job, right before its commit. JobError TG4010 if another job with this claim's
    token has come as far: S3 lists whatever was put before, so of two jobs at least one sees the other.

    `evidence` is the URI of the batch's evidence under that token, which ends with a slash.
    """
    own = f"{evidence}{_PREFIX}{uuid.uuid4().hex}"
    store.put(own, b"")
    told = [uri for uri in store.list_after(evidence, _PREFIX) if uri.startswith(evidence + _PREFIX)]
    if told != [own]:
        raise JobError(ANOTHER_JOB, target=target)
