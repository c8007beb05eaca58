import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Ringer } from "console/ringer";

/** What was played, in Hz. */
let tones = [];
/** Whether this tab is given the lock. */
let granted = true;

const param = () => ({ value: 0, setValueAtTime() {}, linearRampToValueAtTime() {}, exponentialRampToValueAtTime() {} });
const node = (more) => ({ connect: (next) => next, ...more });
globalThis.AudioContext = class {
  state = "suspended";
  currentTime = 0;
  async resume() {
    this.state = "running";
  }
  createGain = () => node({ gain: param() });
  createOscillator = () => node({ frequency: param(), start() { tones.push(Math.round(this.frequency.value)); }, stop() {} });
};
const locks = { request: async (_name, hold) => (granted ? hold() : new Promise(() => {})) };
Object.defineProperty(globalThis, "navigator", { value: { locks }, configurable: true });

beforeEach(() => {
  tones = [];
  granted = true;
});

test("nothing is heard before a person allowed it, and a call once after", async () => {
  const ringer = new Ringer(() => true);
  ringer.call();
  assert.deepEqual(tones, []);
  assert.equal(await ringer.allow(), true);
  ringer.call();
  assert.deepEqual(tones, [659, 2637, 880, 3520]);
});

test("of two tabs the one without the lock is quiet, but whoever allows sound there hears it", async () => {
  granted = false;
  const ringer = new Ringer(() => true);
  await ringer.allow();
  ringer.call();
  ringer.message();
  assert.deepEqual(tones, []);
  ringer.sample();
  assert.deepEqual(tones, [587, 2349]);
});

test("where sound is turned off nothing is heard at all", async () => {
  const ringer = new Ringer((setting) => setting !== "sound");
  await ringer.allow();
  ringer.call();
  ringer.message();
  ringer.sample();
  assert.deepEqual(tones, []);
});
