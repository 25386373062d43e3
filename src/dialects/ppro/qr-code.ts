/** A code that a shopper's telephone reads, as an image that needs no other address. */
import { encode } from "uqr";

/** Modules of quiet around the code, by its standard. */
const border = 4;

/** Small enough to stand in an answer and in a webhook: each run of dark modules is one stroke. */
export function codeImage(text: string): string {
  const { data, size } = encode(text, { border });
  const strokes = data.map((row, y) => strokesOf(row, y)).join("");
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges">` +
    `<path fill="#fff" d="M0 0h${size}v${size}H0z"/><path stroke="#000" d="${strokes}"/></svg>`;
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
}

/** Of one row, along the middle of its modules. */
function strokesOf(row: readonly boolean[], y: number): string {
  const modules = row.map((isDark) => (isDark ? "x" : " ")).join("");
  return [...modules.matchAll(/x+/g)].map(({ 0: run, index }) => `M${index} ${y}.5h${run.length}`).join("");
}
