// One canvas for all panes of an explorer: images, perturbations, class maps. No dependencies, no network.
// Python sends pixels once. Zoom, magnification, opacity, outlines, legend and brush work here, without a kernel.

const VOID = 255;
const MIDDLE = 128; // grey of a perturbation of zero
const SAME = 230; // grey of a pixel whose class did not change
const DIMMED = 0.85; // how far the classes that are not isolated go towards SAME
const RAMP = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]]; // viridis
const ZOOMS = [1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32];
const SCALES = [2, 3, 4, 6, 8]; // whole factors by which small pictures are enlarged
const WIDEST = 512; // CSS pixels of an enlarged pane
const GAP = 12; // CSS pixels between panes
const SNAPSHOT_BYTES = 16000; // of a picture in a saved notebook: four explorers stay below 300 kB
const SNAPSHOT_WIDTH = 240; // its pixels of each pane, or fewer
const SNAPSHOT_TYPES = ["image/webp", "image/jpeg"]; // not every browser writes the first
const SNAPSHOT_DELAY = 1000; // ms without painting
const OWN_KEYS = { "data-lm-suppress-shortcuts": "true" }; // on what has the focus: JupyterLab leaves its keys alone
const POINTER_HELP = "Click, then turn the wheel to zoom; drag to pan";
const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

const STYLE = `
.ddcat-canvas { font: var(--jp-ui-font-size1, 13px)/1.4 var(--jp-ui-font-family, system-ui, sans-serif);
  color: var(--jp-ui-font-color1, #222); padding: 3px; }
.ddcat-canvas .row { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 14px; margin: 4px 0 8px; }
.ddcat-canvas .panes { display: flex; flex-wrap: wrap; gap: 10px ${GAP}px; }
.ddcat-canvas .group { display: inline-flex; align-items: center; gap: 6px; }
.ddcat-canvas figure { margin: 0; min-width: 0; max-width: 100%; }
.ddcat-canvas figcaption { font-weight: 600; overflow-wrap: anywhere; padding-bottom: 2px; }
.ddcat-canvas canvas { display: block; max-width: 100%; image-rendering: pixelated; cursor: grab; touch-action: pan-y;
  box-shadow: 0 0 0 1px var(--jp-border-color1, #bdbdbd); }
.ddcat-canvas[data-brush="on"] canvas { cursor: crosshair; touch-action: none; }
.ddcat-canvas .readout { min-height: 1.4em; padding-top: 3px; font-variant-numeric: tabular-nums;
  color: var(--jp-ui-font-color2, #555); }
.ddcat-canvas button { font: inherit; color: inherit; background: var(--jp-layout-color2, #eee); padding: 2px 9px;
  border: 1px solid var(--jp-border-color1, #bdbdbd); border-radius: 3px; cursor: pointer; }
.ddcat-canvas button:hover { background: var(--jp-layout-color3, #ddd); }
.ddcat-canvas button[aria-pressed="true"] { border-color: var(--jp-brand-color1, #1565c0);
  box-shadow: inset 0 0 0 1px var(--jp-brand-color1, #1565c0); }
.ddcat-canvas button[aria-disabled="true"] { opacity: 0.45; cursor: default; }
.ddcat-canvas :focus-visible { outline: 2px solid var(--jp-brand-color1, #1565c0); outline-offset: 2px; }
.ddcat-canvas input[type="range"] { width: 110px; margin: 0; accent-color: var(--jp-brand-color1, #1565c0); }
.ddcat-canvas output { display: inline-block; min-width: 3em; font-variant-numeric: tabular-nums; }
.ddcat-canvas .legend { gap: 5px; }
.ddcat-canvas .legend button { display: inline-flex; align-items: center; gap: 6px; background: transparent; }
.ddcat-canvas .legend button.absent { opacity: 0.45; }
.ddcat-canvas .swatch { width: 12px; height: 12px; box-shadow: 0 0 0 1px #888; }
.ddcat-canvas .lines { min-height: 1.4em; position: relative; }
.ddcat-canvas .note:empty, .ddcat-canvas.empty .row:not(.lines) { display: none; }
.ddcat-canvas[data-status="busy"] .status { color: var(--jp-ui-font-color2, #555); font-style: italic; }
.ddcat-canvas[data-status="error"] .status { color: var(--jp-error-color1, #b71c1c); }
.ddcat-canvas .spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.ddcat-snapshot { max-width: 100%; }
`;

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const hasClasses = ({ kind }) => kind === "classes" || kind === "flipped";
const signed = (value) => (value > 0 ? `+${value}` : value < 0 ? `−${-value}` : "0");
const triple = (layer, i) => [layer[3 * i], layer[3 * i + 1], layer[3 * i + 2]];

