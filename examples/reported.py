"""A task that writes a report: an HTML page beside its outputs, which the browser gets by a presigned URL."""

import os

import flyte
import flyte.report

# An image that exists already, named by whoever runs this; in the pod the client knows it from the run.
prebuilt = os.environ.get("BIPLANE_TASK_IMAGE")
image = flyte.Image.from_base(prebuilt) if prebuilt else "auto"
env = flyte.TaskEnvironment(name="reported", image=image)


@env.task(report=True)
def reported(finding: str = "all is well") -> str:
    print(f"found: {finding}", flush=True)
    flyte.report.log(f"<h2>{finding}</h2>", do_flush=True)
    return finding
