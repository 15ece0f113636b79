"use strict";
(() => {
  const root = document.documentElement;
  const one = (selector, inside = document) => inside.querySelector(selector);
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  const title = document.title;
  root.classList.add("js");
  history.scrollRestoration = "manual";

  // One table at a time. The address says which; a way back leads to where one was.
  const left = new Map();
  let shown = "home";
  let turned = false;

  const leave = () => {
    left.set(shown, { top: scrollY, focus: document.activeElement });
    turned = true;
  };

  const open = (first) => {
    const id = location.hash.slice(1) || "home";
    const target = document.getElementById(id) || one("#home");
    const part = target.closest(".entry, #home");
    if (!part) return;
    all(".entry.open").forEach((entry) => entry.classList.remove("open"));
    part.classList.add("open");
    root.classList.toggle("elsewhere", part.id !== "home");
    all(".side a").forEach((link) => {
      if (link.hash === "#" + part.id) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    });
    document.title = part.dataset.name ? part.dataset.name + " · " + title : title;
    shown = part.id;
    const before = left.get(part.id);
    if (!turned && !first && before) {
      scrollTo(0, before.top);
      if (before.focus && before.focus.isConnected) before.focus.focus({ preventScroll: true });
    } else if (target !== part) {
      target.scrollIntoView({ block: "center" });
      if (!first) heading(part).focus({ preventScroll: true });
    } else if (!first || part.id !== "home") {
      scrollTo(0, 0);
      if (!first) heading(part).focus({ preventScroll: true });
    }
    turned = false;
  };

  const heading = (part) => one("h1, h2", part);

  addEventListener("hashchange", () => open(false));
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("a[href^='#']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const address = link.getAttribute("href");
    if (address === "#content") {
      event.preventDefault();
      one("#content").focus();
    } else if (address === (location.hash || "#home")) {
      event.preventDefault();
      scrollTo(0, 0);
    } else {
      leave();
    }
  });

  // The search looks at what stands on the page.
  const field = one("#search");
  const drop = one(".drop");
  const list = one("#found");
  const more = one(".more");
  const MOST = 40;
  let known = null;
  let hits = [];
  let chosen = -1;

  const text = (element) => (element ? element.textContent.replace(/\s+/g, " ").trim() : "");

  const read = () => {
    const found = [];
    for (const entry of all(".entry")) {
      const { kind, name } = entry.dataset;
      const said = all(".lead:not(.none)", entry).map(text).join(" ");
      const more = all(".kicker .tag, .grain", entry).map(text).join(" ");
      found.push({ kind, name, href: "#" + entry.id, said, more, rank: kind === "job" ? 3 : 2 });
      for (const row of all(".columns tbody tr", entry)) {
        const about = [text(one(".unit", row)), text(one(".said", row))].filter(Boolean).join(", ");
        found.push({ kind: "column", name: text(one("th", row)), href: "#" + row.id, said: about, inside: name, more: name, rank: 1 });
      }
    }
    for (const tag of all("dt[id^='tag-']")) {
      const carriers = all(".chip", tag.nextElementSibling).map(text).join(", ");
      found.push({ kind: "tag", name: text(tag), href: "#" + tag.id, said: carriers, more: "", rank: 2 });
    }
    for (const item of found) {
      item.low = item.name.toLowerCase();
      item.all = (item.name + " " + item.said + " " + item.more + " " + item.kind).toLowerCase();
    }
    return found;
  };

  const worth = (item, words) => {
    let sum = item.rank;
    for (const word of words) {
      if (!item.all.includes(word)) return 0;
      const at = item.low.indexOf(word);
      if (item.low === word) sum += 200;
      else if (at === 0) sum += 100;
      else if (at > 0) sum += item.low[at - 1] === "_" ? 70 : 50;
      else sum += 5;
    }
    return sum;
  };

  const marked = (parent, told, words) => {
    const low = told.toLowerCase();
    let at = 0;
    while (at < told.length) {
      let start = -1;
      let size = 0;
      for (const word of words) {
        const place = low.indexOf(word, at);
        if (place >= 0 && (start < 0 || place < start)) [start, size] = [place, word.length];
      }
      if (start < 0) break;
      parent.append(told.slice(at, start));
      const mark = document.createElement("mark");
      mark.textContent = told.slice(start, start + size);
      parent.append(mark);
      at = start + size;
    }
    parent.append(told.slice(at));
    return parent;
  };

  const part = (kind, name) => Object.assign(document.createElement("span"), { className: name, textContent: kind });

  const choose = (index) => {
    chosen = index;
    all("li", list).forEach((item, place) => item.setAttribute("aria-selected", String(place === index)));
    if (index < 0) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-activedescendant", "hit-" + index);
    one("#hit-" + index).scrollIntoView({ block: "nearest" });
  };

  const close = () => {
    drop.hidden = true;
    field.setAttribute("aria-expanded", "false");
    choose(-1);
  };

  const search = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    list.replaceChildren();
    hits = [];
    more.textContent = "";
    if (!words.length) return close();
    known = known || read();
    const found = known.map((item) => [worth(item, words), item]).filter(([value]) => value > 0);
    found.sort(([a, x], [b, y]) => b - a || (x.low < y.low ? -1 : x.low > y.low ? 1 : 0));
    hits = found.slice(0, MOST).map(([, item]) => item);
    hits.forEach((item, place) => {
      const line = document.createElement("li");
      line.id = "hit-" + place;
      line.setAttribute("role", "option");
      line.append(part(item.kind, "what"), marked(part("", "name"), item.name, words));
      const where = [item.inside ? "in " + item.inside : "", item.said].filter(Boolean).join(" · ");
      if (where) line.append(marked(part("", "where"), where, words));
      list.append(line);
    });
    const rest = found.length - hits.length;
    more.textContent = found.length === 0 ? "Nothing is called so." : rest ? "and " + rest + " more" : "";
    drop.hidden = false;
    field.setAttribute("aria-expanded", "true");
    choose(hits.length ? 0 : -1);
  };

  const go = (index) => {
    const item = hits[index];
    if (!item) return;
    close();
    field.value = "";
    field.blur();
    if (location.hash === item.href) return open(false);
    leave();
    location.hash = item.href;
  };

  field.addEventListener("input", search);
  field.addEventListener("focus", () => field.value && search());
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (hits.length) choose((chosen + (event.key === "ArrowDown" ? 1 : hits.length - 1) + hits.length) % hits.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      go(chosen);
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (!field.value) field.blur();
      field.value = "";
      search();
    }
  });
  list.addEventListener("mousedown", (event) => {
    const line = event.target.closest("li");
    if (!line) return;
    event.preventDefault();
    go(all("li", list).indexOf(line));
  });
  list.addEventListener("mousemove", (event) => {
    const line = event.target.closest("li");
    const index = all("li", list).indexOf(line);
    if (line && index !== chosen) choose(index);
  });
  field.addEventListener("blur", close);
  addEventListener("keydown", (event) => {
    const typing = event.target.matches && event.target.matches("input, textarea, select");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    field.focus();
    field.select();
  });

  // A table that is pointed at lights up with all that it is made of, and all that is made of it.
  for (const graph of all(".graph")) {
    const nodes = new Map(all(".node", graph).map((node) => [node.dataset.node, node]));
    const edges = all(".edge", graph);
    const trace = (from, start, end, lit) => {
      const waiting = [from];
      const seen = new Set(waiting);
      while (waiting.length) {
        const here = waiting.pop();
        for (const edge of edges) {
          if (edge.dataset[start] !== here) continue;
          edge.classList.add("lit");
          const next = edge.dataset[end];
          if (!seen.has(next)) {
            seen.add(next);
            waiting.push(next);
          }
        }
      }
      seen.forEach((name) => lit.add(name));
    };
    const dark = () => {
      graph.classList.remove("tracing");
      all(".lit", graph).forEach((item) => item.classList.remove("lit"));
    };
    const light = (event) => {
      const node = event.target.closest(".node");
      dark();
      if (!node) return;
      const lit = new Set();
      trace(node.dataset.node, "from", "to", lit);
      trace(node.dataset.node, "to", "from", lit);
      lit.forEach((name) => nodes.get(name).classList.add("lit"));
      graph.classList.add("tracing");
    };
    // Not on the drawing itself: what listens for the focus there takes part in it.
    const frame = graph.parentElement;
    frame.addEventListener("mouseover", light);
    frame.addEventListener("focusin", light);
    frame.addEventListener("mouseleave", dark);
    frame.addEventListener("focusout", dark);
  }

  // The size of the large graph.
  const canvas = one("#home .canvas");
  const drawing = one(".graph", canvas);
  const [wide, high] = [Number(drawing.getAttribute("width")), Number(drawing.getAttribute("height"))];
  let scale = 1;
  const zoom = (wanted) => {
    const before = scale;
    scale = Math.min(Math.max(wanted, 0.1), 2.5);
    const middle = [canvas.scrollLeft + canvas.clientWidth / 2, canvas.scrollTop + canvas.clientHeight / 2];
    drawing.style.width = wide * scale + "px";
    drawing.style.height = high * scale + "px";
    canvas.scrollLeft = (middle[0] * scale) / before - canvas.clientWidth / 2;
    canvas.scrollTop = (middle[1] * scale) / before - canvas.clientHeight / 2;
  };
  const sizes = {
    in: () => scale * 1.25,
    out: () => scale / 1.25,
    full: () => 1,
    fit: () => Math.min((canvas.clientWidth - 14) / wide, (innerHeight * 0.75 - 14) / high, 1),
  };
  all("[data-zoom]").forEach((button) => button.addEventListener("click", () => zoom(sizes[button.dataset.zoom]())));

  open(true);
})();
