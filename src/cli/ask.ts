import { createInterface } from "node:readline/promises";

interface Terminal {
  stdin: NodeJS.ReadableStream;
  stdout: NodeJS.WritableStream;
}

/** A question of yes or no; undefined: left with Ctrl-C or Ctrl-D. */
export async function ask(question: string, { stdin, stdout }: Terminal = process): Promise<boolean | undefined> {
  const prompt = createInterface({ input: stdin, output: stdout, terminal: true });
  const left = new Promise<undefined>((resolve) => prompt.once("close", () => resolve(undefined)));
  try {
    const answer = await Promise.race([prompt.question(`${question} [y/N] `).catch(() => undefined), left]);
    if (answer === undefined) stdout.write("\n");
    return answer === undefined ? undefined : /^y(es)?$/i.test(answer.trim());
  } finally {
    prompt.close();
  }
}
