"""The timeline of a Hudi table, active and archived, as it was when it was loaded: what was committed, and by
which batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import SparkSession

from ..commit_properties import changes_of
from ..table_format import Commit

PREFIX = "tidegate."
"""Begins the names of what we put into a commit's metadata."""
_DIGITS = "%Y%m%d%H%M%S"


@dataclass(frozen=True)
class HudiCommit:
    """A completed commit: the times by which Hudi names its begin and its end, and our part of its
    metadata."""

    requested: str
    completed: str
    metadata: Mapping[str, str]

    @property
    def batch_id(self) -> str | None:
        return self.metadata.get("tidegate.batch-id")

    @property
    def token(self) -> int:
        return int(self.metadata.get("tidegate.token") or 0)

    @property
    def generation(self) -> int:
        return int(self.metadata.get("tidegate.generation") or 0)

    def as_commit(self) -> Commit:
        return Commit(
            snapshot=self.requested,
            at_ms=instant_ms(self.completed),
            token=self.token,
            evidence=self.metadata.get("tidegate.evidence"),
            schema_changes=changes_of(self.metadata),
        )


class Timeline:
    """One table's timeline. Nothing of it is read again once it is loaded, but for the archive, which only
    grows."""

    def __init__(self, meta_client: Any) -> None:
        self._meta = meta_client
        self._active = meta_client.getActiveTimeline()
        self._text = str(self._active.getInstants().toString())
        commits = self._active.getCommitsTimeline().filterCompletedInstants().getInstants()
        self._commits = sorted(commits, key=_completed)

    def __eq__(self, other: object) -> bool:
        """Whether all instants are the same, of whatever action and state."""
        return isinstance(other, Timeline) and self._text == other._text

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        last = self._text.strip("[]").rpartition("[")[2]
        return f"`{last}`" if last else "empty"

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever committed."""
        return not self._commits

    def property(self, name: str) -> str | None:
        """A property of the table."""
        value = self._meta.getTableConfig().getProps().getProperty(name)
        return None if value is None else str(value)

    def commits_since(self, settled: str | None) -> list[HudiCommit] | None:
        """What was committed after the settled instant, or ever; newest first. None if that instant is in
        neither part of the timeline."""
        parts = self._since(settled)
        return None if parts is None else [one for part in parts for one in self._read(*part)]

    def paths_since(self, instant: str | None) -> list[str]:
        """Paths of the partitions that were written to after an instant, or ever; ever, too, if it is not in
        the timeline."""
        parts = self._since(instant) or self._since(None) or []
        return sorted(
            {
                str(path)
                for timeline, instants in parts
                for one in instants
                for path in timeline.readCommitMetadata(one).getPartitionToWriteStats().keySet()
            }
        )

    def _since(self, settled: str | None) -> list[tuple[Any, list[Any]]] | None:
        """Commits after an instant, oldest first, by the part of the timeline that they are in, the active
        one first."""
        place = _place_of(settled, self._commits)
        if place is not None:
            return [(self._active, self._commits[place + 1 :])]
        archive = self._meta.getArchivedTimeline()
        archived = sorted(
            (one for one in archive.getInstants() if one.isCompleted() and _is_commit(one)), key=_completed
        )
        place = _place_of(settled, archived)
        if settled is not None and place is None:
            return None
        after = archived if place is None else archived[place + 1 :]
        if after:
            archive.loadCompletedInstantDetailsInMemory()
        return [(self._active, self._commits), (archive, after)]

    def newest(self, name: str) -> str | None:
        """What the last commit that has `name` in its metadata says of it; None if none in the active part
        has it."""
        for instant in reversed(self._commits):
            value = _read_commit(self._active, instant).metadata.get(name)
            if value is not None:
                return value
        return None

    def commits_unlike(self, earlier: Timeline | None) -> list[HudiCommit]:
        """What was committed since `earlier` was loaded; newest first."""
        known = {one.requestedTime() for one in earlier._commits} if earlier else set()
        return self._read(self._active, [one for one in self._commits if one.requestedTime() not in known])

    @staticmethod
    def _read(timeline: Any, instants: list[Any]) -> list[HudiCommit]:
        return [_read_commit(timeline, instant) for instant in reversed(instants)]


def load_timeline(spark: SparkSession, location: str) -> Timeline | None:
    """The timeline as the storage has it now; None if there is no Hudi table at `location`."""
    jvm: Any = spark._jvm
    hudi = jvm.org.apache.hudi
    hadoop_conf = spark._jsc.hadoopConfiguration()
    if not _is_table(jvm, hadoop_conf, location):
        return None
    storage = hudi.hadoop.fs.HadoopFSUtils.getStorageConf(hadoop_conf)
    builder = hudi.common.table.HoodieTableMetaClient.builder()
    return Timeline(builder.setConf(storage).setBasePath(location).build())


def _is_table(jvm: Any, hadoop_conf: Any, location: str) -> bool:
    """Asked before Hudi looks for the table's properties, which it does for five seconds. While it writes
    them anew there is the backup only."""
    Path = jvm.org.apache.hadoop.fs.Path
    paths = [Path(f"{location}/.hoodie/{name}") for name in ("hoodie.properties", "hoodie.properties.backup")]
    files = paths[0].getFileSystem(hadoop_conf)
    return any(files.exists(path) for path in (*paths, paths[0]))


def clear_unmade(spark: SparkSession, location: str) -> None:
    """Remove what a writer leaves that dies while it makes the table: folders without a file, which Hudi
    would take for a table."""
    jvm: Any = spark._jvm
    folder = jvm.org.apache.hadoop.fs.Path(f"{location}/.hoodie")
    files = folder.getFileSystem(spark._jsc.hadoopConfiguration())
    if files.exists(folder) and not files.listFiles(folder, True).hasNext():
        files.delete(folder, True)


def instant_ms(instant: str) -> int:
    """Epoch milliseconds of an instant's name: digits from the year to the millisecond, in UTC."""
    seconds = datetime.strptime(instant[:14], _DIGITS).replace(tzinfo=UTC)
    return int(seconds.timestamp()) * 1000 + int(instant[14:17] or 0)


def _place_of(requested: str | None, instants: list[Any]) -> int | None:
    return next((place for place, one in enumerate(instants) if one.requestedTime() == requested), None)


def _completed(instant: Any) -> str:
    return str(instant.getCompletionTime())


def _is_commit(instant: Any) -> bool:
    return str(instant.getAction()) in ("commit", "deltacommit", "replacecommit")


def _read_commit(timeline: Any, instant: Any) -> HudiCommit:
    extra = timeline.readCommitMetadata(instant).getExtraMetadata()
    return HudiCommit(
        requested=str(instant.requestedTime()),
        completed=str(instant.getCompletionTime()),
        metadata={str(key): str(extra[key]) for key in extra if str(key).startswith(PREFIX)},
    )
