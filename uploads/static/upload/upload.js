// One file on its way: opened, sent in chunks, completed, followed until its candidate or assessment is there.
import * as api from "./api.js";
import { pause, persistently, Places } from "./patience.js";
import { facts, forget, nameOf, remember } from "./memory.js";

const AT_ONCE = 4; // chunks of all files together
const places = new Places(AT_ONCE);
const POLLS = [400, 700, 1000, 1500, 2000, 3000]; // milliseconds; the last one again and again
const SPEED_OVER = 5000; // milliseconds
const GONE = "The server no longer has this upload: it was cancelled, or nothing came for a day.";

/** Tells of every change by the event `change`. */
export class Upload extends EventTarget {
  state = "chosen";
  message = "";
  received = new Set();
  result = null; // {link, text, poster}
  #retryAt = 0;
  #busy = 0; // chunks of it that are being hashed or sent
  #going = new Map(); // index → bytes of it that have gone out
  #stop = new AbortController();
  #history = [];

  constructor({ file = null, name = file.name, size = file.size, id = nameOf(file), uploadId = "" }) {
    super();
    Object.assign(this, { file, name, size, id, uploadId });
    this.chunks = Math.ceil(this.size / facts.chunkSize);
  }

  get isVideo() {
    return /\.(mp4|mov|webm|mkv)$/i.test(this.name);
  }

  get isMoving() {
    return ["opening", "sending", "waiting"].includes(this.state);
  }

  get isOver() {
    return ["ready", "failed", "cancelled"].includes(this.state);
  }

  /** Started, and other files have all the places. */
  get isQueued() {
    return this.state === "sending" && !this.#busy;
  }

  /** Seconds until the next try. */
  get retryIn() {
    return (this.#retryAt - performance.now()) / 1000;
  }

  /** Bytes that are safe on the server, and those that are going out. */
  get sent() {
    let bytes = 0;
    for (const index of this.received) bytes += this.#length(index);
    for (const [index, gone] of this.#going) if (!this.received.has(index)) bytes += gone;
    return bytes;
  }

  /** Bytes a second over the last seconds; 0 while nothing can be said. */
  get speed() {
    const now = performance.now();
    this.#history.push([now, this.sent]);
    while (now - this.#history[0][0] > SPEED_OVER) this.#history.shift();
    const [then, before] = this.#history[0];
    return now - then < 500 ? 0 : Math.max(0, (this.sent - before) / (now - then) * 1000);
  }

  #length(index) {
    return Math.min(facts.chunkSize, this.size - index * facts.chunkSize);
  }

  #become(state, message = "") {
    this.state = state;
    this.message = message;
    this.dispatchEvent(new Event("change"));
  }

  async start() {
    const stop = this.#begin();
    try {
      await this.#open(stop.signal);
      await this.#sendAndComplete(stop.signal);
      await this.#follow(stop.signal);
    } catch (error) {
      this.#fail(error, stop);
    }
  }

  #begin() {
    this.#stop = new AbortController();
    this.#history = [];
    this.#going.clear();
    return this.#stop;
  }

  resume() {
    return this.file ? this.start() : this.follow();
  }

  goOnWith(file) {
    this.file = file;
    return this.start();
  }

  pause() {
    this.#stop.abort();
    this.#become("paused");
  }

  async cancel() {
    this.#stop.abort();
    forget(this.id);
    this.#become("cancelled");
    if (this.uploadId) await api.cancel(this.uploadId).catch(() => {}); // it ends by itself after a day
  }

