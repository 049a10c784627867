"""Runs by itself: `flyte deploy with_trigger.py env`, then every minute, and every night in Paris. Answers with its time."""

import datetime
import os

import flyte

# An image that exists already, named by whoever runs this; in the pod the client knows it from the run.
prebuilt = os.environ.get("BIPLANE_TASK_IMAGE")
env = flyte.TaskEnvironment(name="triggered", image=flyte.Image.from_base(prebuilt) if prebuilt else "auto")

# Nothing but the time is given: such a trigger's inputs come with it, and the region puts them into the customer's store.
minutely = flyte.Trigger.minutely("at")
nightly = flyte.Trigger(
    name="nightly",
    automation=flyte.Cron("30 2 * * *", timezone="Europe/Paris"),
    inputs={"at": flyte.TriggerTime, "greeting": "good night"},
    auto_activate=False,
)


@env.task(triggers=[minutely])
def tell(at: datetime.datetime) -> str:
    return at.astimezone(datetime.timezone.utc).isoformat()


@env.task(triggers=[nightly])
def greet(at: datetime.datetime, greeting: str) -> str:
    return f"{greeting}, it is {at.isoformat()}"
