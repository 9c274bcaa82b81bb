// Filters of a search that take effect at once: the page of the new search is fetched and its results take the place of the old
// ones; address, title, focus and what was unfolded stay in step, and the number found is said to screen readers. Without this
// script, and where anything goes wrong, the same form leads to the same page.
const form = document.getElementById("search");
const place = () => location.pathname + location.search;
let asked, shown = place();

// The address that the form leads to, without its empty fields.
function address() {
  const data = new URLSearchParams(new FormData(form));
  for (const [name, value] of [...data]) if (!value.trim()) data.delete(name, value);
  const query = data.toString();
  return form.getAttribute("action") + (query ? `?${query}` : "");
}

function same(control, root) {
  if (!control) return null;
  if (control.id) return root.querySelector(`#${CSS.escape(control.id)}`);
  return [...root.querySelectorAll(`[name="${CSS.escape(control.name)}"]`)].find((one) => one.value === control.value);
}

function unfold(from, to) {
  const open = new Set([...from.querySelectorAll("details[open] > summary")].map((one) => one.textContent));
  for (const summary of to.querySelectorAll("details > summary"))
    if (open.has(summary.textContent)) summary.parentElement.open = true;
}

function put(page, said) {
  const old = document.querySelector(".results"), fresh = page.querySelector(".results");
  const here = old.contains(document.activeElement) ? document.activeElement : null;
  const top = here?.getBoundingClientRect().top;
  unfold(old, fresh);
  old.replaceWith(fresh);
  document.title = page.title;
  const heading = fresh.querySelector("h1");
  said.textContent = heading.textContent;
  const button = fresh.querySelector("button.apply");
  if (fresh.querySelector(".hits")) button.textContent = `${button.dataset.show} ${heading.textContent}`;
  const there = same(here, fresh);
  there?.focus({ preventScroll: true });
  if (there) scrollBy({ top: there.getBoundingClientRect().top - top, behavior: "instant" });
  document.dispatchEvent(new Event("swapped"));
}

async function follow(url, said) {
  asked?.abort();
  asked = new AbortController();
  const results = document.querySelector(".results");
  results.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { signal: asked.signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.querySelector(".results")) return location.assign(url);
    put(page, said);
    history.pushState(null, "", answer.url);
    shown = place();
  } catch (fault) {
    if (fault.name !== "AbortError") location.assign(url);
  }
}

if (form && document.querySelector(".results")) {
  const said = document.createElement("p");
  said.className = "hidden";
  said.setAttribute("role", "status");
  document.querySelector("main").append(said);
  document.addEventListener("change", (event) => {
    if (event.target.form === form && event.target.closest(".filters")) follow(address(), said);
  });
  // Back and forward between searches; a step to a part of this page is none.
  addEventListener("popstate", () => place() !== shown && location.reload());
}
