/**
 * The functions that a path needs at every turn, by polynomials: V8 calls a C library for those of
 * Math. All are exact to a few units in the tenth decimal, far below what light can show.
 */

/** 2^-n for n from 0; the last one is 0. */
const POWERS = Float64Array.from({ length: 1080 }, (_, n) => 2 ** -n);

/** e^-x for x from 0. */
export function fade(x: number): number {
  const halvings = x * Math.LOG2E;
  if (!(halvings < 1075)) return 0;
  const whole = (halvings + 0.5) | 0;
  // Of e^-y by Taylor, for |y| up to half of ln 2.
  const y = (whole - halvings) * Math.LN2;
  const series =
    1 +
    y *
      (1 +
        y *
          (1 / 2 +
            y *
              (1 / 6 +
                y * (1 / 24 + y * (1 / 120 + y * (1 / 720 + y * (1 / 5040 + y * (1 / 40320))))))));
  return series * (POWERS[whole] as number);
}

/** The sine of a part of a full turn, 0 to 1. */
export function sineOfTurn(turn: number): number {
  // From the turn's middle, where the sine is odd; then folded into a quarter of it on either side.
  let x = 0.5 - turn;
  if (x > 0.25) x = 0.5 - x;
  else if (x < -0.25) x = -0.5 - x;
  const a = x * (2 * Math.PI);
  const s = a * a;
  return (
    a *
    (1 +
      s *
        (-1 / 6 +
          s *
            (1 / 120 +
              s * (-1 / 5040 + s * (1 / 362880 + s * (-1 / 39916800 + s * (1 / 6227020800)))))))
  );
}

/** The cosine of a part of a full turn, 0 to 1. */
export function cosineOfTurn(turn: number): number {
  return sineOfTurn(turn < 0.75 ? turn + 0.25 : turn - 0.75);
}
