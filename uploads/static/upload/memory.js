// What this browser remembers of uploads under way, for the user who is signed in.
const facts = JSON.parse(document.getElementById("facts").textContent);
const KEY = `uploads of user ${facts.user}`;

const read = () => {
  try {
    return JSON.parse(localStorage.getItem(KEY)) || {};
  } catch {
    return {};
  }
};
const write = (all) => {
  try {
    localStorage.setItem(KEY, JSON.stringify(all));
  } catch { /* a private window without storage: a reload will not find the upload again */ }
};

/** The same file, chosen again, has the same name. */
export const nameOf = (file) => `${file.name}|${file.size}|${file.lastModified}`;

export const remembered = () => Object.values(read());
export const find = (file) => read()[nameOf(file)];
export const remember = (entry) => write({ ...read(), [entry.id]: entry });
export const forget = (id) => {
  const all = read();
  delete all[id];
  write(all);
};
export { facts };
