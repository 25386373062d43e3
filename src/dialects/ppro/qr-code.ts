/** A code that a shopper's telephone reads, as an image that needs no other address. */
import { renderSVG } from "uqr";

export function codeImage(text: string): string {
  return `data:image/svg+xml;base64,${Buffer.from(renderSVG(text)).toString("base64")}`;
}
