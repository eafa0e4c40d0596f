// Waveforms on the audio elements of the page, by wavesurfer. It styles itself with a <style> element in a shadow tree,
// which our content policy refuses: it is made outside the document, and its style moved to a sheet, before it goes in.
window.drawWave = (box, audio, colours) => {
  const holder = document.createElement("div");
  const wave = WaveSurfer.create({
    container: holder, media: audio, url: audio.currentSrc || audio.src, height: 72, barWidth: 2, barGap: 2, barRadius: 2,
    normalize: true, cursorWidth: 2, dragToSeek: true, ...colours,
  });
  const root = wave.getWrapper().getRootNode();
  const style = root.querySelector("style");
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style.textContent);
  root.adoptedStyleSheets = [sheet];
  style.remove();
  box.replaceChildren(holder);
  return wave;
};
