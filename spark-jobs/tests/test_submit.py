"""The job as an engine starts it: `spark-submit`, the package in a zip, settings from `--conf`, exit code and
log."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyspark

from tests.conftest import settings_of
from tests.lake import Lake, change

JOBS = Path(__file__).parents[1]


def test_spark_submit_runs_a_plan_from_a_zip(lake: Lake, tmp_path: Path) -> None:
    shutil.make_archive(str(tmp_path / "job"), "zip", JOBS, "tidegate_job")
    shutil.copy(JOBS / "main.py", tmp_path / "main.py")
    planned = lake.planned(lake.entry([lake.put([change("I", "01", id=1, v=1)])]))
    run_id = lake.write_plan(planned)
    warehouse = str(lake.spark.conf.get("spark.sql.catalog.lake.warehouse"))
    conf = [part for name, value in settings_of(warehouse).items() for part in ("--conf", f"{name}={value}")]
    submit = str(Path(pyspark.__file__).parent / "bin" / "spark-submit")
    plan = [
        "--plan",
        f"{lake.control}runs/{run_id}/plan.json",
        "--run-id",
        run_id,
        "--JOB_NAME",
        "added-by-glue",
    ]
    # No PYTHONPATH: the package must come from the zip.
    environment = {
        **os.environ,
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": "",
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    command = [
        submit,
        "--master",
        "local[2]",
        "--py-files",
        f"{tmp_path}/job.zip",
        *conf,
        f"{tmp_path}/main.py",
        *plan,
    ]
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment, timeout=300
    )

    assert ended.returncode == 0, ended.stderr[-3000:]
    line = json.loads(ended.stdout.strip().splitlines()[-1])
    assert (line["table"], line["result"], line["inserted"]) == (f"shop_{lake.table}", "committed", 1)
    assert lake.outcome(run_id, planned)["result"] == "committed"
    assert lake.rows() == [{"id": 1, "v": 1}]


def test_one_bad_table_makes_the_exit_code_1_and_harms_no_other(lake: Lake) -> None:
    other = Lake(lake.spark, lake.folder)
    good = lake.planned(lake.entry([lake.put([change("I", "01", id=1, v=1)])]))
    bad = other.planned(other.entry([other.put_bytes(b"")]))
    results = [outcome["result"] for outcome in lake.run(bad, good)]
    assert results == ["rejected", "committed"]


def test_modules_for_other_engines_do_not_import_spark() -> None:
    """A second engine without a JVM runs the same plans later."""
    names = ["columns", "errors", "evidence", "key_values", "layout", "names", "object_store", "outcome"]
    names += [
        "partition_spec",
        "plan",
        "schema_policy",
        "files.file_checks",
        "changes.late",
        "changes.tombstones",
    ]
    imports = "; ".join(f"import tidegate_job.{name}" for name in names)
    check = f"{imports}; import sys; sys.exit('pyspark' in sys.modules or 'boto3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], cwd=JOBS, check=False).returncode == 0
