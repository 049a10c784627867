"""A task that fails some times before it succeeds: each attempt is a pod of its own, as often as the task asks for."""

import os

import flyte

# An image that exists already, named by whoever runs this; in the pod the client knows it from the run.
prebuilt = os.environ.get("BIPLANE_TASK_IMAGE")
image = flyte.Image.from_base(prebuilt) if prebuilt else "auto"
env = flyte.TaskEnvironment(name="retries", image=image)


@env.task(retries=2)
def flaky(failures: int = 1) -> str:
    attempt = int(os.environ["FLYTE_ATTEMPT_NUMBER"]) + 1
    if attempt <= failures:
        raise RuntimeError(f"attempt {attempt} was not to succeed")
    return f"attempt {attempt} succeeded"
