// The page: files are chosen or dropped, started, and found again after a reload.
import * as api from "./api.js";
import { bytes, Card, duration } from "./card.js";
import { facts, find, forget, nameOf, remembered } from "./memory.js";
import { Upload } from "./upload.js";

const byId = (id) => document.getElementById(id);
const picker = byId("files"), drop = byId("drop"), list = byId("list"), refused = byId("refused"), news = byId("news");
const start = byId("start"), actions = byId("actions"), total = byId("total"), overall = byId("overall");
const cards = new Map(); // file → card
const CHANGED = "This file has changed since it was stopped. It is sent from the beginning.";
let wanted = null; // the upload whose file is being chosen again

const say = (text) => { news.textContent = text; };
const uploads = () => [...cards.values()].map((card) => card.upload);
const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);

function show(upload) {
  const onChoose = () => {
    wanted = upload;
    picker.click();
  };
  const card = new Card(upload, { onChoose, onGone: () => remove(upload), say });
  upload.addEventListener("change", tidy);
  cards.set(upload.id, card);
  list.append(card.element);
}

function remove(upload) {
  cards.get(upload.id)?.element.remove();
  cards.delete(upload.id);
  picker.focus();
  tidy();
}

// --- Files that are chosen -------------------------------------------------------------------------------------------

function why(file) {
  const extension = file.name.includes(".") ? file.name.split(".").pop().toLowerCase() : "";
  const most = facts.maxBytes[extension];
  if (!most) return `${file.name}: files of this type are not taken.`;
  if (!file.size) return `${file.name} is empty.`;
  if (file.size > most) return `${file.name} has ${bytes(file.size)}; at most ${bytes(most)} are taken.`;
  const known = cards.get(nameOf(file))?.upload;
  return known && known.state !== "lost" && !known.isOver ? `${file.name} is in the list already.` : "";
}

function take(files) {
  refused.replaceChildren();
  for (const file of files) {
    const fault = why(file);
    if (fault) refuse(fault);
    else add(file);
  }
  wanted = null;
  tidy();
  if (!start.hidden) start.focus();
}

function refuse(fault) {
  const line = document.createElement("li");
  line.textContent = fault;
  refused.append(line);
}

function add(file) {
  const known = cards.get(nameOf(file))?.upload;
  if (known?.state === "lost") return known.goOnWith(file);
  if (known) remove(known); // it is over: once more
  const upload = new Upload({ file, uploadId: find(file)?.uploadId });
  if (wanted?.name === file.name) {
    wanted.cancel();
    upload.message = CHANGED;
  }
  show(upload);
}

// --- All of them together --------------------------------------------------------------------------------------------

function tidy() {
  const all = uploads();
  const chosen = all.filter(({ state }) => state === "chosen");
  const moving = all.filter(({ isMoving }) => isMoving);
  actions.hidden = !chosen.length && all.length < 2;
  start.hidden = !chosen.length;
  start.textContent = chosen.length > 1 ? `Start Analysis of ${chosen.length} files` : "Start Analysis";
  overall.hidden = !moving.length;
  overall.value = 100 * sum(all.map(({ sent }) => sent)) / (sum(all.map(({ size }) => size)) || 1);
  const words = inWords(all, chosen, moving);
  if (total.textContent !== words) total.textContent = words;
}

function inWords(all, chosen, moving) {
  if (chosen.length) return `${bytes(sum(chosen.map(({ size }) => size)))} to send`;
  const count = (state) => all.filter((upload) => upload.state === state).length;
  if (count("ready") === all.length) return "All done";
  const words = [`${count("ready")} of ${all.length} done`];
  if (count("failed")) words.push(`${count("failed")} failed`);
  const speed = sum(moving.map((upload) => upload.speed));
  if (speed) words.push(`${duration(sum(moving.map(({ size, sent }) => size - sent)) / speed)} left`);
  return words.join(" · ");
}

// --- After a reload, after signing in again --------------------------------------------------------------------------

/** Uploads that a reload interrupted: those that were complete go on by themselves, the others need their file. */
async function findAgain() {
  await Promise.all(remembered().map(async (entry) => {
    const known = await api.state(entry.uploadId).catch((error) => error);
    if (known.status === 404) return forget(entry.id);
    if (cards.has(entry.id)) return;
    const upload = new Upload(entry);
    upload.received = new Set(known.received || []);
    upload.state = "lost";
    show(upload);
    if (["verifying", "done", "failed"].includes(known.status)) upload.follow();
  }));
  tidy();
}

async function goOnIfSignedIn() {
  const waiting = uploads().filter(({ state }) => state === "signedout");
  if (!waiting.length) return;
  const known = await api.state(waiting[0].uploadId).catch((error) => error);
  if (known.status !== 401) for (const upload of waiting) upload.resume();
}

function takePicked() {
  take(picker.files);
  picker.value = ""; // so that the same file can be chosen again
}

picker.addEventListener("change", takePicked);
picker.addEventListener("cancel", () => { wanted = null; });
for (const name of ["dragenter", "dragover"]) {
  addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
for (const name of ["dragleave", "drop"]) addEventListener(name, () => drop.classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  take(event.dataTransfer.files);
});
byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  for (const upload of uploads()) if (upload.state === "chosen") upload.start();
});
addEventListener("focus", goOnIfSignedIn);
document.addEventListener("visibilitychange", () => document.hidden || goOnIfSignedIn());
addEventListener("beforeunload", (event) => {
  if (uploads().some(({ isMoving }) => isMoving)) event.preventDefault();
});
setInterval(() => {
  for (const card of cards.values()) if (card.upload.isMoving) card.show();
  tidy();
}, 250);
if (picker.files.length) takePicked(); // chosen before this script had come
findAgain();
