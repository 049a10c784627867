"""A task that fails: its error and traceback reach whoever ran it."""

import os

import flyte

# An image that exists already, named by whoever runs this; in the pod the client knows it from the run.
prebuilt = os.environ.get("BIPLANE_TASK_IMAGE")
image = flyte.Image.from_base(prebuilt) if prebuilt else "auto"
env = flyte.TaskEnvironment(name="failing", image=image)


@env.task
def failing(reason: str = "the dough did not rise") -> str:
    raise ValueError(reason)
