import type { Value } from "./sweep.ts";

/**
 * Distributions by the names, fields and defaults of Weights & Biases' sweep configuration
 * (https://docs.wandb.ai/models/sweeps/sweep-config-keys#distribution-options-for-random-and-bayesian-search).
 * The shape alone; `checkDistribution` checks what the fields say.
 */
export type Distribution =
  | { readonly distribution: "constant"; readonly value: Value }
  | {
      readonly distribution: "categorical";
      readonly values: readonly Value[];
      readonly probabilities?: readonly number[] | undefined;
    }
  | {
      readonly distribution:
        | "int_uniform"
        | "uniform"
        | "log_uniform"
        | "log_uniform_values"
        | "inv_log_uniform"
        | "inv_log_uniform_values";
      readonly min: number;
      readonly max: number;
    }
  | {
      readonly distribution: "q_uniform" | "q_log_uniform" | "q_log_uniform_values";
      readonly min: number;
      readonly max: number;
      /** Default 1. */
      readonly q?: number | undefined;
    }
  | {
      readonly distribution: "normal" | "log_normal";
      /** Default 0. */
      readonly mu?: number | undefined;
      /** Default 1. */
      readonly sigma?: number | undefined;
    }
  | {
      readonly distribution: "q_normal" | "q_log_normal";
      readonly mu?: number | undefined;
      readonly sigma?: number | undefined;
      /** Default 1. */
      readonly q?: number | undefined;
    }
  | {
      readonly distribution: "beta";
      /** Default 1. */
      readonly a?: number | undefined;
      /** Default 1. */
      readonly b?: number | undefined;
    }
  | {
      readonly distribution: "q_beta";
      readonly a?: number | undefined;
      readonly b?: number | undefined;
      /** Default 1. */
      readonly q?: number | undefined;
    };
