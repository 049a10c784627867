"""An image that is built in the cluster: `flyte --image-builder remote run built.py speak`. It takes one Python and one Debian package from the mirrors named below,
which here are the local run's stand-ins."""

import os
import subprocess
from pathlib import Path

import flyte

mirror = os.environ.get("BIPLANE_PACKAGES", "http://packages.biplane.test")
# Whatever is said here is the image's last layer: another text builds that one alone.
word = os.environ.get("BIPLANE_WORD", "hello")

# A file that the image is to hold.
source = os.environ.get("BIPLANE_SOURCE")
base = os.environ.get("BIPLANE_BASE_IMAGE") or os.environ.get("BIPLANE_TASK_IMAGE")


def image_on(base: str) -> flyte.Image:
    image = (
        flyte.Image.from_base(base)
        .clone(name=os.environ.get("BIPLANE_IMAGE_NAME", "built"), extendable=True)
        .with_commands([f"echo 'deb [trusted=yes] {mirror}/debian ./' > /etc/apt/sources.list"])
        .with_apt_packages("biplane-fortune")
        .with_pip_packages("biplane-greeting", index_url=f"{mirror}/simple")
        .with_commands([os.environ.get("BIPLANE_COMMAND") or "true"])
        .with_env_vars({"BIPLANE_WORD": word})
    )
    return image.with_source_file(Path(source)) if source else image


# In the pod the client knows the image from the run.
env = flyte.TaskEnvironment(name="built", image=image_on(base) if base else "auto")


@env.task
def speak() -> str:
    from biplane_greeting import greeting

    fortune = subprocess.run(["biplane-fortune"], check=True, capture_output=True, text=True).stdout.strip()
    return f"{greeting()}; {fortune}; {os.environ['BIPLANE_WORD']}"
