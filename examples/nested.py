"""A parent that runs five children side by side and adds up what they answer."""

import asyncio
import os

import flyte

# An image that exists already, named by whoever runs this; in the pod the client knows it from the run.
prebuilt = os.environ.get("BIPLANE_TASK_IMAGE")
image = flyte.Image.from_base(prebuilt) if prebuilt else "auto"
env = flyte.TaskEnvironment(name="nested", image=image)


@env.task
async def square(x: int) -> int:
    return x * x


@env.task
async def sum_of_squares(n: int = 5) -> int:
    with flyte.group("squares"):
        squares = await asyncio.gather(*[square(x=i) for i in range(n)])
    return sum(squares)
