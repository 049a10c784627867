"""A parent with as many children as you like: no more of them run at once than the cluster has room for."""

import asyncio
import os

import flyte

# An image that exists already, named by whoever runs this; in the pod the client knows it from the run.
prebuilt = os.environ.get("BIPLANE_TASK_IMAGE")
image = flyte.Image.from_base(prebuilt) if prebuilt else "auto"
env = flyte.TaskEnvironment(name="thousand", image=image)


@env.task
async def one(number: int) -> int:
    return 1


@env.task
async def count(children: int = 1000) -> int:
    return sum(await asyncio.gather(*[one(number=number) for number in range(children)]))
