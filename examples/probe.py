"""Tells, from inside a task's pod, what the pod may do: a reviewer's first question."""

import json
import os
import pathlib
import ssl
import urllib.error
import urllib.parse
import urllib.request

import flyte
import flyte.storage as storage

# An image that exists already, named by whoever runs this; in the pod the client knows it from the run.
prebuilt = os.environ.get("BIPLANE_TASK_IMAGE")
image = flyte.Image.from_base(prebuilt) if prebuilt else "auto"
env = flyte.TaskEnvironment(name="probe", image=image)

serviceaccount = pathlib.Path("/var/run/secrets/kubernetes.io/serviceaccount")


def answer(request: urllib.request.Request, context: ssl.SSLContext | None = None) -> dict:
    """Status and a short text, whatever happens."""
    try:
        with urllib.request.urlopen(request, timeout=10, context=context) as response:
            return {"status": response.status, "text": response.read(200).decode(errors="replace")}
    except urllib.error.HTTPError as error:
        return {"status": error.code, "text": error.read(400).decode(errors="replace")}
    except OSError as error:
        return {"status": None, "text": str(error)}


def assume(role: str, session: str = "probe") -> dict:
    """AssumeRoleWithWebIdentity with the pod's own token."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_STS") or f"https://sts.{os.environ['AWS_REGION']}.amazonaws.com"
    form = {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": role,
        "RoleSessionName": session,
        "WebIdentityToken": pathlib.Path(os.environ["AWS_WEB_IDENTITY_TOKEN_FILE"]).read_text(),
    }
    got = answer(urllib.request.Request(endpoint, data=urllib.parse.urlencode(form).encode()))
    # A session's keys must not leave the pod.
    return {"status": got["status"], "refusal": None if got["status"] == 200 else got["text"]}


def secrets_of_kubernetes() -> dict:
    """Asks the API server for the namespace's Secrets, with a token if the pod was given one, and else without."""
    token = serviceaccount / "token"
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
    namespace = os.environ.get("PROBE_NAMESPACE", "union")
    request = urllib.request.Request(f"https://{host}:{port}/api/v1/namespaces/{namespace}/secrets")
    if token.exists():
        request.add_header("Authorization", f"Bearer {token.read_text()}")
    return {"token_mounted": token.exists(), **answer(request, ssl.create_default_context())}


async def read(uri: str) -> dict:
    """Reads the first bytes of an object by the pod's own role."""
    try:
        async for chunk in storage.get_stream(uri):
            return {"read": True, "bytes": len(chunk)}
        return {"read": True, "bytes": 0}
    except Exception as error:
        return {"read": False, "error": f"{type(error).__name__}: {error}"[:300]}


@env.task
async def probe(own_object: str, foreign_object: str) -> str:
    own_role = os.environ["AWS_ROLE_ARN"]
    return json.dumps(
        {
            "static_keys": sorted(name for name in os.environ if name.endswith(("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"))),
            "own_role": own_role,
            "assume_own": assume(own_role),
            "assume_admin": assume(own_role.rsplit("/", 1)[0] + "/adminflyterole", "executor"),
            "own_object": await read(own_object),
            "foreign_object": await read(foreign_object),
            "kubernetes_secrets": secrets_of_kubernetes(),
            "uid": os.getuid(),
        }
    )
