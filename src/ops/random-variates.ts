/** Numbers of the distributions that are drawn by rejection or by halving, from the stream of random numbers. */
import { randomDouble, randomNormal } from "./random-numbers.ts";

/** Gamma distributed with the shape `alpha` and scale 1 (Marsaglia and Tsang); NaN of a negative shape. */
export function randomGamma(alpha: number): number {
  if (!(alpha > 0)) return alpha === 0 ? 0 : Number.NaN;
  if (alpha < 1) return randomGamma(alpha + 1) * (1 - randomDouble()) ** (1 / alpha);
  const d = alpha - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = randomNormal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - randomDouble()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** How many of `count` tries succeed, each with the probability `p`. Where the middle try would lie halves many. */
export function randomBinomial(count: number, p: number): number {
  if (Number.isNaN(count) || Number.isNaN(p)) return Number.NaN;
  let [tries, chance, hits] = [Math.floor(count), p, 0];
  while (tries > 64) {
    const middle = 1 + Math.floor(tries / 2);
    const below = randomGamma(middle);
    const place = below / (below + randomGamma(tries + 1 - middle));
    if (place >= chance) [tries, chance] = [middle - 1, chance / place];
    else [tries, chance, hits] = [tries - middle, (chance - place) / (1 - place), hits + middle];
  }
  for (let i = 0; i < tries; i++) if (randomDouble() < chance) hits++;
  return hits;
}

/** How many events of the mean rate `rate` there are; a waiting time for most of many halves them (Ahrens and Dieter). */
export function randomPoisson(rate: number): number {
  let [rest, events] = [rate, 0];
  while (rest > 24) {
    const many = Math.floor((rest * 7) / 8);
    const time = randomGamma(many);
    if (time > rest) return events + randomBinomial(many - 1, rest / time);
    [rest, events] = [rest - time, events + many];
  }
  const end = Math.exp(-rest);
  for (let product = 1 - randomDouble(); product > end; product *= 1 - randomDouble()) events++;
  return events;
}
