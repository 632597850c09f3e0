/** Patterns in space: how much of a texture's second colour is at a point, 0 to 1. */

/** Cubes of an edge of `size`, 0 and 1 in turns. */
export function checker(x: number, y: number, z: number, size: number): number {
  // A surface that lies between two layers of cubes must not flicker between them.
  const lift = size * 1e-4;
  const sum =
    Math.floor((x + lift) / size) + Math.floor((y + lift) / size) + Math.floor((z + lift) / size);
  return sum & 1;
}

/** Veins about `size` apart: a wave, bent by noise of four octaves (Ken Perlin, 1985). */
export function marble(x: number, y: number, z: number, size: number): number {
  let sum = 0;
  for (let octave = 0, scale = 1 / size; octave < 4; octave++, scale *= 2) {
    sum += noise(x * scale, y * scale, z * scale) / 2 ** octave;
  }
  const wave = 0.5 + 0.5 * Math.sin(((x + 0.6 * z + 0.3 * y) / size + 2.4 * sum) * Math.PI);
  return wave * wave * wave;
}

/** Smooth random numbers, -1 to 1, whose hills and valleys are about 1 apart. */
function noise(x: number, y: number, z: number): number {
  const [left, bottom, back] = [Math.floor(x), Math.floor(y), Math.floor(z)];
  let sum = 0;
  for (let corner = 0; corner < 8; corner++) {
    const [i, j, k] = [left + (corner & 1), bottom + ((corner >> 1) & 1), back + (corner >> 2)];
    sum += atCorner(i, j, k) * ease(x - i) * ease(y - j) * ease(z - k);
  }
  return sum;
}

function atCorner(i: number, j: number, k: number): number {
  let hash = Math.imul(i, 0x8da6b343) ^ Math.imul(j, 0xd8163841) ^ Math.imul(k, 0xcb1ab31f);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 31 - 1;
}

/** From 1 at a distance of 0 to 0 at 1, flat at both ends. */
function ease(distance: number): number {
  const t = 1 - Math.abs(distance);
  return t * t * t * (t * (t * 6 - 15) + 10);
}
