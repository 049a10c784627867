"""Environment variables: the task's own, and those of a run (flyte run --env KEY=VALUE), which the task's own win over."""

import json
import os

import flyte

# An image that exists already, named by whoever runs this; in the pod the client knows it from the run.
prebuilt = os.environ.get("BIPLANE_TASK_IMAGE")
image = flyte.Image.from_base(prebuilt) if prebuilt else "auto"
env = flyte.TaskEnvironment(name="variables", image=image, env_vars={"OF_THE_TASK": "task", "OF_BOTH": "task"})


@env.task
def variables() -> str:
    return json.dumps({name: value for name, value in os.environ.items() if name.startswith("OF_")})
