"""A task that takes its time, alone or as a child, for trying `flyte abort`."""

import asyncio
import os

import flyte
import flyte.errors

# An image that exists already, named by whoever runs this; in the pod the client knows it from the run.
prebuilt = os.environ.get("BIPLANE_TASK_IMAGE")
image = flyte.Image.from_base(prebuilt) if prebuilt else "auto"
env = flyte.TaskEnvironment(name="sleeper", image=image)


@env.task
async def sleeper(seconds: int = 600) -> str:
    print("sleeping")
    await asyncio.sleep(seconds)
    return "woke"


@env.task
async def watchful(seconds: int = 600) -> str:
    """Waits for a child, and goes on when that is aborted: `flyte abort action RUN CHILD`."""
    try:
        return await sleeper(seconds)
    except flyte.errors.ActionAbortedError:
        return "the child was aborted"
