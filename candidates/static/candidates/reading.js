// Asks every two seconds how far the reading of a CV has come, and shows what came of it.
const EVERY = 2000; // milliseconds
const PATIENCE = 10_000; // milliseconds for one answer
const PART_AT = 3; // so many answers that it goes on, and the card is asked for again: it may have more to say

const box = document.getElementById("reading");

function say(words, state = "pending") {
  box.dataset.state = state;
  const line = box.querySelector("[role=status]");
  if (line.textContent !== words) line.textContent = words; // the line itself stays, so that it is read out
}

/** The card as the server writes it now, put into the one that stands here. */
async function showPart() {
  const answer = await fetch(box.dataset.part, { signal: AbortSignal.timeout(PATIENCE) });
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const part = page.getElementById("reading");
  if (!part) return;
  box.querySelector(".desk-reading-more").replaceWith(part.querySelector(".desk-reading-more"));
  say(part.querySelector("[role=status]").textContent, part.dataset.state);
}

/** Milliseconds until the next question; 0 when there is nothing more to ask. */
async function ask(count) {
  const answer = await fetch(box.dataset.status, { signal: AbortSignal.timeout(PATIENCE) });
  if (answer.status === 404) return say("This candidate is not there any more.", "gone") || 0;
  if ([401, 403].includes(answer.status)) return say("You are signed out. Sign in to see how it ended.", "gone") || 0;
  if (!answer.ok) return Math.max(EVERY, 1000 * Number(answer.headers.get("Retry-After")));
  const { parsing_status: status } = await answer.json();
  if (status !== "pending" || count % PART_AT === 0) await showPart();
  return status === "pending" ? EVERY : 0;
}

async function follow() {
  for (let count = 1, wait = EVERY; wait; count += 1) {
    await new Promise((go) => setTimeout(go, wait));
    wait = await ask(count).catch(() => EVERY); // the network is away: it may come back
  }
}

if (box?.dataset.state === "pending") follow();

// A form that makes something is sent once, however often its button is pressed, and not with what will be refused.
for (const form of document.querySelectorAll("form[data-once]")) {
  const button = form.querySelector("button"), words = button.textContent;
  form.addEventListener("submit", (event) => {
    if (!form.reportValidity()) return event.preventDefault();
    setTimeout(() => {
      button.disabled = true;
      button.textContent = "Sending …";
    });
  });
  addEventListener("pageshow", () => { // also on the way back to it
    button.disabled = false;
    button.textContent = words;
  });
}

for (const input of document.querySelectorAll("input.desk-choose")) {
  input.hasChangeListener = true; // the theme would write the file's name into a text field that is not there
  input.addEventListener("change", () => {
    const most = Number(input.dataset.most), size = input.files[0]?.size || 0;
    const megabytes = (bytes) => (bytes / 2 ** 20).toFixed(1);
    input.setCustomValidity(size > most ? `The file has ${megabytes(size)} MB; at most ${megabytes(most)} are taken.` : "");
    input.reportValidity();
  });
}
