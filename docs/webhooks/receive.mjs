// Receives Papo's webhooks with nothing but Node.js (18 or newer): verifies the signature, drops repetitions and keeps each
// event as a line of JSON.
//
//   Settings → Webhooks: this server's address for "Chat requested" (and whatever else you want to hear of)
//   PAPO_SECRET   the endpoint's secret: Settings → Webhooks → Endpoints → Edit → Reveal
//   PAPO_DATA     the file of the data (events.jsonl if not set)
//   PORT          where to listen, on this machine alone (9000 if not set); a web server with TLS stands in front of it
//
// To try it:  PAPO_SECRET=whsec_… node receive.mjs
import { createHmac, createPublicKey, timingSafeEqual, verify } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const TOLERANCE_S = 300;
const BODY_BYTES_MAX = 1024 * 1024;

// The time has to be now, so that nobody sends an old request again, and one signature ours: during a rotation there are two.
// The secret is whsec_… (HMAC) or the public key whpk_… (Ed25519).
export function verified(secret, headers, body) {
  const [id, time] = [headers["webhook-id"] ?? "", headers["webhook-timestamp"] ?? ""];
  if (!id || !/^\d{1,12}$/.test(time) || Math.abs(Date.now() / 1000 - Number(time)) > TOLERANCE_S) return false;
  const signed = Buffer.concat([Buffer.from(`${id}.${time}.`), body]);
  const [kind, key] = [secret.slice(0, secret.indexOf("_")), Buffer.from(secret.slice(secret.indexOf("_") + 1), "base64")];
  if (key.length < 24) throw new Error("PAPO_SECRET is not the secret of an endpoint");
  return (headers["webhook-signature"] ?? "").split(" ").some((given) => {
    const [version, encoded = ""] = given.split(",");
    const signature = Buffer.from(encoded, "base64");
    if (kind === "whsec" && version === "v1") {
      const expected = createHmac("sha256", key).update(signed).digest();
      return signature.length === expected.length && timingSafeEqual(signature, expected);
    }
    if (kind === "whpk" && version === "v1a") {
      const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: key.toString("base64url") }, format: "jwk" });
      return signature.length === 64 && verify(null, signed, publicKey, signature);
    }
    return false;
  });
}

// The events as lines of a file, and which ids are among them.
function openLog(path) {
  const lines = () => (existsSync(path) ? readFileSync(path, "utf8").split("\n").filter(Boolean) : []);
  const ids = new Set(lines().map((line) => JSON.parse(line).id));
  return {
    has: (id) => ids.has(id),
    add(id, content) {
      const file = openSync(path, "a", 0o600);
      try {
        writeSync(file, JSON.stringify({ id, ...content }) + "\n");
        fsyncSync(file); // Papo forgets the event once it has our 2xx
      } finally {
        closeSync(file);
      }
      ids.add(id);
    },
    forget(visitor) {
      const kept = lines().filter((line) => JSON.parse(line).data?.visitor?.id !== visitor);
      writeFileSync(`${path}.new`, kept.map((line) => line + "\n").join(""), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
  };
}

// Answers each event with what `handle(event)` returns: nothing, or an object that Papo may enrich the chat with. Whatever it
// throws becomes a 500, and Papo tries again. With `keep` the events themselves are kept, else their ids alone.
export function serve(handle, { keep = false } = {}) {
  const secret = process.env.PAPO_SECRET ?? "";
  const log = openLog(process.env.PAPO_DATA ?? "events.jsonl");
  const answerTo = async (headers, body) => {
    if (!verified(secret, headers, body)) return [401, { error: "the signature does not fit" }];
    const [id, event] = [headers["webhook-id"], JSON.parse(body.toString("utf8"))];
    if (event.test || log.has(id)) return [204];
    const answer = await handle(event);
    if (event.type === "visitor.erased") log.forget(event.data.visitor.id);
    log.add(id, keep ? event : {});
    return answer ? [200, answer] : [204];
  };
  const server = createServer(async (request, response) => {
    const send = (status, content) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(content && JSON.stringify(content));
    };
    if (request.method !== "POST") return send(405, { error: "POST only" });
    try {
      const chunks = [];
      let bytes = 0;
      for await (const chunk of request) {
        bytes += chunk.length;
        if (bytes > BODY_BYTES_MAX) return send(413, { error: "too long" });
        chunks.push(chunk);
      }
      send(...(await answerTo(request.headers, Buffer.concat(chunks))));
    } catch (error) {
      console.error(error);
      send(500, { error: "not handled" });
    }
  });
  server.listen(Number(process.env.PORT ?? 9000), "127.0.0.1");
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) serve(() => undefined, { keep: true });