function ramp(value) {
  const place = (value / 255) * (RAMP.length - 1);
  const low = Math.min(Math.floor(place), RAMP.length - 2);
  return RAMP[low].map((start, c) => start + (RAMP[low + 1][c] - start) * (place - low));
}

const opaque = (colour) => new Uint32Array(Uint8ClampedArray.of(...colour, 255).buffer)[0]; // RGBA as one number
const SAME_PIXEL = opaque([SAME, SAME, SAME]);
const RAMP_TABLE = Uint32Array.from({ length: 256 }, (_, value) => opaque(ramp(value)));

// Each function fills opaque pixels. `out` holds their RGBA values one after the other, and rounds and clips what is stored
// in it; `pixels` is the same memory with one number for each pixel.
const PAINT = {
  image({ out }, [image]) {
    fill(out, image.length, (j) => image[j]);
  },
  perturbation({ out }, [delta], { magnification }) {
    fill(out, delta.length, (j) => MIDDLE + magnification * delta[j]);
  },
  adversarial({ out }, [image, delta]) {
    fill(out, image.length, (j) => image[j] + delta[j]);
  },
  classes({ pixels }, [labels], board) {
    const colours = board.colourTable();
    for (let i = 0; i < labels.length; i++) pixels[i] = colours[labels[i]];
  },
  flipped({ pixels }, [before, after], board) {
    const full = board.colourTable(true), colours = board.colourTable();
    for (let i = 0; i < after.length; i++) {
      const table = before[i] === board.isolated ? full : colours;
      pixels[i] = before[i] === after[i] ? SAME_PIXEL : table[after[i]];
    }
  },
  scalar({ pixels }, [map]) {
    for (let i = 0; i < map.length; i++) pixels[i] = RAMP_TABLE[map[i]];
  },
};

// What a control changes: panes of other kinds stay as they are.
const MAGNIFIED = ["perturbation"], COLOURED = ["classes", "flipped"];

// Opaque RGBA from values of RGB, one after the other.
function fill(out, count, valueAt) {
  for (let j = 0, place = 0; j < count;) {
    out[place++] = valueAt(j++);
    out[place++] = valueAt(j++);
    out[place++] = valueAt(j++);
    out[place++] = 255;
  }
}

// What the pointer reads at pixel i.
const READ = {
  image: ([image], i) => `RGB ${triple(image, i).join(" ")}`,
  perturbation: ([delta], i) => `RGB ${triple(delta, i).map(signed).join(" ")}`,
  adversarial: ([image, delta], i) => `RGB ${triple(image, i).map((v, c) => clamp(v + delta[3 * i + c], 0, 255)).join(" ")}`,
  classes: ([labels], i, board) => board.className(labels[i]),
  flipped: ([before, after], i, board) => (before[i] === after[i] ? `${board.className(after[i])}, same`
    : `${board.className(before[i])} → ${board.className(after[i])}`),
  scalar: ([map], i) => `${map[i]} of 255`,
};

const CHANNELS = { image: [3], perturbation: [3], adversarial: [3, 3], classes: [1], flipped: [1, 1], scalar: [1] };

const BORDERS = new WeakMap(); // class map -> its borders, found once

