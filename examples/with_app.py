"""An app: `flyte deploy with_app.py env`. It tells its version, and streams."""

import os

import flyte
import flyte.app

# An image that exists already, named by whoever deploys this.
prebuilt = os.environ.get("BIPLANE_TASK_IMAGE")

SERVE = """
import http.server, os, signal, time

class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/stream":
            self.send_response(200)
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for part in range(3):
                self.wfile.write(b"7\\r\\npart %d\\n\\r\\n" % part)
                self.wfile.flush()
                time.sleep(0.5)
            self.wfile.write(b"0\\r\\n\\r\\n")
            return
        body = f"version {os.environ['VERSION']} for {self.headers['host']}\\n".encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        length = int(self.headers["content-length"])
        while (left := length - getattr(self, "read", 0)) > 0:
            self.read = getattr(self, "read", 0) + len(self.rfile.read(min(left, 65536)))
        body = f"{length}\\n".encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

# As the container's first process nothing ends it that it does not heed itself.
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
http.server.ThreadingHTTPServer(("", 8080), Answer).serve_forever()
"""

env = flyte.app.AppEnvironment(
    name=os.environ.get("BIPLANE_APP", "hello-app"),
    image=flyte.Image.from_base(prebuilt) if prebuilt else "auto",
    command=["python3", "-c", SERVE],
    env_vars={"VERSION": os.environ.get("BIPLANE_APP_VERSION", "1")},
    resources=flyte.Resources(cpu="50m", memory="128Mi"),
    # Open to everybody only where whoever deploys this says so.
    requires_auth=os.environ.get("BIPLANE_APP_OPEN") != "1",
    scaling=flyte.app.Scaling(replicas=(0, 1), scaledown_after=6),
    port=8080,
)
