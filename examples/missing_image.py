"""A task whose image nobody has built, beside the one that the other examples use."""

import os

import flyte

prebuilt = os.environ.get("BIPLANE_TASK_IMAGE", "docker.io/library/task:1")
nowhere = flyte.Image.from_base(f"{prebuilt.split('@')[0].rsplit('/', 1)[0]}/nobody-built-this:1")
env = flyte.TaskEnvironment(name="missing_image", image=nowhere)


@env.task
def never() -> str:
    return "never"