function borders(labels, height, width) {
  if (BORDERS.has(labels)) return BORDERS.get(labels);
  const path = new Path2D();
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (x + 1 < width && labels[i] !== labels[i + 1]) { path.moveTo(x + 1, y); path.lineTo(x + 1, y + 1); }
      if (y + 1 < height && labels[i] !== labels[i + width]) { path.moveTo(x, y + 1); path.lineTo(x + 1, y + 1); }
    }
  }
  BORDERS.set(labels, path);
  return path;
}

// A line that is seen on every ground: dark on light. `pixel` is the size of a screen pixel in the picture's pixels.
function strokeTwice(context, path, pixel) {
  for (const [style, width] of [["rgba(255,255,255,0.75)", 3], ["#000", 1.2]]) {
    context.strokeStyle = style;
    context.lineWidth = width * pixel;
    context.stroke(path);
  }
}

function rectangle(top, left, bottom, right) {
  const path = new Path2D();
  path.rect(left, top, right - left, bottom - top);
  return path;
}

class Board {
  constructor(el, { classes, colours, panes = [], height = 1, width = 1, regions = true }) {
    Object.assign(this, { classes, colours, layers: {}, panes: [], magnification: 8, opacity: 1, isolated: -1, outlines: false,
      brush: false, region: null, cursor: null, corner: null, drag: null, number: 0, zoom: 1, left: 0, top: 0, scale: 1 });
    this.regionCallbacks = [];
    this.painted = () => {};
    this.root = make("div", { class: "ddcat-canvas", "data-painted": "0",
      onkeydown: (event) => event.key === "Escape" && this.escape() });
    this.root.append(make("style", {}, STYLE), this.toolbar(), this.makeLegend(), this.makeStatus(), this.makeBody());
    el.append(this.root);
    this.arrange({ panes, height, width, regions });
    this.setStatus("ready", "");
    this.observer = new ResizeObserver(() => this.fit() && this.draw());
    this.observer.observe(this.root);
  }

  // ---- parts of the page

  toolbar() {
    this.tools = {
      magnification: this.slider("Perturbation", 1, 32, this.magnification, (v) => `×${v}`, (v) => { this.magnification = v; }, MAGNIFIED),
      opacity: this.slider("Class colours", 0, 100, 100, (v) => `${v} %`, (v) => { this.opacity = v / 100; }, []),
      outlines: this.toggle("Outlines", "Outlines of the classes", (on) => { this.outlines = on; this.draw(); }),
      brush: this.toggle("Brush", "Brush: drag a rectangle, or move with the arrow keys and press Enter at two corners",
        (on) => { this.brush = on; this.corner = null; this.draw(); }),
      half: this.button("Left half", "Region: the left half", () => this.setRegion([0, 0, this.height, Math.ceil(this.width / 2)])),
      clear: this.button("Clear region", "Clear region", () => this.setRegion(null)),
      zoomOut: this.button("−", "Zoom out", () => this.zoomBy(-1)),
      reset: this.button("Whole", "Whole picture", () => this.zoomBy(-ZOOMS.length)),
      zoomIn: this.button("+", "Zoom in", () => this.zoomBy(1)),
      png: this.button("PNG", "Download the panes as a PNG file", () => this.download()),
    };
    const bar = make("div", { class: "row", role: "toolbar", "aria-label": "View of the panes" });
    bar.append(...Object.values(this.tools));
    return bar;
  }

  slider(text, low, high, start, format, set, kinds) {
    const output = make("output", {}, format(start));
    const change = () => { set(Number(input.value)); output.textContent = format(input.value); this.compose(kinds); };
    const input = make("input", { ...OWN_KEYS, type: "range", min: low, max: high, value: start, "aria-label": text });
    input.addEventListener("input", change);
    return make("label", { class: "group" }, text, input, output);
  }

  button(text, label, act) {
    return make("button", { ...OWN_KEYS, type: "button", "aria-label": label, title: label, onclick: act }, text);
  }

  toggle(text, label, set) {
    const node = this.button(text, label, () => {
      const on = node.getAttribute("aria-pressed") !== "true";
      node.setAttribute("aria-pressed", String(on));
      set(on);
    });
    node.setAttribute("aria-pressed", "false");
    return node;
  }

