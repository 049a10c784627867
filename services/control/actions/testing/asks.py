"""What a task's pod does when the task asks, by the client's own controller: no cluster and no store are needed for it."""

import asyncio
import json
import os
import sys

import flyte
import flyte.errors
from flyte._context import internal_ctx
from flyte._internal.controllers import create_controller
from flyte.models import ActionID, RawDataPath, TaskContext
from flyte.report import Report


async def main(endpoint: str, run: str) -> None:
    place = {"org": "acme", "project": "demo", "domain": "development"}
    base = f"s3://metadata/acme/demo/development/{run}"
    create_controller(
        ct="remote",
        endpoint=endpoint,
        auth_type="ClientSecret",
        client_id="acme-tasks",
        client_credentials_secret=os.environ["TASKS_SECRET"],
    )
    context = TaskContext(
        action=ActionID(name="a0", run_name=run, **place),
        version="v1",
        raw_data_path=RawDataPath(path=f"{base}/raw"),
        output_path=f"{base}/a0/1",
        run_base_dir=base,
        report=Report(name="asks"),
    )
    with internal_ctx().replace_task_context(context):
        ring = await flyte.new_condition.aio("release", prompt="Which ring?", data_type=str)
        impatient = await flyte.new_condition.aio("impatient", timeout=1)
        try:
            print("GOT " + json.dumps(await impatient.wait.aio()), flush=True)
        except flyte.errors.ConditionTimedoutError:
            print("NOBODY ANSWERED", flush=True)
        print("GOT " + json.dumps(await ring.wait.aio()), flush=True)
    # As the client's own entry point, so that threads that still watch keep nothing up.
    os._exit(0)


asyncio.run(main(*sys.argv[1:]))
