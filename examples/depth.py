"""A task that calls itself, level by level: each level's pod waits for the one below it."""

import os

import flyte

# An image that exists already, named by whoever runs this; in the pod the client knows it from the run.
prebuilt = os.environ.get("BIPLANE_TASK_IMAGE")
image = flyte.Image.from_base(prebuilt) if prebuilt else "auto"
env = flyte.TaskEnvironment(name="depth", image=image)


@env.task
async def descend(levels: int = 6) -> int:
    if levels <= 1:
        return 1
    return 1 + await descend(levels=levels - 1)
