"""A task whose result is kept: asked the same again, it does not run. `drawn` alone, or as the child of `asked`."""

import os
import uuid

import flyte

# An image that exists already, named by whoever runs this; in the pod the client knows it from the run.
prebuilt = os.environ.get("BIPLANE_TASK_IMAGE")
image = flyte.Image.from_base(prebuilt) if prebuilt else "auto"
env = flyte.TaskEnvironment(name="cached", image=image)


# Its version is the hash of the function's own text: change that, and it runs again.
@env.task(cache="auto")
async def drawn(lot: str) -> str:
    return f"{lot}: {uuid.uuid4()}"


@env.task
async def asked(lot: str) -> str:
    return await drawn(lot)