  makeBody() {
    this.body = make("div", { class: "panes" });
    return this.body;
  }

  makeLegend() {
    this.legend = this.classes.map((name, k) => {
      const node = this.button("", `Show only ${name}`, () => this.isolate(k));
      node.append(make("span", { class: "swatch", style: `background: rgb(${this.colours[k].join(",")})` }), name);
      node.setAttribute("aria-pressed", "false");
      return node;
    });
    const row = make("div", { class: "row legend", role: "group", "aria-label": "Classes" });
    row.append(...this.legend);
    return row;
  }

  makeStatus() {
    this.noteLine = make("span", { class: "note" });
    this.statusLine = make("span", { class: "status", role: "status" });
    this.spoken = make("span", { class: "spoken", "aria-live": "polite" });
    return make("div", { class: "row lines" }, this.noteLine, this.statusLine, this.spoken);
  }

  makePane({ title, kind, layers }) {
    const label = `${title}. + and − zoom, 0 shows all, arrows pan, shift and arrows read pixels`;
    const canvas = make("canvas", { ...OWN_KEYS, tabindex: "0", role: "img", "aria-label": label, title: POINTER_HELP });
    const pane = { title, kind, layers, canvas, picture: new OffscreenCanvas(this.width, this.height),
      caption: make("figcaption", {}, title), readout: make("div", { class: "readout" }) };
    const listen = (type, act) => canvas.addEventListener(type, (event) => act.call(this, event, pane));
    listen("pointerdown", this.press);
    listen("pointermove", this.move);
    listen("pointerup", this.release);
    listen("pointercancel", this.release);
    listen("pointerleave", () => !this.drag && this.setCursor(null));
    listen("keydown", this.key);
    canvas.addEventListener("wheel", (event) => this.wheel(event, pane), { passive: false });
    pane.figure = make("figure", {}, pane.caption, canvas, pane.readout);
    return pane;
  }

  // ---- what the outside calls

  arrange({ panes, height, width, regions }) {
    const asked = JSON.stringify([panes, height, width]);
    if (asked === this.asked) return; // the answer to another view's hello
    Object.assign(this, { asked, height, width, layers: {}, zoom: 1, left: 0, top: 0, cursor: null, corner: null, drag: null });
    this.setRegion(null);
    this.root.classList.toggle("empty", panes.length === 0);
    for (const name of ["brush", "half", "clear"]) this.tools[name].hidden = !regions;
    this.panes = panes.map((pane) => this.makePane(pane));
    this.body.replaceChildren(...this.panes.map((pane) => pane.figure));
    this.fit();
    this.markAbsent();
    this.compose();
  }

  update(layers, note = null, number = this.number + 1, ready = true) {
    const begin = performance.now();
    for (const [name, data] of Object.entries(layers)) this.checkLayer(name, data);
    Object.assign(this.layers, layers);
    this.number = number;
    this.noteLine.textContent = Object.entries(note || {}).map(([key, value]) => `${key} ${value}`).join(" · ");
    if (ready) this.setStatus("ready", "");
    this.markAbsent();
    this.compose();
    this.root.dataset.painted = String(number);
    this.root.dataset.paintMs = (performance.now() - begin).toFixed(1);
  }

  checkLayer(name, data) {
    for (const pane of this.panes) {
      const place = pane.layers.indexOf(name);
      const size = CHANNELS[pane.kind][place] * this.height * this.width;
      if (place >= 0 && data.length !== size) throw new Error(`layer ${name} has ${data.length} values, not ${size}`);
    }
  }

  setStatus(kind, text) {
    this.root.dataset.status = kind;
    this.statusLine.textContent = text;
  }

  destroy() {
    this.observer.disconnect();
    this.root.remove();
  }

  // ---- painting: `compose` fills the panes' pixels, `draw` puts the visible part on the screen

  layersOf(pane) {
    const found = pane.layers.map((name) => this.layers[name]);
    return found.every(Boolean) ? found : null;
  }

