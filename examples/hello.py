"""The smallest task: `./biplane run examples/hello.py hello --name world`."""

import os

import flyte

# An image that exists already, named by whoever runs this; in the pod the client knows it from the run.
prebuilt = os.environ.get("BIPLANE_TASK_IMAGE")
image = flyte.Image.from_base(prebuilt) if prebuilt else "auto"
env = flyte.TaskEnvironment(name="hello", image=image)


@env.task
def hello(name: str = "world", n: int = 3) -> str:
    print(f"saying hello to {name}")
    return f"hello {name}! " * n
