"""A task whose output is a file: the bytes go from the pod to the customer's bucket, and only the address is recorded."""

import os
import pathlib
import tempfile

import flyte
from flyte.io import File

# An image that exists already, named by whoever runs this; in the pod the client knows it from the run.
prebuilt = os.environ.get("BIPLANE_TASK_IMAGE")
image = flyte.Image.from_base(prebuilt) if prebuilt else "auto"
env = flyte.TaskEnvironment(name="file_output", image=image)


@env.task
async def make_file(mebibytes: int = 10) -> File:
    path = pathlib.Path(tempfile.mkdtemp()) / "data.bin"
    path.write_bytes(os.urandom(1024 * 1024) * mebibytes)
    return await File.from_local(str(path))