  // The first image pane, over which class colours are laid.
  base() {
    return this.panes.find((pane) => pane.kind === "image" && this.layersOf(pane));
  }

  // Pixels of the labels 0 to 255; while a class is isolated, those of the others are dimmed.
  colourTable(bright = this.isolated < 0) {
    return Uint32Array.from({ length: 256 }, (_, label) => {
      const colour = label === VOID ? [255, 255, 255] : this.colours[label] || [0, 0, 0];
      return opaque(bright || label === this.isolated ? colour : colour.map((v) => v * (1 - DIMMED) + SAME * DIMMED));
    });
  }

  className(label) {
    return label === VOID ? "void" : this.classes[label] || `class ${label}`;
  }

  compose(kinds = Object.keys(PAINT)) {
    for (const pane of this.panes) {
      if (!kinds.includes(pane.kind)) continue;
      const layers = this.layersOf(pane), picture = new ImageData(this.width, this.height);
      if (layers) PAINT[pane.kind]({ out: picture.data, pixels: new Uint32Array(picture.data.buffer) }, layers, this);
      pane.picture.getContext("2d").putImageData(picture, 0, 0);
      pane.caption.textContent = pane.kind === "perturbation" ? `${pane.title} ×${this.magnification}` : pane.title;
    }
    this.draw();
    this.painted();
  }

  markAbsent() {
    const present = new Set();
    const maps = this.panes.filter(hasClasses).flatMap(({ layers }) => layers);
    for (const name of new Set(maps)) for (const k of this.layers[name] || []) present.add(k);
    this.legend.forEach((node, k) => node.classList.toggle("absent", present.size > 0 && !present.has(k)));
  }

  draw() {
    for (const pane of this.panes) this.drawPane(pane);
    const { dataset } = this.root, { region, cursor, corner } = this;
    dataset.zoom = String(this.zoom);
    dataset.view = `${Math.round(this.top)},${Math.round(this.left)}`;
    dataset.magnification = String(this.magnification);
    dataset.opacity = String(this.opacity);
    dataset.outlines = this.outlines ? "on" : "off";
    dataset.region = region ? region.join(",") : "";
    dataset.cursor = cursor ? cursor.join(",") : "";
    dataset.corner = corner ? corner.join(",") : "";
    dataset.isolated = this.isolated < 0 ? "" : this.classes[this.isolated];
    dataset.brush = this.brush ? "on" : "off";
    this.tools.clear.setAttribute("aria-disabled", String(!region)); // not `disabled`, which would take the focus away
    this.read();
  }

  drawPane(pane) {
    const { canvas } = pane, context = canvas.getContext("2d"), factor = this.scale * this.zoom;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingEnabled = false;
    context.setTransform(factor, 0, 0, factor, -this.left * factor, -this.top * factor);
    const base = hasClasses(pane) && this.opacity < 1 && this.base();
    if (base) context.drawImage(base.picture, 0, 0);
    context.globalAlpha = base ? this.opacity : 1;
    context.drawImage(pane.picture, 0, 0);
    context.globalAlpha = 1;
    const outlined = this.outlines && this.outlinesOf(pane);
    if (outlined) strokeTwice(context, borders(outlined, this.height, this.width), 1 / factor);
    const shown = this.drag && this.drag.box || this.region;
    if (shown) strokeTwice(context, rectangle(...shown), 1.6 / factor);
    if (this.corner) strokeTwice(context, rectangle(...boxOf(this.corner, this.cursor)), 1 / factor);
    if (this.cursor) strokeTwice(context, rectangle(...boxOf(this.cursor, this.cursor)), 1 / factor);
  }

  // A pane without classes shows the outlines of the next pane with classes; the last ones, those of the pane before.
  outlinesOf(pane) {
    const mapped = this.panes.filter(hasClasses);
    const place = this.panes.indexOf(pane);
    const source = mapped.find((other) => this.panes.indexOf(other) >= place) || mapped[mapped.length - 1];
    return source && this.layers[source.layers[source.layers.length - 1]];
  }

