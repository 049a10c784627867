"""A folder and a file go from task to task: the bytes stay in the customer's bucket, only addresses are recorded."""

import pathlib
import tempfile
import os

import flyte

# An image that exists already, named by whoever runs this; in the pod the client knows it from the run.
prebuilt = os.environ.get("BIPLANE_TASK_IMAGE")
image = flyte.Image.from_base(prebuilt) if prebuilt else "auto"
from flyte.io import Dir, File

env = flyte.TaskEnvironment(name="folders", image=image)


@env.task
async def write(files: int) -> Dir:
    folder = pathlib.Path(tempfile.mkdtemp())
    for number in range(files):
        place = folder / f"part-{number % 2}" / f"{number}.txt"
        place.parent.mkdir(exist_ok=True)
        place.write_text(f"page {number}\n")
    return await Dir.from_local(str(folder))


@env.task
async def bind(folder: Dir) -> File:
    pages = []
    async for file in folder.walk():
        async with file.open("rb") as page:
            pages.append(bytes(await page.read()).decode())
    book = pathlib.Path(tempfile.mkdtemp()) / "book.txt"
    book.write_text("".join(sorted(pages)))
    return await File.from_local(str(book))


@env.task
async def publish(files: int = 3) -> str:
    book = await bind(folder=await write(files=files))
    async with book.open("rb") as text:
        return bytes(await text.read()).decode()
