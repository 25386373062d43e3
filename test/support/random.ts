export { type Random, randomFrom } from "../../src/random.ts";

export function freshSeed(): number {
  return Number(process.env.NARU_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
}
