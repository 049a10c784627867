"""A task that says much, as fast or as slowly as it is told: for following logs."""

import os
import time

import flyte

# An image that exists already, named by whoever runs this; in the pod the client knows it from the run.
prebuilt = os.environ.get("BIPLANE_TASK_IMAGE")
image = flyte.Image.from_base(prebuilt) if prebuilt else "auto"
env = flyte.TaskEnvironment(name="chatty", image=image)


@env.task
def chatty(lines: int = 100, pause_every: int = 1000, pause_seconds: float = 0.0, marker: str = "line") -> int:
    for number in range(1, lines + 1):
        print(f"{marker} {number}", flush=number % 1000 == 0)
        if pause_seconds and number % pause_every == 0:
            time.sleep(pause_seconds)
    return lines
