// One file on the page: what it is, how far it has come, what can be done with it.
const template = document.getElementById("card");
const WORDS = {
  chosen: "Ready to start",
  opening: "Preparing …",
  sending: "Hashing and uploading",
  queued: "Waiting for its turn",
  paused: "Paused",
  signedout: "You are signed out. Sign in, and it goes on here.",
  lost: "Stopped when the page was closed. Choose the file again to go on.",
  checking: "Uploaded. The server checks every byte …",
  stored: "Stored.",
  ready: "Done",
  failed: "Failed",
};
const STEP = { checking: 1, stored: 2, ready: 4 };
const HALTED = ["paused", "lost", "signedout"];
const UNITS = ["B", "kB", "MB", "GB"];

export function bytes(count) {
  let unit = 0;
  for (; count >= 1000 && unit < UNITS.length - 1; unit += 1) count /= 1000;
  return `${count.toLocaleString("en", { maximumFractionDigits: unit > 1 ? 1 : 0 })} ${UNITS[unit]}`;
}

export function duration(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export class Card {
  constructor(upload, { onChoose, onGone, say }) {
    Object.assign(this, { upload, onGone, say });
    this.element = template.content.firstElementChild.cloneNode(true);
    this.find = (selector) => this.element.querySelector(selector);
    this.find(".name").textContent = upload.name;
    this.find("progress").setAttribute("aria-label", `Upload of ${upload.name}`);
    this.find(".picture").textContent = upload.name.split(".").pop().toUpperCase();
    const steps = this.element.querySelectorAll(".steps li");
    steps[2].textContent = upload.isVideo ? "Analysed" : "Read";
    steps[3].textContent = upload.isVideo ? "Assessment" : "Candidate";
    this.#act(".pause", "Pause", () => upload.pause());
    this.#act(".resume", "Resume", () => upload.resume());
    this.#act(".again", "Choose the file for", () => onChoose(upload));
    this.#act(".cancel", "Remove", () => this.#leave());
    upload.addEventListener("change", () => this.#changed());
    this.show();
  }

  #act(selector, word, work) {
    const button = this.find(selector);
    button.setAttribute("aria-label", `${word} ${this.upload.name}`);
    button.addEventListener("click", work);
  }

  #leave() {
    const { upload } = this;
    if (upload.isOver || ["checking", "stored"].includes(upload.state)) this.onGone();
    else upload.cancel();
  }

  #changed() {
    const { upload } = this;
    if (upload.state === "cancelled") return this.onGone();
    if (upload.state !== "opening" && upload.state !== this.told) this.say(`${upload.name}: ${this.#text()}`);
    this.told = upload.state;
    this.show();
  }

  #text() {
    const { state, message, isQueued, retryIn } = this.upload;
    if (state === "waiting") return `${message} ${retryIn > 0 ? `Trying again in ${Math.ceil(retryIn)} s.` : "Trying …"}`;
    return message || WORDS[isQueued ? "queued" : state];
  }

  show() {
    const { state, result } = this.upload;
    this.element.dataset.state = state;
    const text = this.#text();
    if (this.find(".state").textContent !== text) this.find(".state").textContent = text;
    this.#showButtons(state);
    this.#showSteps(state);
    this.#showNumbers(state);
    if (result) this.#showResult(result);
  }

  #showButtons(state) {
    const { upload } = this;
    this.find(".pause").hidden = !upload.isMoving;
    this.find(".resume").hidden = !["paused", "signedout"].includes(state) && !(state === "failed" && upload.file);
    this.find(".resume").textContent = state === "failed" ? "Try again" : "Resume";
    this.find(".again").hidden = state !== "lost";
    this.find(".sign-in").hidden = state !== "signedout";
    const word = upload.isMoving || HALTED.includes(state) ? "Cancel" : state === "chosen" ? "Remove" : "Clear";
    this.find(".cancel").textContent = word;
    this.find(".cancel").setAttribute("aria-label", `${word} ${upload.name}`);
  }

  #showSteps(state) {
    const reached = STEP[state] ?? 0;
    const list = this.find(".steps");
    list.hidden = !reached;
    [...list.children].forEach((step, place) => {
      step.className = place < reached ? "done" : "";
      if (place === reached) step.setAttribute("aria-current", "step");
      else step.removeAttribute("aria-current");
    });
  }

  #showNumbers(state) {
    const { upload } = this;
    const bar = this.find("progress");
    const sending = upload.isMoving || HALTED.includes(state);
    bar.hidden = !sending;
    bar.value = 100 * upload.sent / upload.size;
    const words = [sending ? `${bytes(upload.sent)} of ${bytes(upload.size)}` : bytes(upload.size)];
    if (sending) words.unshift(`${Math.floor(bar.value)} %`);
    const speed = state === "sending" ? upload.speed : 0;
    if (speed > 0) words.push(`${bytes(speed)}/s`, `${duration((upload.size - upload.sent) / speed)} left`);
    this.find(".numbers").textContent = words.join(" · ");
  }

  #showResult({ link, text, poster }) {
    const anchor = this.find(".open");
    anchor.hidden = false;
    anchor.href = link;
    anchor.textContent = text;
    if (poster && !this.find(".picture img")) {
      const image = new Image();
      image.src = poster;
      image.alt = "";
      this.find(".picture").replaceChildren(image);
    }
  }
}
