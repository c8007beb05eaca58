# A receiver that verifies with the official library of Standard Webhooks and with nothing else.
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import site

site.addsitedir(os.path.join(os.environ["LIBRARIES"], "python"))
from standardwebhooks import Webhook  # noqa: E402

webhook = Webhook(os.environ["PAPO_SECRET"])


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        try:
            webhook.verify(body, dict(self.headers))
            self.send_response(204)
        except Exception as error:
            self.log_error("%r", error)
            self.send_response(400)
            self.send_header("content-length", "0")
        self.end_headers()


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Receiver).serve_forever()
