/** The textures of ../pattern.ts. */

/** Cubes of an edge of `size`, 0 and 1 in turns. */
export function checker(x: f64, y: f64, z: f64, size: f64): f64 {
  const lift = size * 1e-4;
  const sum = floor((x + lift) / size) + floor((y + lift) / size) + floor((z + lift) / size);
  return <f64>(<i32>(<i64>sum) & 1);
}

/** Veins about `size` apart: a wave, bent by noise of four octaves. */
export function marble(x: f64, y: f64, z: f64, size: f64): f64 {
  let sum: f64 = 0;
  let scale = 1 / size;
  let weight: f64 = 1;
  for (let octave = 0; octave < 4; octave++) {
    sum += noise(x * scale, y * scale, z * scale) * weight;
    scale *= 2;
    weight /= 2;
  }
  const wave = 0.5 + 0.5 * Math.sin(((x + 0.6 * z + 0.3 * y) / size + 2.4 * sum) * Math.PI);
  return wave * wave * wave;
}

/** Smooth random numbers, -1 to 1, whose hills and valleys are about 1 apart. */
function noise(x: f64, y: f64, z: f64): f64 {
  const left = floor(x);
  const bottom = floor(y);
  const back = floor(z);
  let sum: f64 = 0;
  for (let corner = 0; corner < 8; corner++) {
    const i = left + <f64>(corner & 1);
    const j = bottom + <f64>((corner >> 1) & 1);
    const k = back + <f64>(corner >> 2);
    sum += atCorner(<i64>i, <i64>j, <i64>k) * ease(x - i) * ease(y - j) * ease(z - k);
  }
  return sum;
}

function atCorner(i: i64, j: i64, k: i64): f64 {
  let hash = (<u32>i * 0x8da6b343) ^ (<u32>j * 0xd8163841) ^ (<u32>k * 0xcb1ab31f);
  hash = (hash ^ (hash >> 15)) * 0x2c1b3c6d;
  hash = (hash ^ (hash >> 12)) * 0x297a2d39;
  return <f64>(hash ^ (hash >> 15)) / 2147483648.0 - 1;
}

/** From 1 at a distance of 0 to 0 at 1, flat at both ends. */
function ease(distance: f64): f64 {
  const t = 1 - abs(distance);
  return t * t * t * (t * (t * 6 - 15) + 10);
}
