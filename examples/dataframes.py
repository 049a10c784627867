"""A table goes from the client to a task and from task to task: it lies in the customer's bucket, as CSV or Parquet.

Needs an image with pandas and pyarrow, see `./biplane images make dataframes`. The client itself needs neither.
"""

import os

import flyte
from flyte.io import DataFrame

# An image that exists already, named by whoever runs this; in the pod the client knows it from the run.
prebuilt = os.environ.get("BIPLANE_TASK_IMAGE")
image = flyte.Image.from_base(prebuilt) if prebuilt else "auto"
env = flyte.TaskEnvironment(name="dataframes", image=image, resources=flyte.Resources(memory=("256Mi", "1Gi")))


@env.task
async def by_city(sales: DataFrame) -> DataFrame:
    import pandas

    table = await sales.open(pandas.DataFrame).all()
    return DataFrame.wrap_df(table.groupby("city", as_index=False)["sold"].sum())


@env.task
async def best(sales: DataFrame) -> str:
    import pandas

    table = await sales.open(pandas.DataFrame).all()
    sums = await by_city(sales=DataFrame.wrap_df(table[table["sold"] > 0]))
    found = await sums.open(pandas.DataFrame).all()
    first = found.sort_values("sold", ascending=False).iloc[0]
    return f"{first['city']}: {first['sold']}"


@env.task
async def made(cities: int = 3) -> str:
    import pandas

    rows = [{"city": f"city {number}", "sold": 10 * number} for number in range(1, cities + 1)]
    return await best(sales=DataFrame.wrap_df(pandas.DataFrame(rows)))
