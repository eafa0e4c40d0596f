// Decoded sound as a WAV file: one channel, 16 bit.
window.wavOf = (sound, from, to) => {
  const first = Math.round(from * sound.sampleRate);
  const count = Math.max(1, Math.min(sound.length, Math.round(to * sound.sampleRate)) - first);
  const bytes = new DataView(new ArrayBuffer(44 + 2 * count));
  const text = (place, word) => [...word].forEach((letter, n) => bytes.setUint8(place + n, letter.charCodeAt(0)));
  text(0, "RIFF"); bytes.setUint32(4, 36 + 2 * count, true); text(8, "WAVEfmt ");
  bytes.setUint32(16, 16, true); bytes.setUint16(20, 1, true); bytes.setUint16(22, 1, true);
  bytes.setUint32(24, sound.sampleRate, true); bytes.setUint32(28, 2 * sound.sampleRate, true);
  bytes.setUint16(32, 2, true); bytes.setUint16(34, 16, true); text(36, "data"); bytes.setUint32(40, 2 * count, true);
  const channels = Array.from({ length: sound.numberOfChannels }, (_, n) => sound.getChannelData(n));
  for (let n = 0; n < count; n++) {
    const mean = channels.reduce((sum, channel) => sum + (channel[first + n] ?? 0), 0) / channels.length;
    bytes.setInt16(44 + 2 * n, Math.round(32767 * Math.max(-1, Math.min(1, mean))), true);
  }
  return new Blob([bytes], { type: "audio/wav" });
};
