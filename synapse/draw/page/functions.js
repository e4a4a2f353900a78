// Written by functions_source of synapse.readwrite.programs: no edits here.

// JavaScript has no error function: its series, whose terms are all of one sign.
function erf(x) {
  if (Math.abs(x) > 6) return Math.sign(x);
  let sum = x;
  for (let n = 1, term = x; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= 2 * x * x / (2 * n + 1);
    sum += term;
  }
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}

function squash_logistic(s) {
    const v0 = Math.exp(Math.min(-s, 709));
    const v1 = 1.0 / (1.0 + v0);
    return [v1, v1 * (v0 * v1)];
}

function squash_identity(s) {
    return [s, 1.0];
}

function squash_tanh(s) {
    const v0 = Math.expm1(-2.0 * Math.abs(s));
    const v1 = ((s < 0 ? -1 : 1) * Math.abs(v0 / (2.0 + v0)));
    return [v1, 1.0 - v1 * v1];
}

function squash_relu(s) {
    if (s > 0.0) {
        return [s, 1.0];
    }
    return [0.0, 0.0];
}

function squash_leaky_relu(s) {
    if (s > 0.0) {
        return [s, 1.0];
    }
    return [0.01 * s, 0.01];
}

function squash_elu(s) {
    if (s > 0.0) {
        return [s, 1.0];
    }
    return [Math.expm1(s), Math.exp(Math.min(s, 709))];
}

function squash_softplus(s) {
    return [Math.max(s, 0.0) + Math.log1p(Math.exp(Math.min(-Math.abs(s), 709))), 1.0 / (1.0 + Math.exp(Math.min(-s, 709)))];
}

function squash_gaussian(s) {
    const v0 = Math.exp(Math.min(-s * s, 709));
    return [v0, -2.0 * s * v0];
}

function squash_step(s) {
    if (s > 0.0) {
        return [1.0, 0.0];
    }
    return [0.0, 0.0];
}

function squash_sign(s) {
    if (s > 0.0) {
        return [1.0, 0.0];
    }
    if (s < 0.0) {
        return [-1.0, 0.0];
    }
    return [0.0, 0.0];
}

function squash_ramp(s) {
    if (s <= 0.0) {
        return [0.0, 0.0];
    }
    if (s < 1.0) {
        return [s, 1.0];
    }
    return [1.0, 0.0];
}

function squash_hard_tanh(s) {
    if (s <= -1.0) {
        return [-1.0, 0.0];
    }
    if (s < 1.0) {
        return [s, 1.0];
    }
    return [1.0, 0.0];
}

function squash_hard_threshold(s) {
    if (Math.abs(s) > 0.5) {
        return [s, 1.0];
    }
    return [0.0, 0.0];
}

function squash_soft_threshold(s) {
    if (s > 0.5) {
        return [s - 0.5, 1.0];
    }
    if (s < -0.5) {
        return [s + 0.5, 1.0];
    }
    return [0.0, 0.0];
}

function squash_sinus(s) {
    return [Math.sin(s), Math.cos(s)];
}

function squash_bent_identity(s) {
    const v0 = Math.sqrt(s * s + 1.0);
    return [s + 0.5 * (v0 - 1.0), 1.0 + 0.5 * s / v0];
}

function squash_softsign(s) {
    const v0 = 1.0 / (1.0 + Math.abs(s));
    return [s * v0, v0 * v0];
}

function squash_absolute(s) {
    if (s >= 0.0) {
        return [s, 1.0];
    }
    return [-s, -1.0];
}

function squash_swish(s) {
    const v0 = Math.exp(Math.min(-s, 709));
    const v1 = 1.0 / (1.0 + v0);
    return [s * v1, v1 + s * (v1 * (v0 * v1))];
}

function squash_gelu(s) {
    const v0 = 0.5 * (1.0 + erf(s * 0.7071067811865476));
    return [s * v0, v0 + s * 0.3989422804014327 * Math.exp(Math.min(-0.5 * s * s, 709))];
}

function squash_selu(s) {
    if (s > 0.0) {
        return [1.0507009873554805 * s, 1.0507009873554805];
    }
    return [1.7580993408473766 * Math.expm1(s), 1.7580993408473766 * Math.exp(Math.min(s, 709))];
}

function squash_bipolar(s) {
    if (s > 0.0) {
        return [1.0, 0.0];
    }
    return [-1.0, 0.0];
}