  // The largest whole factor at which three panes stand side by side. True if it changed.
  fit() {
    const room = this.root.clientWidth || 960, columns = Math.min(3, this.panes.length);
    const fits = (s) => this.width * s <= WIDEST && columns * (this.width * s + GAP) - GAP <= room;
    this.scale = SCALES.filter(fits).pop() || 1;
    const [width, height] = [this.width * this.scale, this.height * this.scale];
    this.body.style.maxWidth = `${columns * (width + GAP)}px`; // never more: rows of three belong together
    const changed = this.panes.filter(({ canvas }) => canvas.width !== width || canvas.height !== height);
    for (const { canvas, figure } of changed) {
      Object.assign(canvas, { width, height });
      figure.style.width = `${width}px`;
    }
    return changed.length > 0;
  }

  // ---- view, cursor, region

  zoomBy(steps, point = this.middle()) {
    const zoom = ZOOMS[clamp(ZOOMS.indexOf(this.zoom) + steps, 0, ZOOMS.length - 1)];
    const [y, x] = point, ratio = this.zoom / zoom;
    this.zoom = zoom;
    this.look(y - (y - this.top) * ratio, x - (x - this.left) * ratio);
  }

  middle() {
    return [this.top + this.height / this.zoom / 2, this.left + this.width / this.zoom / 2];
  }

  look(top, left) {
    this.top = clamp(top, 0, this.height - this.height / this.zoom);
    this.left = clamp(left, 0, this.width - this.width / this.zoom);
    this.draw();
    this.painted();
  }

  // Row and column under the pointer, as fractions of pixels.
  point(event, pane) {
    const box = pane.canvas.getBoundingClientRect();
    return [this.top + ((event.clientY - box.top) / box.height) * this.height / this.zoom,
      this.left + ((event.clientX - box.left) / box.width) * this.width / this.zoom];
  }

  pixel([y, x]) {
    return [clamp(Math.floor(y), 0, this.height - 1), clamp(Math.floor(x), 0, this.width - 1)];
  }

  setCursor(cursor) {
    this.cursor = cursor;
    if (!cursor) this.corner = null;
    this.draw();
  }

  read() {
    const i = this.cursor && this.cursor[0] * this.width + this.cursor[1];
    for (const pane of this.panes) {
      const layers = this.cursor && this.layersOf(pane);
      pane.readout.textContent = layers ? READ[pane.kind](layers, i, this) : "";
    }
  }

  setRegion(region) {
    const changed = JSON.stringify(region) !== JSON.stringify(this.region);
    this.region = region;
    this.draw();
    if (changed) for (const callback of this.regionCallbacks) callback(region);
  }

  isolate(k) {
    this.isolated = this.isolated === k ? -1 : k;
    this.legend.forEach((node, place) => node.setAttribute("aria-pressed", String(place === this.isolated)));
    this.compose(COLOURED);
  }

  escape() {
    this.drag = null;
    this.corner = null;
    this.setRegion(null);
  }

  // ---- pointer and keys

  press(event, pane) {
    if (event.button !== 0) return;
    pane.canvas.setPointerCapture(event.pointerId);
    const start = this.point(event, pane), pixel = this.pixel(start);
    this.drag = this.brush ? { pixel, box: boxOf(pixel, pixel) } : { start };
    this.draw();
  }

  move(event, pane) {
    const point = this.point(event, pane), { drag } = this;
    if (drag && drag.box) drag.box = boxOf(drag.pixel, this.pixel(point));
    if (drag && drag.start) this.look(this.top + drag.start[0] - point[0], this.left + drag.start[1] - point[1]);
    this.setCursor(this.pixel(this.point(event, pane)));
  }

  release(event) {
    const { drag } = this;
    this.drag = null;
    if (drag && drag.box && event.type === "pointerup") this.setRegion(drag.box);
    else this.draw();
  }

