// Lets Node resolve the bare specifiers that pages resolve by their import map: lib/socket → static/lib/socket.js
import { register } from "node:module";

register("./resolve.mjs", import.meta.url);
