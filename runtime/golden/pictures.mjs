// The two pictures of the golden tests, as size × size × 3 whole numbers of 0..255 (RGB).

export function noise(size) {
  let state = 1;
  return Array.from({ length: size * size * 3 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

// Centre x, y and radii in thousandths of the picture, then the colour; later ones lie on top.
const ellipses = [
  [500, 400, 330, 380, 50, 35, 30],
  [500, 530, 280, 380, 224, 172, 140],
  [390, 400, 75, 14, 60, 40, 30],
  [610, 400, 75, 14, 60, 40, 30],
  [390, 460, 60, 28, 240, 240, 240],
  [610, 460, 60, 28, 240, 240, 240],
  [390, 460, 26, 26, 90, 60, 40],
  [610, 460, 26, 26, 90, 60, 40],
  [390, 460, 11, 11, 10, 10, 10],
  [610, 460, 11, 11, 10, 10, 10],
  [500, 570, 38, 80, 205, 150, 120],
  [480, 630, 12, 8, 110, 70, 60],
  [520, 630, 12, 8, 110, 70, 60],
  [500, 730, 110, 32, 190, 80, 80],
  [500, 730, 100, 5, 90, 30, 30],
];

export function drawing(size) {
  const pixels = [];
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const u = Math.floor(((2 * x + 1) * 500) / size);
      const v = Math.floor(((2 * y + 1) * 500) / size);
      let colour = [90, 110, 130];
      for (const [cx, cy, rx, ry, ...paint] of ellipses) {
        const [a, b] = [(u - cx) * ry, (v - cy) * rx];
        if (a * a + b * b <= rx * ry * rx * ry) colour = paint;
      }
      const shade = Math.floor(Math.abs(u - 500) / 10);
      pixels.push(...colour.map((value) => Math.max(0, value - shade)));
    }
  }
  return pixels;
}