  // A wheel over a pane without focus scrolls the page, so that a long notebook does not get stuck here.
  wheel(event, pane) {
    const steps = event.deltaY < 0 ? 1 : -1;
    if (document.activeElement !== pane.canvas && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.zoomBy(steps, this.point(event, pane));
  }

  key(event) {
    const arrow = ARROWS[event.key], read = event.shiftKey || this.brush;
    const step = [this.height, this.width].map((side) => side / this.zoom / 8);
    if (arrow && read) this.step(arrow);
    else if (arrow) this.look(this.top + arrow[0] * step[0], this.left + arrow[1] * step[1]);
    else if (event.key === "+" || event.key === "=") this.zoomBy(1, this.cursor || undefined);
    else if (event.key === "-") this.zoomBy(-1, this.cursor || undefined);
    else if (event.key === "0") this.zoomBy(-ZOOMS.length);
    else if (event.key === "Enter" && this.brush && this.cursor) this.enter();
    else return;
    event.preventDefault();
  }

  step([down, right]) {
    const from = this.cursor || this.pixel(this.middle());
    this.setCursor(this.pixel([from[0] + down, from[1] + right]));
    const values = this.panes.map(({ title, readout }) => `${title}: ${readout.textContent}`);
    this.spoken.textContent = `row ${this.cursor[0]}, column ${this.cursor[1]}. ${values.join(". ")}`;
  }

  enter() {
    const { corner } = this;
    this.corner = corner ? null : this.cursor;
    if (corner) this.setRegion(boxOf(corner, this.cursor));
    else this.draw();
  }

  // ---- files

  // The panes as they are seen, with titles and the classes that occur, on white. `factor` enlarges them.
  page(factor) {
    const [w, h] = [Math.round(this.width * factor), Math.round(this.height * factor)];
    const columns = Math.min(this.panes.length, 3), rows = Math.ceil(this.panes.length / columns);
    const sheet = make("canvas"), numbers = this.legend.map((node, k) => k);
    const names = numbers.filter((k) => !this.legend[k].classList.contains("absent"));
    const width = columns * (w + GAP) + GAP, across = Math.max(Math.floor((width - GAP) / 110), 1);
    Object.assign(sheet, { width, height: rows * (h + 24) + GAP + 18 * Math.ceil(names.length / across) });
    const context = sheet.getContext("2d");
    Object.assign(context, { imageSmoothingEnabled: false, fillStyle: "#fff", font: "13px sans-serif" });
    context.fillRect(0, 0, sheet.width, sheet.height);
    this.panes.forEach((pane, n) => {
      const x = GAP + (n % columns) * (w + GAP), y = 20 + Math.floor(n / columns) * (h + 24);
      context.fillStyle = "#000";
      context.fillText(pane.caption.textContent, x, y - 6, w);
      context.drawImage(pane.canvas, x, y, w, h);
    });
    const foot = rows * (h + 24) + 8;
    names.forEach((k, n) => this.legendKey(context, k, GAP + (n % across) * 110, foot + 18 * Math.floor(n / across)));
    return sheet;
  }

  legendKey(context, k, x, y) {
    context.fillStyle = `rgb(${this.colours[k].join(",")})`;
    context.fillRect(x, y, 12, 12);
    context.fillStyle = "#000";
    context.fillText(this.classes[k], x + 17, y + 11, 90);
  }

  download() {
    make("a", { href: this.page(this.scale).toDataURL("image/png"), download: "panes.png" }).click();
  }

  // The largest page that fits into a saved notebook, as a data URL. Browsers encode beside their other work.
  async snapshot() {
    const first = SNAPSHOT_WIDTH / this.width;
    for (const share of [1, 0.75, 0.6, 0.5, 0.4, 0.25, 0.125]) {
      const sheet = this.page(share * (first < 1 ? first : Math.round(first)));
      for (const [type, quality] of SNAPSHOT_TYPES.flatMap((name) => [[name, 0.6], [name, 0.3]])) {
        const url = await encoded(sheet, type, quality);
        if (url.startsWith(`data:${type}`) && url.length <= SNAPSHOT_BYTES) return url;
      }
    }
    return "";
  }
}

function encoded(sheet, type, quality) {
  return new Promise((done) => sheet.toBlob((blob) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.readAsDataURL(blob);
  }, type, quality));
}

