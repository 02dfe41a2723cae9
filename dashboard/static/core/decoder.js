// The bundle's decoder, with the bundle's own weights: the same network as regvae/model/autoencoder.py.
// A browser test holds the two to the same codes.

import { completed, origins } from "./code.js";

export class Decoder {
  /**
   * @param {Float32Array} weights kernels (in x out, row by row) and biases, layer by layer
   * @param {object} geometry what Python sends of the bundle:
   *   `layers`, [in, out] of each dense layer; all but the last are followed by ReLU;
   *   `blocks` of the output vector, {position, alphabet, start} of each position that is learned;
   *   `likelihood`, "bernoulli": a sigmoid an output, or "categorical": a softmax a block;
   *   `format`, as `completed` takes it, with an `example`, which has the characters that are not learned
   */
  constructor(weights, { layers, blocks, likelihood, format }) {
    this.blocks = blocks;
    this.format = format;
    this.score = likelihood === "bernoulli" ? logSigmoid : (logit) => logit;
    let at = 0;
    const next = (length) => weights.subarray(at, (at += length));
    this.layers = layers.map(([width, out]) => ({
      width,
      kernel: next(width * out),
      bias: next(out),
      output: new Float32Array(out),
    }));
  }

  /** The outputs before the sigmoid at a latent point, in a buffer that the next call reuses. */
  logits(point) {
    let input = point;
    this.layers.forEach(({ width, kernel, bias, output }, depth) => {
      const out = output.length;
      output.set(bias);
      for (let i = 0; i < width; i++) {
        const value = input[i];
        if (value === 0) continue; // ReLU leaves many zeros
        for (let j = 0, k = i * out; j < out; j++, k++) output[j] += value * kernel[k];
      }
      if (depth < this.layers.length - 1) {
        for (let j = 0; j < out; j++) if (output[j] < 0) output[j] = 0;
      }
      input = output;
    });
    return input;
  }

  /**
   * The most probable `code` at a latent point, the `certainty` of each learned position (its
   * character's probability, 0 to 1), and where the code's characters come `from`, see `origins`.
   */
  decode(point) {
    const logits = this.logits(point);
    const characters = [...this.format.example];
    const certainty = [];
    for (const { position, alphabet, start } of this.blocks) {
      let best = start;
      const stop = start + alphabet.length;
      for (let i = start; i < stop; i++) if (logits[i] > logits[best]) best = i;
      // In logarithms, since far outside the map every probability of a block may round to 0.
      const top = this.score(logits[best]);
      let sum = 0;
      for (let i = start; i < stop; i++) sum += Math.exp(this.score(logits[i]) - top);
      characters[position] = alphabet[best - start];
      certainty.push(1 / sum);
    }
    const from = origins(characters, this.format);
    return { code: completed(characters, this.format, from).join(""), certainty, from };
  }
}

const logSigmoid = (x) => Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));