function squash_bipolar_sigmoid(s) {
    const v0 = 0.5 * s;
    const v1 = Math.expm1(-2.0 * Math.abs(v0));
    const v2 = ((v0 < 0 ? -1 : 1) * Math.abs(v1 / (2.0 + v1)));
    return [v2, 0.5 * (1.0 - v2 * v2)];
}

function squash_inverse(s) {
    return [1.0 - s, -1.0];
}

function squash_noise(s) {
    return [s, 1.0];
}

function squash_bernoulli(s) {
    const v0 = Math.exp(Math.min(-s, 709));
    const v1 = 1.0 / (1.0 + v0);
    return [v1, v1 * (v0 * v1)];
}

function squash_maxout(s) {
    return [s, 1.0];
}

function squash_winner(s) {
    return [1.0, 0.0];
}

function squash_softmax(s) {
    return [1.0, 0.0];
}

function cost_cross_entropy(target, output, slope, outputs) {
    if (slope != 0.0) {
        return [-(target * Math.log(Math.max(output, 1e-300)) + (1.0 - target) * Math.log(Math.max(1.0 - output, 1e-300))), target - output];
    }
    return [-(target * Math.log(Math.max(output, 1e-300)) + (1.0 - target) * Math.log(Math.max(1.0 - output, 1e-300))), 0.0];
}

function cost_squared_error(target, output, slope, outputs) {
    const v0 = target - output;
    return [0.5 * v0 * v0, v0 * slope];
}

function cost_mean_squared_error(target, output, slope, outputs) {
    const v0 = target - output;
    return [v0 * v0 / outputs, 2.0 * v0 * slope / outputs];
}

function cost_binary_misses(target, output, slope, outputs) {
    if (target > 0.5) {
        if (output > 0.5) {
            return [0.0, target - output];
        }
        return [1.0, target - output];
    }
    if (output > 0.5) {
        return [1.0, target - output];
    }
    return [0.0, target - output];
}

function cost_categorical_cross_entropy(target, output, slope, outputs) {
    if (target > 0.0) {
        return [-target * Math.log(Math.max(output, 1e-300)), target - output];
    }
    return [0.0, target - output];
}

/** Kind of each squash, and its formula: value and slope at a state. */
export const SQUASHES = {
  logistic: { kind: "single", formula: squash_logistic },
  identity: { kind: "single", formula: squash_identity },
  tanh: { kind: "single", formula: squash_tanh },
  relu: { kind: "single", formula: squash_relu },
  leaky_relu: { kind: "single", formula: squash_leaky_relu },
  elu: { kind: "single", formula: squash_elu },
  softplus: { kind: "single", formula: squash_softplus },
  gaussian: { kind: "single", formula: squash_gaussian },
  step: { kind: "single", formula: squash_step },
  sign: { kind: "single", formula: squash_sign },
  ramp: { kind: "single", formula: squash_ramp },
  hard_tanh: { kind: "single", formula: squash_hard_tanh },
  hard_threshold: { kind: "single", formula: squash_hard_threshold },
  soft_threshold: { kind: "single", formula: squash_soft_threshold },
  sinus: { kind: "single", formula: squash_sinus },
  bent_identity: { kind: "single", formula: squash_bent_identity },
  softsign: { kind: "single", formula: squash_softsign },
  absolute: { kind: "single", formula: squash_absolute },
  swish: { kind: "single", formula: squash_swish },
  gelu: { kind: "single", formula: squash_gelu },
  selu: { kind: "single", formula: squash_selu },
  bipolar: { kind: "single", formula: squash_bipolar },
  bipolar_sigmoid: { kind: "single", formula: squash_bipolar_sigmoid },
  inverse: { kind: "single", formula: squash_inverse },
  noise: { kind: "chance", formula: squash_noise },
  bernoulli: { kind: "chance", formula: squash_bernoulli },
  maxout: { kind: "largest", formula: squash_maxout },
  winner: { kind: "largest", formula: squash_winner },
  softmax: { kind: "shares", formula: squash_softmax },
};


/** Value and signal -dE/ds of each cost of (target, output, slope, outputs). */
export const COSTS = {
  cross_entropy: cost_cross_entropy,
  squared_error: cost_squared_error,
  mean_squared_error: cost_mean_squared_error,
  binary_misses: cost_binary_misses,
  categorical_cross_entropy: cost_categorical_cross_entropy,
};