  #fail(error, stop) {
    if (stop.signal.aborted) return;
    stop.abort(); // one chunk was refused: the others need not come
    this.#going.clear();
    if (error.status === 401) return this.#become("signedout");
    if (error.status === 403) return this.#become("paused", error.message);
    forget(this.id);
    this.uploadId = "";
    this.received.clear();
    this.#become("failed", error.code === "session_not_found" ? GONE : error.message);
  }

  #patiently(work, signal) {
    return persistently(work, signal, (error, seconds) => {
      this.#retryAt = performance.now() + seconds * 1000;
      this.#become("waiting", navigator.onLine ? error.message : "No network.");
    });
  }

  async #open(signal) {
    this.#become("opening");
    if (this.uploadId && await this.#known(signal)) return;
    const opened = await this.#patiently(() => api.open(this.file, this.chunks, signal), signal);
    this.uploadId = opened.upload_id;
    this.received.clear();
    remember({ id: this.id, name: this.name, size: this.size, uploadId: this.uploadId });
  }

  /** What the server has of this upload; false when it knows nothing of it any more. */
  async #known(signal) {
    try {
      const known = await this.#patiently(() => api.state(this.uploadId, signal), signal);
      this.received = new Set(known.received);
      return true;
    } catch (error) {
      if (error.status === 404) return false;
      throw error;
    }
  }

  async #sendAndComplete(signal) {
    for (;;) {
      await this.#sendMissing(signal);
      try {
        await this.#patiently(() => api.complete(this.uploadId, signal), signal);
        return;
      } catch (error) {
        if (error.code !== "missing_chunks") throw error;
        await this.#known(signal);
      }
    }
  }

  async #sendMissing(signal) {
    const missing = [];
    for (let index = 0; index < this.chunks; index += 1) if (!this.received.has(index)) missing.push(index);
    if (!missing.length) return;
    this.#become("sending");
    const work = async () => {
      while (missing.length) await places.with(() => missing.length && this.#sendBusily(missing.shift(), signal));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  async #sendBusily(index, signal) {
    this.#busy += 1;
    try {
      await this.#send(index, signal);
    } finally {
      this.#busy -= 1;
    }
  }

  async #send(index, signal) {
    const start = index * facts.chunkSize;
    const blob = this.file.slice(start, start + this.#length(index));
    const sha256 = await api.sha256(blob).catch(() => {
      throw new Error("The file cannot be read any more. Was it moved or changed?");
    });
    await this.#patiently(() => {
      if (this.state !== "sending" && !signal.aborted) this.#become("sending");
      const onProgress = (bytes) => this.#going.set(index, bytes);
      return api.sendChunk({ uploadId: this.uploadId, index, sha256, blob, signal, onProgress })
        .finally(() => this.#going.delete(index));
    }, signal);
    this.received.add(index);
    if (this.state === "waiting") this.#become("sending");
  }

  /** Follows an upload that is complete. */
  async follow() {
    const stop = this.#begin();
    try {
      await this.#follow(stop.signal);
    } catch (error) {
      this.#fail(error, stop);
    }
  }

  async #follow(signal) {
    this.received = new Set(Array.from({ length: this.chunks }, (_, index) => index));
    for (let poll = 0; ; poll += 1) {
      const known = await this.#patiently(() => api.state(this.uploadId, signal), signal);
      if (await this.#look(known, signal)) break;
      await pause(POLLS[Math.min(poll, POLLS.length - 1)], signal);
    }
    forget(this.id);
  }

  async #look(known, signal) {
    if (known.status === "failed") return this.#end("failed", known.message);
    if (known.status !== "done") return this.#stay("checking");
    if (known.assessment_id) return this.#lookAtVideo(known.assessment_id, signal);
    if (known.parse_status === "failed") return this.#end("failed", known.message);
    if (known.parse_status !== "completed") return this.#stay("stored");
    return this.#lookAtCandidate(known.doc_id, signal);
  }

  async #lookAtVideo(id, signal) {
    const found = await this.#patiently(() => api.assessment(id, signal), signal);
    if (found.status === "processing") return this.#stay("stored");
    if (found.status === "failed") return this.#end("failed", found.message);
    this.result = { link: `/upload/videos/${id}`, text: "Open the assessment", poster: found.poster_url };
    return this.#end("ready", found.message);
  }

  async #lookAtCandidate(docId, signal) {
    const found = await api.candidates(docId, signal).catch(() => ({ results: [] }));
    const candidate = found.results?.[0];
    this.result = candidate
      ? { link: `/admin/candidates/candidate/${candidate.id}/change/`, text: `Open ${candidate.full_name}` }
      : { link: "/admin/", text: "Open the desk" };
    return this.#end("ready", "Read. The CV is on the desk.");
  }

  #stay(state) {
    if (this.state !== state) this.#become(state);
    return false;
  }

  #end(state, message) {
    this.#become(state, message);
    return true;
  }
}
