// Completion of names in fields with data-kinds, and of places in those with data-places: a combobox with a list
// (WAI-ARIA Authoring Practices, "list autocomplete with manual selection"). Both come from this server's own API; pages of
// another language than English offer names in that language too.
const API = "/api/trialhead/v1";
const WAIT_MS = 120;
const LEAST = 2; // letters
const MOST = 8; // names and places
const PLACES = 3; // of them, when there are enough names
const LANG = document.documentElement.lang;
let made = 0;

class Completion {
  constructor(input) {
    this.input = input;
    this.list = document.createElement("ul");
    this.at = -1;
    this.list.id = `completions-${++made}`;
    this.list.className = "completions";
    this.list.hidden = true;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", input.labels?.[0]?.firstChild?.textContent ?? "");
    input.after(this.list);
    for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"],
      ["aria-expanded", "false"], ["aria-controls", this.list.id]]) input.setAttribute(name, value);
    input.addEventListener("input", () => this.wait());
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => this.close());
    // The field keeps the focus while a name is pointed at.
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.choose(option);
    });
  }

  wait() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), WAIT_MS);
  }

  async ask() {
    const text = this.input.value.trim();
    this.asked?.abort();
    if (text.length < LEAST) return this.close();
    this.asked = new AbortController();
    const { kinds, places } = this.input.dataset;
    const get = async (what, from = API) => {
      const answer = await fetch(`${from}/${what}&q=${encodeURIComponent(text)}`, { signal: this.asked.signal });
      return answer.ok ? answer.json() : {};
    };
    try {
      const [own, names, towns] = await Promise.all([
        kinds === undefined || LANG === "en" ? {} : get(`complete?kinds=${kinds}`, `/${LANG}`),
        kinds === undefined ? {} : get(`complete?n=4&kinds=${kinds}`),
        places === undefined ? {} : get("places?n=5"),
      ]);
      this.show(this.choices([...(own.completions ?? []), ...(names.completions ?? [])], towns));
    } catch {
      this.close(); // overtaken, or no server: the field works without
    }
  }

  // Names, each once, then places; both when there are many of either.
  choices(found, { before = "", places = [] }) {
    const seen = new Set();
    const once = ({ text }) => !seen.has(text.toLowerCase()) && seen.add(text.toLowerCase());
    const towns = places.map(({ name, region, country, countryCode, count }) => {
      const land = LANG === "en" ? country : new Intl.DisplayNames([LANG], { type: "region" }).of(countryCode);
      const label = [...new Set([name, region || land])].join(", ");
      return { text: before ? `${before} ${label}` : label, count };
    }).filter(once);
    const names = found.filter(once).slice(0, MOST - Math.min(towns.length, PLACES));
    return [...names, ...towns].slice(0, MOST);
  }

  show(names) {
    this.list.replaceChildren(...names.map(({ text, count, means }, i) => {
      const option = document.createElement("li");
      const beside = document.createElement("small"); // how many studies, or what records call it
      option.id = `${this.list.id}-${i}`;
      option.dataset.text = text;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      beside.textContent = means ?? count.toLocaleString(LANG);
      if (means) beside.lang = "en";
      option.append(text, " ", beside);
      return option;
    }));
    this.at = -1;
    this.input.removeAttribute("aria-activedescendant");
    if (!names.length || document.activeElement !== this.input) return this.close();
    const { style } = this.list;
    style.top = `${this.input.offsetTop + this.input.offsetHeight}px`;
    style.left = `${this.input.offsetLeft}px`;
    style.minWidth = `${this.input.offsetWidth}px`;
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
  }

  close() {
    clearTimeout(this.timer);
    this.list.hidden = true;
    this.at = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  move(step) {
    const options = this.list.children;
    options[this.at]?.setAttribute("aria-selected", "false");
    this.at = this.at + step;
    if (this.at < -1) this.at = options.length - 1;
    if (this.at >= options.length) this.at = -1; // back in the field
    const option = options[this.at];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  choose(option) {
    this.asked?.abort();
    this.input.value = option.dataset.text;
    this.close();
    this.input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  key(event) {
    const open = !this.list.hidden;
    if (event.key === "ArrowDown" && !open) this.ask();
    else if (!open) return;
    else if (event.key === "ArrowDown") this.move(1);
    else if (event.key === "ArrowUp") this.move(-1);
    else if (event.key === "Escape") this.close();
    else if (event.key === "Enter" && this.at >= 0) this.choose(this.list.children[this.at]);
    else return;
    event.preventDefault();
  }
}

function dress() {
  for (const input of document.querySelectorAll("input[data-kinds]:not([role]), input[data-places]:not([role])")) new Completion(input);
}
dress();
document.addEventListener("swapped", dress); // filter.js put new results into the page
