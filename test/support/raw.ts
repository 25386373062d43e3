/** HTTP as it was written: `fetch` sets headers, lengths and encodings by itself, and some clients set others. */
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { connect } from "node:net";

export interface RawRequest {
  method: string;
  path: string;
  headers?: Record<string, string | string[]>;
  body?: string | Uint8Array;
}

export interface RawAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** The body as it came, piece by piece. */
  chunks: string[];
  text: string;
}

export function raw(url: string, { method, path, headers = {}, body }: RawRequest): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    let answered = false;
    const { hostname, port } = new URL(url);
    const length =
      body === undefined || "content-length" in headers ? {} : { "content-length": Buffer.byteLength(body) };
    const request = httpRequest({ hostname, port, path, method, headers: { ...headers, ...length } }, (response) => {
      answered = true;
      const chunks: string[] = [];
      response.on("data", (chunk) => chunks.push(String(chunk)));
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode!, headers: response.headers, chunks, text: chunks.join("") }),
      );
    });
    // A server that has answered need not read the rest of what it was sent.
    request.on("error", (error) => {
      if (!answered) reject(error);
    });
    request.end(body);
  });
}

/** What a server says, to its end, to a text that need not be HTTP. */
export function speak(url: string, text: string): Promise<{ status: number; headers: string; body: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    let answer = "";
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    socket.on("error", reject);
    socket.on("close", () => {
      const [headers = "", body = ""] = answer.split("\r\n\r\n", 2);
      resolve({ status: Number(headers.split(" ")[1]), headers, body });
    });
  });
}
