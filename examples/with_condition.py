"""Waits for somebody's word: `flyte run with_condition.py release --version 3`, then `flyte signal condition RUN ACTION yes`."""

import datetime
import os

import flyte

# An image that exists already, named by whoever runs this; in the pod the client knows it from the run.
prebuilt = os.environ.get("BIPLANE_TASK_IMAGE")
env = flyte.TaskEnvironment(name="with_condition", image=flyte.Image.from_base(prebuilt) if prebuilt else "auto")


@env.task
async def release(version: str) -> str:
    # `flyte get condition RUN` lists it. Whoever may start runs here may answer; the first answer counts.
    word = await flyte.new_condition.aio(
        "release",
        prompt=f"Release {version}? Say which ring.",
        data_type=str,
        timeout=datetime.timedelta(hours=8),
    )
    impatient = await flyte.new_condition.aio("impatient", prompt="Anybody?", timeout=datetime.timedelta(seconds=2))
    try:
        await impatient.wait.aio()
    except flyte.errors.ConditionTimedoutError:
        return f"{version} to {await word.wait.aio()}"
    raise RuntimeError("nobody was to answer that one")
