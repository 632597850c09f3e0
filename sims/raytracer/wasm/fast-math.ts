/** The functions of ../fast-math.ts. */

const TURN: f64 = 2 * Math.PI;

/** e^-x for x from 0. */
export function fade(x: f64): f64 {
  const halvings = x * Math.LOG2E;
  // Below the least number that has all its bits.
  if (!(halvings < 1022)) return 0;
  const whole = <i32>(halvings + 0.5);
  // Of e^-y by Taylor, for |y| up to half of ln 2.
  const y = (<f64>whole - halvings) * Math.LN2;
  let series: f64 = 1.0 / 5040.0 + y * (1.0 / 40320.0);
  series = 1.0 / 120.0 + y * (1.0 / 720.0 + y * series);
  series = 1.0 / 6.0 + y * (1.0 / 24.0 + y * series);
  series = 1.0 + y * (1.0 + y * (1.0 / 2.0 + y * series));
  return series * reinterpret<f64>((<u64>(1023 - whole)) << 52);
}

/** The sine of a part of a full turn, 0 to 1. */
export function sineOfTurn(turn: f64): f64 {
  // From the turn's middle, where the sine is odd; then folded into a quarter of it on either side.
  let x = 0.5 - turn;
  if (x > 0.25) x = 0.5 - x;
  else if (x < -0.25) x = -0.5 - x;
  const a = x * TURN;
  const s = a * a;
  let series: f64 = -1.0 / 39916800.0 + s * (1.0 / 6227020800.0);
  series = -1.0 / 5040.0 + s * (1.0 / 362880.0 + s * series);
  series = 1.0 + s * (-1.0 / 6.0 + s * (1.0 / 120.0 + s * series));
  return a * series;
}

/** The cosine of a part of a full turn, 0 to 1. */
export function cosineOfTurn(turn: f64): f64 {
  return sineOfTurn(turn < 0.75 ? turn + 0.25 : turn - 0.75);
}
