// The page: files are chosen or dropped, started, and found again after a reload.
import * as api from "./api.js";
import { bytes, Card } from "./card.js";
import { facts, find, forget, nameOf, remembered } from "./memory.js";
import { Upload } from "./upload.js";

const byId = (id) => document.getElementById(id);
const picker = byId("files"), drop = byId("drop"), list = byId("list"), refused = byId("refused");
const start = byId("start"), actions = byId("actions"), total = byId("total"), news = byId("news");
const cards = new Map(); // file → card

const say = (text) => { news.textContent = text; };

function show(upload) {
  const onGone = () => {
    card.element.remove();
    cards.delete(upload.id);
    picker.focus();
    tidy();
  };
  const card = new Card(upload, { onChoose: () => picker.click(), onGone, say });
  upload.addEventListener("change", tidy);
  cards.set(upload.id, card);
  list.append(card.element);
}

function why(file) {
  const extension = file.name.includes(".") ? file.name.split(".").pop().toLowerCase() : "";
  const most = facts.maxBytes[extension];
  if (!most) return `${file.name}: files of this type are not taken.`;
  if (!file.size) return `${file.name} is empty.`;
  return file.size > most ? `${file.name} has ${bytes(file.size)}; at most ${bytes(most)} are taken.` : "";
}

function take(files) {
  refused.replaceChildren();
  for (const file of files) {
    const fault = why(file);
    if (fault) {
      const line = document.createElement("li");
      line.textContent = fault;
      refused.append(line);
    } else if (cards.get(nameOf(file))?.upload.state === "lost") goOn(cards.get(nameOf(file)).upload, file);
    else if (!cards.has(nameOf(file))) show(prepare(file));
  }
  tidy();
  if (!start.hidden) start.focus();
}

function prepare(file) {
  const upload = new Upload({ file });
  upload.uploadId = find(file)?.uploadId || "";
  return upload;
}

function goOn(upload, file) {
  upload.file = file;
  upload.start();
}

function tidy() {
  const uploads = [...cards.values()].map((card) => card.upload);
  const chosen = uploads.filter((upload) => upload.state === "chosen");
  actions.hidden = !uploads.length;
  start.hidden = !chosen.length;
  start.textContent = chosen.length > 1 ? `Start Analysis of ${chosen.length} files` : "Start Analysis";
  const done = uploads.filter((upload) => upload.state === "ready").length;
  const moving = uploads.filter((upload) => upload.isMoving);
  total.textContent = chosen.length ? `${bytes(chosen.reduce((sum, { size }) => sum + size, 0))} to send`
    : moving.length ? `${done} of ${uploads.length} done` : done === uploads.length ? "All done" : "";
}

/** Uploads that a reload interrupted: those that were complete go on by themselves, the others need their file. */
async function findAgain() {
  await Promise.all(remembered().map(async (entry) => {
    const known = await api.state(entry.uploadId).catch((error) => error);
    if (known.status === 404) return forget(entry.id);
    if (cards.has(entry.id)) return;
    const upload = new Upload({ id: entry.id, name: entry.name, size: entry.size });
    upload.uploadId = entry.uploadId;
    upload.received = new Set(known.received || []);
    upload.state = "lost";
    show(upload);
    if (["verifying", "done", "failed"].includes(known.status)) upload.follow();
  }));
  tidy();
}

picker.addEventListener("change", () => {
  take(picker.files);
  picker.value = ""; // so that the same file can be chosen again
});
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
  for (const { upload } of cards.values()) if (upload.state === "chosen") upload.start();
});
addEventListener("beforeunload", (event) => {
  if ([...cards.values()].some(({ upload }) => upload.isMoving)) event.preventDefault();
});
setInterval(() => {
  for (const card of cards.values()) if (card.upload.isMoving) card.show();
}, 250);
findAgain();
