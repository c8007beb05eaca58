// A receiver that verifies with the official library of Standard Webhooks and with nothing else.
import { createServer } from "node:http";
import { createRequire } from "node:module";

const { Webhook } = createRequire(`${process.env.LIBRARIES}/package.json`)("standardwebhooks");
const webhook = new Webhook(process.env.PAPO_SECRET);

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  try {
    webhook.verify(Buffer.concat(chunks), request.headers);
    response.writeHead(204).end();
  } catch (error) {
    console.error(error);
    response.writeHead(400).end();
  }
}).listen(Number(process.env.PORT), "127.0.0.1");
