"""What a task may use, time and memory, and what its parent learns when it used more."""

import asyncio
import os

import flyte

# An image that exists already, named by whoever runs this; in the pod the client knows it from the run.
prebuilt = os.environ.get("BIPLANE_TASK_IMAGE")
image = flyte.Image.from_base(prebuilt) if prebuilt else "auto"
env = flyte.TaskEnvironment(name="bounds", image=image)
small = flyte.TaskEnvironment(
    name="small", image=image, resources=flyte.Resources(cpu=("100m", "1"), memory=("128Mi", "256Mi"))
)
guarded = flyte.TaskEnvironment(name="guarded", image=image, depends_on=[env, small])


@env.task(timeout=3)
async def slow(seconds: int = 600) -> str:
    await asyncio.sleep(seconds)
    return "slept"


@small.task
async def hungry(mebibytes: int = 600) -> int:
    held = b"x" * (mebibytes * 1024 * 1024)
    return len(held)


@guarded.task
async def both_fail() -> str:
    """A parent can tell the two apart by the class of what it catches."""
    caught = await asyncio.gather(slow(), hungry(), return_exceptions=True)
    return ", ".join(type(one).__name__ for one in caught)
