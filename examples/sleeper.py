"""A task that takes its time, for trying `flyte abort run`."""

import asyncio
import os

import flyte

# An image that exists already, named by whoever runs this; in the pod the client knows it from the run.
prebuilt = os.environ.get("BIPLANE_TASK_IMAGE")
image = flyte.Image.from_base(prebuilt) if prebuilt else "auto"
env = flyte.TaskEnvironment(name="sleeper", image=image)


@env.task
async def sleeper(seconds: int = 600) -> str:
    print("sleeping")
    await asyncio.sleep(seconds)
    return "woke"
