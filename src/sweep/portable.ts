/**
 * Logarithm and exponential from additions, multiplications and divisions alone. Those are exact
 * in every JavaScript engine, while Math.log and Math.exp may differ in the last bit between
 * processors and versions; draws and spacings go into content keys and must not.
 */

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

const view = new DataView(new ArrayBuffer(8));

/** 2^exponent, for integers from -1022 to 1023. */
function powerOfTwo(exponent: number): number {
  view.setUint32(0, (exponent + 1023) << 20);
  view.setUint32(4, 0);
  return view.getFloat64(0);
}

/** x · 2^exponent, in steps that overflow only where the result does. */
export function scale(x: number, exponent: number): number {
  let rest = exponent;
  let result = x;
  while (rest > 1023) {
    result *= powerOfTwo(1023);
    rest -= 1023;
  }
  while (rest < -1022) {
    result *= powerOfTwo(-1022);
    rest += 1022;
  }
  return result * powerOfTwo(rest);
}

/** The mantissa in [√½, √2) and the exponent of a positive finite number. */
export function split(x: number): { mantissa: number; exponent: number } {
  // Numbers below 2^-1022 have no exponent of their own.
  const tiny = x < 2 ** -1022;
  view.setFloat64(0, tiny ? x * 2 ** 54 : x);
  const high = view.getUint32(0);
  let exponent = (high >>> 20) - 1023 - (tiny ? 54 : 0);
  view.setUint32(0, (high & 0xfffff) | (1023 << 20));
  let mantissa = view.getFloat64(0);
  if (mantissa >= Math.SQRT2) {
    mantissa /= 2;
    exponent += 1;
  }
  return { mantissa, exponent };
}

/** The natural logarithm of a positive finite number, to 2 units in the last place. */
export function ln(x: number): number {
  const { mantissa, exponent } = split(x);
  // ln m = 2 atanh(s): s ≤ 0.172, so 11 terms leave less than 1e-18.
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  let series = 0;
  for (let term = 23; term >= 3; term -= 2) series = (series + 1 / term) * square;
  // 2s + 2s·series, with the large part kept apart so that its rounding does not add up.
  const f = mantissa - 1;
  const tail = exponent * LN2_LOW + (2 * s * series - s * f);
  return exponent * LN2_HIGH + (f + tail);
}

/** e to the power of a finite number, to 2 units in the last place; Infinity on overflow. */
export function exp(x: number): number {
  if (x > 710) return Number.POSITIVE_INFINITY;
  if (x < -746) return 0;
  const exponent = Math.round(x / Math.LN2);
  const high = x - exponent * LN2_HIGH;
  const low = exponent * LN2_LOW;
  const r = high - low;
  // |r| ≤ 0.347: 15 terms leave less than 1e-19.
  let series = 0;
  for (let term = 15; term >= 2; term--) series = (series + 1) * (r / term);
  // e^r - 1 - r = r·series; what subtracting `low` lost of r is added back.
  const lost = high - r - low;
  return scale(1 + (r + (r * series + lost)), exponent);
}

/** The nearest number of 15 significant digits, at which rounding errors of a few units vanish. */
export function tidy(x: number): number {
  return Number(x.toPrecision(15));
}
