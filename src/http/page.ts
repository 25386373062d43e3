/**
 * Pages that people see, made on the server and without scripts: one look, and headers that let no other page draw them
 * in, no cache keep them, and no address of theirs leak.
 */
import { createHash } from "node:crypto";
import type { FastifyReply } from "fastify";
import { html } from "ghtml";

export { html } from "ghtml";

export const languages = ["ko", "en"] as const;
export type Language = (typeof languages)[number];

/** The first language of the header that pages have; Korean if it names none. */
export function languageOf(acceptLanguage: string | undefined): Language {
  const wanted = (acceptLanguage ?? "")
    .split(",")
    .map((part) => {
      const [tag = "", ...parameters] = part.trim().split(";");
      const quality = parameters.map((one) => /^\s*q=([\d.]+)/.exec(one)?.[1]).find((one) => one !== undefined);
      return { language: tag.slice(0, 2).toLowerCase(), quality: Number(quality ?? 1) };
    })
    .sort((one, other) => other.quality - one.quality);
  const found = wanted.map(({ language }) => languages.find((known) => known === language)).find(Boolean);
  return found ?? "ko";
}

/** Whether a person in a browser asks, rather than a program. */
export function wantsPage(accept: string | undefined): boolean {
  return accept?.includes("text/html") === true;
}

const style = `
:root{color-scheme:light dark;--ground:#f4f5f7;--sheet:#fff;--ink:#191f28;--soft:#6b7684;--line:#e1e5ea;--accent:#0a66c2;--on-accent:#fff;--alarm:#c62828}
@media(prefers-color-scheme:dark){:root{--ground:#101418;--sheet:#1b2127;--ink:#eceff3;--soft:#98a2ae;--line:#323a43;--accent:#6db3f8;--on-accent:#08131f;--alarm:#ff8a80}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;min-height:100dvh;display:grid;place-items:center;padding:16px;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Apple SD Gothic Neo","Noto Sans KR","Noto Sans CJK KR","Malgun Gothic",sans-serif;word-break:keep-all;overflow-wrap:anywhere}
main{width:100%;max-width:440px;background:var(--sheet);border:1px solid var(--line);border-radius:16px;padding:28px 24px}
header{display:flex;justify-content:space-between;gap:12px;color:var(--soft);font-size:14px;margin-bottom:20px}
h1{font-size:22px;line-height:1.35;margin:0 0 8px}
p{margin:0 0 16px}
.soft{color:var(--soft);font-size:14px}
.alarm{color:var(--alarm);font-weight:600}
fieldset,.box{border:1px solid var(--line);border-radius:12px;margin:0 0 20px;padding:6px 16px}
legend{padding:0 6px;font-size:14px;color:var(--soft)}
ul{list-style:none;margin:0;padding:0}
.choice,li{display:flex;gap:12px;align-items:flex-start;padding:10px 0;min-height:44px}
.choice+.choice,li+li{border-top:1px solid var(--line)}
.choice{cursor:pointer}
input[type=radio]{flex:none;width:20px;height:20px;margin:2px 0 0;accent-color:var(--accent)}
.field{display:block;padding:8px 0}
.field input{display:block;width:100%;margin-top:4px;padding:11px 12px;font:inherit;color:inherit;background:var(--ground);border:1px solid var(--line);border-radius:10px}
small{display:block;color:var(--soft);font-size:14px}
code{font:600 15px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.actions{display:grid;gap:10px}
button{font:inherit;font-weight:600;min-height:50px;border-radius:12px;border:1px solid var(--line);background:transparent;color:inherit;cursor:pointer}
button.first{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
`;

const styleHash = createHash("sha256").update(style).digest("base64");

export interface Page {
  language: Language;
  title: string;
  /** Markup of the sheet. */
  content: string;
  /** Origins that a form of the page may lead to, beside this one. */
  leadsTo?: readonly string[];
}

export function sendPage(reply: FastifyReply, status: number, { language, title, content, leadsTo = [] }: Page) {
  const markup = html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>!${style}</style>
</head>
<body>
<main>!${content}</main>
</body>
</html>
`;
  // A browser follows the redirection that answers a form only where the form itself may lead.
  const policy = ["default-src 'none'", `style-src 'sha256-${styleHash}'`, "base-uri 'none'", "frame-ancestors 'none'"];
  return reply
    .code(status)
    .headers({
      "content-security-policy": [...policy, `form-action ${["'self'", ...leadsTo].join(" ")}`].join("; "),
      "cache-control": "no-store",
      // Without any referrer a form of the page would be of no origin, and be refused.
      "referrer-policy": "same-origin",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "cross-origin-opener-policy": "same-origin",
    })
    .type("text/html; charset=utf-8")
    .send(markup);
}
