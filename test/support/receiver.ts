/** A shop's webhook receiver: a real HTTP server that keeps what it was sent and answers as told. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  path: string;
  headers: Record<string, string | string[] | undefined>;
  body: string;
  at: Date;
}

export interface Receiver {
  url: string;
  received: Received[];
  /** The status of the next answers; undefined: never answer. */
  status: number | undefined;
  /** Their headers. */
  headers: Record<string, string>;
  /** What it never answers, whatever the status. */
  hangsAt(request: Received): boolean;
  close(): Promise<void>;
}

export async function startReceiver(port = 0): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const heard = { path: request.url!, headers: request.headers, body, at: new Date() };
      received.push(heard);
      if (receiver.status === undefined || receiver.hangsAt(heard)) return;
      response.writeHead(receiver.status, receiver.headers).end("OK");
    });
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    status: 200,
    headers: {},
    hangsAt: () => false,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}
