// Spectra of recording and result with the pitch over them, drawn from one grey picture: 96 rows of each, high
// frequencies first, then a row each for the pitch before, the pitch to reach and the pitch of the result.
(() => {
  const BANDS = 96;
  const ROWS = { source: 2 * BANDS, target: 2 * BANDS + 1, voice: 2 * BANDS + 2 };
  const LINES = { a: ["source"], b: ["source", "target", "voice"] };
  const RANGE = 178; // of 252 for 100 dB: what lies 70 dB under the loudest is not seen
  const SCALE = [[100, "100 Hz"], [400, "400"], [1000, "1 kHz"], [4000, "4"]];
  const height = (hertz) => Math.log(hertz / 50) / Math.log(160); // 0 to 1, from the bottom

  const load = (address) => new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = reject;
    image.src = address;
  });

  function valuesOf(image) {
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    return { width: image.width, at: (x, y) => data[4 * (y * image.width + x)] };
  }

  // Colours as the style sheet has them at the moment, light or dark.
  function colours(panel) {
    const style = getComputedStyle(panel.querySelector("[data-spectra]"));
    const probe = document.createElement("span");
    panel.append(probe);
    const seen = {};
    for (const name of ["spectrum-low", "spectrum-high", "line-source", "line-target", "line-voice"]) {
      probe.style.color = style.getPropertyValue(`--${name}`);
      seen[name] = getComputedStyle(probe).color;
    }
    probe.remove();
    return seen;
  }

  const parts = (colour) => colour.match(/[\d.]+/g).slice(0, 3).map(Number);

  function spectrumOf(values, first, seen) {
    const [low, high] = [parts(seen["spectrum-low"]), parts(seen["spectrum-high"])];
    const canvas = new OffscreenCanvas(values.width, BANDS);
    const context = canvas.getContext("2d");
    const picture = context.createImageData(values.width, BANDS);
    let top = RANGE;
    for (let y = 0; y < 2 * BANDS; y += 1) for (let x = 0; x < values.width; x += 1) top = Math.max(top, values.at(x, y));
    for (let y = 0; y < BANDS; y += 1) {
      for (let x = 0; x < values.width; x += 1) {
        const share = Math.max(0, (values.at(x, first + y) - top + RANGE) / RANGE) ** 1.6;
        const place = 4 * (y * values.width + x);
        for (let c = 0; c < 3; c += 1) picture.data[place + c] = low[c] + share * (high[c] - low[c]);
        picture.data[place + 3] = 255;
      }
    }
    context.putImageData(picture, 0, 0);
    return canvas;
  }

  function drawLine(context, values, name, seen) {
    const { width, height: tall } = context.canvas;
    const ratio = window.devicePixelRatio || 1;
    const path = new Path2D();
    let drawing = false;
    for (let x = 0; x < values.width; x += 1) {
      const code = values.at(x, ROWS[name]);
      const [left, top] = [((x + 0.5) / values.width) * width, tall * (1 - (code - 1) / 254)];
      if (code && drawing) path.lineTo(left, top);
      else if (code) { path.moveTo(left - ratio, top); path.lineTo(left, top); } // a lone column is seen, too
      drawing = code > 0;
    }
    Object.assign(context, { lineJoin: "round", lineCap: "round", strokeStyle: seen["spectrum-low"], lineWidth: 4.5 * ratio });
    context.setLineDash([]);
    context.stroke(path);
    Object.assign(context, { strokeStyle: seen[`line-${name}`], lineWidth: 2 * ratio });
    if (name === "target") context.setLineDash([6 * ratio, 5 * ratio]);
    context.stroke(path);
    context.setLineDash([]);
  }

  function draw(canvas, values, seen) {
    const { width, height: tall } = canvas.getBoundingClientRect();
    if (!width) return; // folded
    const ratio = window.devicePixelRatio || 1;
    [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(tall * ratio)];
    const context = canvas.getContext("2d");
    const side = canvas.dataset.spectrum;
    context.drawImage(spectrumOf(values, side === "a" ? 0 : BANDS, seen), 0, 0, canvas.width, canvas.height);
    for (const name of LINES[side]) drawLine(context, values, name, seen);
  }

  function addScale(canvas) {
    for (const [hertz, words] of SCALE) {
      const mark = document.createElement("span");
      mark.className = "hertz";
      mark.setAttribute("aria-hidden", "true");
      mark.textContent = words;
      mark.style.bottom = `${100 * height(hertz)}%`;
      canvas.parentElement.append(mark);
    }
  }

  window.addSpectra = async (player) => {
    const box = player.panel.querySelector("[data-spectra]");
    if (!box) return;
    const canvases = [...box.querySelectorAll("canvas")];
    canvases.forEach(addScale);
    let values;
    try {
      values = valuesOf(await load(box.dataset.picture));
    } catch {
      box.remove(); // it was deleted meanwhile, or this browser reads no pictures
      return;
    }
    const redraw = () => {
      const seen = colours(player.panel);
      for (const canvas of canvases) draw(canvas, values, seen);
    };
    new ResizeObserver(redraw).observe(canvases[0]);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    box.classList.add("drawn");
  };
})();
