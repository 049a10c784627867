"""Resources of a task's own: what it asks for is what its pod gets."""

import json
import pathlib
import os

import flyte

# An image that exists already, named by whoever runs this; in the pod the client knows it from the run.
prebuilt = os.environ.get("BIPLANE_TASK_IMAGE")
image = flyte.Image.from_base(prebuilt) if prebuilt else "auto"
env = flyte.TaskEnvironment(
    name="resources",
    image=image,
    resources=flyte.Resources(cpu=("150m", "750m"), memory=("192Mi", "320Mi"), disk="64Mi", shm="48Mi"),
)


def memory_limit() -> int:
    for place in ("memory.max", "memory/memory.limit_in_bytes"):
        file = pathlib.Path("/sys/fs/cgroup") / place
        if file.exists():
            return int(file.read_text())
    raise FileNotFoundError("no memory limit in /sys/fs/cgroup")


@env.task
def given() -> str:
    shm = os.statvfs("/dev/shm")
    return json.dumps({"memory": memory_limit(), "shared_memory": shm.f_blocks * shm.f_frsize})
