"""A secret as a variable and one as a file. Answers with their digests: whatever a task returns rests in a bucket."""

import hashlib
import json
import os
import pathlib

import flyte

# An image that exists already, named by whoever runs this; in the pod the client knows it from the run.
prebuilt = os.environ.get("BIPLANE_TASK_IMAGE")
image = flyte.Image.from_base(prebuilt) if prebuilt else "auto"
folder = pathlib.Path("/etc/flyte/secrets")

own = flyte.TaskEnvironment(
    name="secrets",
    image=image,
    secrets=[flyte.Secret("example-env", as_env_var="EXAMPLE"), flyte.Secret("example-file", mount=folder)],
)
absent = flyte.TaskEnvironment(name="absent", image=image, secrets=[flyte.Secret("example-of-another-project")])


@own.task
def digests() -> str:
    values = [os.environ["EXAMPLE"].encode(), (folder / "example-file").read_bytes()]
    return json.dumps([hashlib.sha256(value).hexdigest() for value in values])


@absent.task
def never_runs() -> str:
    return "it ran"
