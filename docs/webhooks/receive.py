# Receives Papo's webhooks with nothing but Python (3.10 or newer): verifies the signature, drops repetitions and keeps
# each chat in a SQLite table.
#
#   Settings → Webhooks: this server's address for "Chat requested" (and whatever else you want to hear of)
#   PAPO_SECRET   the endpoint's secret: Settings → Webhooks → Endpoints → Edit → Reveal
#   PAPO_DATA     the file of the data (chats.sqlite if not set)
#   PORT          where to listen, on this machine alone (9000 if not set); a web server with TLS stands in front of it
#
# To try it:  PAPO_SECRET=whsec_… python3 receive.py
import base64
import binascii
import hashlib
import hmac
import json
import os
import re
import sqlite3
import sys
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_S = 300
BODY_BYTES_MAX = 1024 * 1024


def key_of(secret: str) -> bytes:
    """The bytes of an HMAC secret. Ed25519 (whpk_…) is not in the standard library: verify it with the package `cryptography`."""
    if not secret.startswith("whsec_"):
        sys.exit("PAPO_SECRET has to be the secret of an endpoint that signs with HMAC: whsec_…")
    return base64.b64decode(secret.removeprefix("whsec_"))


def verified(key: bytes, headers, body: bytes) -> bool:
    """The time has to be now, so that nobody sends an old request again, and one signature ours: during a rotation there are two."""
    webhook_id, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not webhook_id or not re.fullmatch("[0-9]{1,12}", sent_at) or abs(time.time() - int(sent_at)) > TOLERANCE_S:
        return False
    expected = hmac.new(key, f"{webhook_id}.{sent_at}.".encode() + body, hashlib.sha256).digest()
    for given in headers.get("webhook-signature", "").split(" "):
        version, _, encoded = given.partition(",")
        try:
            signature = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            continue
        if version == "v1" and hmac.compare_digest(expected, signature):
            return True
    return False


def store(db: sqlite3.Connection, event: dict) -> None:
    """Keeps the chat as it was after the event. If one failed, events may come out of order: the highest sequence wins."""
    if event["type"] == "visitor.erased":
        db.execute("delete from chats where visitor = ?", [event["data"]["visitor"]["id"]])
    elif event["data"].get("chat") and event["sequence"]:
        chat, visitor, agent = event["data"]["chat"], event["data"]["visitor"], event["data"]["agent"] or {}
        row = [chat["id"], visitor["id"], event["sequence"], chat["protocol"], chat["state"], visitor["name"], visitor["email"],
               visitor["phone"] or visitor["phone_raw"], chat["department"]["name"], agent.get("name"), chat["subject"],
               (chat["rating"] or {}).get("score"), chat["console_url"]]
        db.execute("""create table if not exists chats (id primary key, visitor, sequence, protocol, state, name, email, phone,
                      department, agent, subject, rating, console_url)""")
        db.execute("insert or ignore into chats (id, sequence) values (?, 0)", row[:1])
        db.execute("""update chats set (visitor, sequence, protocol, state, name, email, phone, department, agent, subject, rating,
                      console_url) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) where id = ? and sequence < ?""", [*row[1:], row[0], row[2]])


def answer_to(headers, body: bytes, key: bytes, handle) -> tuple[int, dict | None]:
    """The status, and what to answer, after `handle` did its work. Whatever it raises becomes a 500, and Papo tries again."""
    if not verified(key, headers, body):
        return 401, {"error": "the signature does not fit"}
    event = json.loads(body)
    with closing(sqlite3.connect(os.environ.get("PAPO_DATA", "chats.sqlite"), timeout=5)) as db:
        db.execute("create table if not exists events (id text primary key, received_at real not null)")
        known = db.execute("select 1 from events where id = ?", [headers["webhook-id"]]).fetchone()
        if known or event["test"]:
            return 204, None
        answer = handle(db, event)
        db.execute("insert or ignore into events values (?, ?)", [headers["webhook-id"], time.time()])
        db.commit()
        return (200, answer) if answer else (204, None)


def serve(handle) -> None:
    """Answers each event with what `handle(db, event)` returns: None, or a dict that Papo may enrich the chat with."""
    key = key_of(os.environ.get("PAPO_SECRET", ""))

    class Receiver(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_POST(self):
            length = int(self.headers.get("content-length", 0))
            if not 0 <= length <= BODY_BYTES_MAX:
                self.close_connection = True
                return self.answer(413, {"error": "too long, or of no length"})
            body = self.rfile.read(length)
            try:
                self.answer(*answer_to(self.headers, body, key, handle))
            except Exception as error:
                self.log_error("%r", error)
                self.answer(500, {"error": "not handled"})

        def answer(self, status, content=None):
            text = json.dumps(content).encode() if content else b""
            self.send_response(status)
            self.send_header("content-type", "application/json")
            if status != 204:
                self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    with ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", 9000))), Receiver) as server:
        server.serve_forever()


if __name__ == "__main__":
    serve(store)
