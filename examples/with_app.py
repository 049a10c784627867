"""An app: `flyte deploy with_app.py env`. It tells its version, streams, speaks by a WebSocket, and crashes if asked."""

import os

import flyte
import flyte.app

# An image that exists already, named by whoever deploys this.
prebuilt = os.environ.get("BIPLANE_TASK_IMAGE")

SERVE = """
import base64, hashlib, http.server, os, signal, time

class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/echo":
            return self.echo()
        if self.path.startswith("/crash"):
            print("crashes at", self.path, flush=True)
            os._exit(1)
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

    def echo(self):
        key = self.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("connection", "Upgrade")
        self.send_header("upgrade", "websocket")
        self.send_header("sec-websocket-accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        self.close_connection = True
        greeting = f"version {os.environ['VERSION']}".encode()
        self.wfile.write(bytes([0x81, len(greeting)]) + greeting)
        # RFC 6455 5.2: each frame comes back as it came, but unmasked, the closing one last.
        while len(head := self.rfile.read(2)) == 2:
            extended = self.rfile.read({126: 2, 127: 8}.get(head[1] & 0x7F, 0))
            length = int.from_bytes(extended, "big") if extended else head[1] & 0x7F
            mask, sent = self.rfile.read(4), self.rfile.read(length)
            cover = (mask * (length // 4 + 1))[:length]
            plain = (int.from_bytes(sent, "big") ^ int.from_bytes(cover, "big")).to_bytes(length, "big")
            self.wfile.write(bytes([head[0], head[1] & 0x7F]) + extended + plain)
            if head[0] & 0x0F == 8:
                return

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
