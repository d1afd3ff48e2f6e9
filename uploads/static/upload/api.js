// The calls of the chunked door. Every refusal is the one envelope of the doors.
import { facts } from "./memory.js";

const DOOR = "/api/chunked-upload";

/** As it is now: signing in again in another tab makes a new one. */
function csrfToken() {
  const cookie = document.cookie.split("; ").find((one) => one.startsWith(`${facts.csrfCookie}=`));
  return cookie ? cookie.slice(facts.csrfCookie.length + 1) : document.querySelector('meta[name="csrf-token"]').content;
}

/** The server said no: `status` and `code` as it gave them, `wait` in seconds where it named a time. */
export class Refused extends Error {
  constructor(status, body, wait) {
    super(body?.detail || "The server gave no answer that can be read.");
    this.status = status;
    this.code = body?.code || "";
    this.wait = Number(wait) || 0;
  }

  /** Whether the same call may go well later. */
  get passing() {
    return this.status >= 500 || [408, 425, 429].includes(this.status) || this.code === "incomplete_body";
  }
}

/** No answer at all: the network, or a server that is being started again. */
export class Unreachable extends Error {
  passing = true;
  wait = 0;
}

async function call(method, path, body, signal) {
  const headers = { "X-CSRFToken": csrfToken() };
  if (body) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { method, headers, signal, body: body && JSON.stringify(body) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Unreachable("The server cannot be reached.");
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new Refused(response.status, answer, response.headers.get("Retry-After"));
  return answer;
}

export const open = (file, chunks, signal) =>
  call("POST", `${DOOR}/init`, { filename: file.name, file_size: file.size, total_chunks: chunks }, signal);
export const state = (uploadId, signal) => call("GET", `${DOOR}/${uploadId}`, null, signal);
export const complete = (uploadId, signal) => call("POST", `${DOOR}/complete`, { upload_id: uploadId }, signal);
export const cancel = (uploadId) => call("DELETE", `${DOOR}/${uploadId}`);
export const assessment = (id, signal) => call("GET", `/api/assessments/${id}`, null, signal);
export const candidates = (docId, signal) => call("GET", `/candidates/?document=${docId}`, null, signal);

/** Sends one chunk. XMLHttpRequest, because fetch does not tell how much of a body has gone out. */
export function sendChunk({ uploadId, index, sha256, blob, signal, onProgress }) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("upload_id", uploadId);
    form.append("chunk_index", index);
    if (sha256) form.append("sha256", sha256);
    form.append("chunk", blob, "chunk");
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    const end = (settle, value) => {
      signal.removeEventListener("abort", stop);
      settle(value);
    };
    request.open("POST", `${DOOR}/chunk`);
    request.responseType = "json";
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.upload.onprogress = (event) => onProgress(Math.min(event.loaded, blob.size));
    request.onload = () => request.status === 200
      ? end(resolve, request.response)
      : end(reject, new Refused(request.status, request.response, request.getResponseHeader("Retry-After")));
    request.onerror = request.ontimeout = () => end(reject, new Unreachable("The server cannot be reached."));
    request.onabort = () => end(reject, new DOMException("Stopped", "AbortError"));
    request.timeout = 120_000;
    signal.addEventListener("abort", stop);
    if (signal.aborted) return end(reject, new DOMException("Stopped", "AbortError"));
    request.send(form);
  });
}

/** SHA-256 in hex; empty where the browser offers none (a page that came without TLS from another machine). Rejects for
 * a file that was moved or changed meanwhile. */
export async function sha256(blob) {
  const content = await blob.arrayBuffer();
  if (!globalThis.crypto?.subtle) return "";
  const digest = await crypto.subtle.digest("SHA-256", content);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