function boxOf([y, x], [toY, toX]) {
  return [Math.min(y, toY), Math.min(x, toX), Math.max(y, toY) + 1, Math.max(x, toX) + 1];
}

function facade(board) {
  return {
    root: board.root,
    arrange: (layout) => board.arrange(layout),
    update: (layers, note, number, ready) => board.update(layers, note, number, ready),
    ready: () => board.setStatus("ready", ""),
    busy: (text) => board.setStatus("busy", text),
    error: (text) => board.setStatus("error", text),
    onRegion: (callback) => board.regionCallbacks.push(callback),
    onPaint: (callback) => { board.painted = callback; },
    snapshot: async () => (Object.keys(board.layers).length ? board.snapshot() : ""),
    destroy: () => board.destroy(),
  };
}

// Panes in any page. `layers` of `update` are typed arrays by name: Uint8Array, or Int8Array for a perturbation.
export function mount(el, options) {
  return facade(new Board(el, options));
}

async function inflate(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).arrayBuffer();
}

async function decode(layers, buffers) {
  const pixels = await Promise.all(buffers.map(inflate));
  return Object.fromEntries(layers.map(({ name, dtype }, n) => [name, new (dtype === "int8" ? Int8Array : Uint8Array)(pixels[n])]));
}

function savedPicture(url) {
  if (!url || !SNAPSHOT_TYPES.some((type) => url.startsWith(`data:${type};base64,`))) return null;
  return make("img", { class: "ddcat-snapshot", src: url, alt: "The panes as they were when the notebook was saved" });
}

// The notebook leaves the keys alone that move the controls beside the panes.
function keepKeys(el) {
  const output = el.closest(".jp-OutputArea-output");
  for (const control of output ? output.querySelectorAll(".noUi-handle, input, select, button") : []) {
    for (const [name, value] of Object.entries(OWN_KEYS)) control.setAttribute(name, value);
  }
}

// Calls back as soon as a control moves, before the kernel hears of it; gives a function that ends this.
function onControls(model, moved) {
  const ids = model.get("controls").map((reference) => reference.replace("IPY_MODEL_", ""));
  const controls = ids.map((id) => model.widget_manager.get_model(id));
  for (const control of controls) control.then((it) => it.on("change:value", moved));
  return () => controls.forEach((control) => control.then((it) => it.off("change:value", moved)));
}

// The panes of a widget: the model's messages carry the pixels, its traits only names, colours, status and snapshot.
function render({ model, el }) {
  const board = mount(el, { classes: model.get("classes"), colours: model.get("colours") });
  const saved = savedPicture(model.get("snapshot"));
  let timer = 0, queue = Promise.resolve();
  if (saved) el.append(saved);
  const inOrder = (act) => { queue = queue.then(act).catch((problem) => board.error(String(problem))); };
  const showStatus = () => {
    const { kind, text } = model.get("status");
    if (kind === "busy") board.busy(text); // at once, also while a picture is unpacked
    else inOrder(() => model.get("status").kind !== "busy" && board[kind](text));
  };
  const save = async () => {
    const url = await board.snapshot();
    if (!url || url === model.get("snapshot")) return;
    model.set("snapshot", url);
    model.save_changes();
  };
  const receive = (message, buffers) => inOrder(async () => {
    if (message.type === "layout") board.arrange(message);
    if (message.type !== "update") return;
    board.update(await decode(message.layers, buffers), message.note, message.number, message.ready);
    if (saved) saved.remove();
    keepKeys(el);
  });
  board.onPaint(() => { clearTimeout(timer); timer = setTimeout(save, SNAPSHOT_DELAY); });
  board.onRegion((box) => model.send({ type: "region", box }));
  model.on("msg:custom", receive);
  model.on("change:status", showStatus);
  const leave = onControls(model, () => board.busy("computing"));
  showStatus();
  model.send({ type: "hello" });
  return () => {
    clearTimeout(timer);
    model.off("msg:custom", receive);
    model.off("change:status", showStatus);
    leave();
    board.destroy();
  };
}

export default { render };
