import { encode } from "uqr";
import { expect, it } from "vitest";
import { codeImage } from "./qr-code.ts";

/** The modules as the strokes of the image have them. */
function drawn(image: string): string[] {
  const svg = Buffer.from(image.slice("data:image/svg+xml;base64,".length), "base64").toString();
  const [, side] = /viewBox="0 0 (\d+) \1"/.exec(svg)!;
  const rows = Array.from({ length: Number(side) }, () => Array<string>(Number(side)).fill(" "));
  const [, strokes] = /<path stroke="#000" d="([^"]*)"/.exec(svg)!;
  for (const [, x, y, run] of strokes!.matchAll(/M(\d+) (\d+)\.5h(\d+)/g)) {
    rows[Number(y)]!.fill("x", Number(x), Number(x) + Number(run));
  }
  return rows.map((row) => row.join(""));
}

const path = "/checkout/agr_v1CGiBn1rWIDuF4mKCAup.d6yPWiv7241HUJBIyOhSATss5P0";

it.each(["http://127.0.0.1:4100", "https://pay.example", `https://${"x".repeat(63)}.${"y".repeat(63)}.example`])(
  "is the code of an address at %s, with quiet around it, in a few kilobytes",
  (origin) => {
    const image = codeImage(`${origin}${path}`);
    const { data } = encode(`${origin}${path}`, { border: 4 });
    expect(drawn(image)).toEqual(data.map((row) => row.map((isDark) => (isDark ? "x" : " ")).join("")));
    expect(image.length).toBeLessThan(10_000);
  },
);
