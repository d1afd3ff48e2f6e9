// One file on the page: what it is, how far it has come, what can be done with it.
const template = document.getElementById("card");
const WORDS = {
  chosen: "Ready to start",
  opening: "Starting …",
  sending: "Uploading",
  paused: "Paused",
  waiting: "Waiting",
  lost: "Stopped when the page was closed. Choose the file again to go on.",
  checking: "Uploaded. The server checks every byte …",
  stored: "Stored.",
  ready: "Done",
  failed: "Failed",
};
const STEP = { checking: 1, stored: 2, ready: 4 };
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
    this.#act(".resume", "Resume", () => upload.file ? upload.start() : upload.follow());
    this.#act(".again", "Choose the file for", onChoose);
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
    const text = upload.message || WORDS[upload.state];
    if (upload.state !== "opening" && upload.state !== this.told) this.say(`${upload.name}: ${text}`);
    this.told = upload.state;
    this.show();
  }

  show() {
    const { upload, element } = this;
    const { state } = upload;
    element.dataset.state = state;
    this.find(".state").textContent = state === "failed" ? upload.message : upload.message || WORDS[state];
    this.#showButtons(state);
    this.#showSteps(state);
    this.#showNumbers(state);
    if (upload.result) this.#showResult(upload.result);
  }

  #showButtons(state) {
    const { upload } = this;
    this.find(".pause").hidden = !upload.isMoving;
    this.find(".resume").hidden = state !== "paused" && !(state === "failed" && upload.file);
    this.find(".resume").textContent = state === "failed" ? "Try again" : "Resume";
    this.find(".again").hidden = state !== "lost";
    const under = upload.isMoving || ["paused", "lost"].includes(state);
    const word = under ? "Cancel" : state === "chosen" ? "Remove" : "Clear";
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
    const sending = upload.isMoving || ["paused", "lost"].includes(state);
    bar.hidden = !sending;
    bar.value = 100 * upload.sent / upload.size;
    const words = [sending ? `${bytes(upload.sent)} of ${bytes(upload.size)}` : bytes(upload.size)];
    if (sending) words.unshift(`${Math.floor(bar.value)} %`);
    const speed = state === "sending" ? upload.speed : 0;
    if (speed > 0) words.push(`${bytes(speed)}/s`, `${duration((upload.size - upload.sent) / speed)} left`);
    this.find(".numbers").textContent = words.join(" · ");
  }

  #showResult({ link, text, poster }) {
    const line = this.find(".result"), anchor = line.querySelector("a");
    line.hidden = false;
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
