// The saved list, which is kept in this browser and nowhere else, and buttons that copy an address.
// The buttons are in the page, hidden: who has no script sees none that does nothing.
const KEY = "trialhead-saved";
const MOST = 100;

function read() {
  const list = JSON.parse(localStorage.getItem(KEY) ?? "[]");
  return Array.isArray(list) ? list.filter((id) => /^NCT\d{8}$/.test(id)) : [];
}

function show(list) {
  for (const button of document.querySelectorAll("button[data-save]")) {
    button.setAttribute("aria-pressed", String(list.includes(button.dataset.save)));
    button.hidden = false;
  }
  for (const place of document.querySelectorAll("[data-saved-count]"))
    place.textContent = list.length ? `(${list.length})` : "";
  for (const button of document.querySelectorAll("button[data-forget]")) button.hidden = !list.length;
}

function keep(list) {
  localStorage.setItem(KEY, JSON.stringify(list.slice(-MOST)));
  show(read());
}

function toggle(id) {
  const list = read();
  keep(list.includes(id) ? list.filter((other) => other !== id) : [...list, id]);
}

async function copy(button) {
  await navigator.clipboard.writeText(document.querySelector("link[rel=canonical]")?.href ?? location.href);
  const said = button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => { button.textContent = said; }, 2000);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.save) toggle(button.dataset.save);
  else if (button?.hasAttribute("data-forget")) {
    keep([]);
    location.assign(location.pathname);
  } else if (button?.dataset.copied) copy(button);
});

function dress() {
  try {
    show(read());
  } catch {
    // No storage: the buttons stay hidden.
  }
  if (navigator.clipboard)
    for (const button of document.querySelectorAll("button[data-copied]")) button.hidden = false;
}

dress();
document.addEventListener("swapped", dress); // filter.js put new results into the page
addEventListener("storage", dress); // another tab
if (document.querySelector("[data-saved-empty]")) {
  let list = [];
  try {
    list = read();
  } catch {
    // No storage, no list.
  }
  if (list.length) location.replace(`?ids=${list.join(",")}`);
}
