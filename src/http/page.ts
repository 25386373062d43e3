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

/** The language that the header likes best of those that pages have; Korean if it likes none. */
export function languageOf(acceptLanguage: string | undefined): Language {
  const wanted = (acceptLanguage ?? "").split(",").map((part) => {
    const [tag = "", ...parameters] = part.trim().split(";");
    const [, quality = "1"] = parameters.map((one) => /^\s*q=(\d(?:\.\d*)?)\s*$/.exec(one)).find(Boolean) ?? [];
    return { language: tag.toLowerCase().split("-", 1)[0], quality: Number(quality) };
  });
  const found = wanted
    .filter(({ quality }) => quality > 0)
    .sort((one, other) => other.quality - one.quality)
    .map(({ language }) => languages.find((known) => known === language))
    .find(Boolean);
  return found ?? "ko";
}

/** Whether a person in a browser asks, rather than a program. */
export function wantsPage(accept: string | undefined): boolean {
  return accept?.includes("text/html") === true;
}

/**
 * An address with these in its query. What it has of one stays to the letter, but for those of the same names; a fragment
 * stays behind it.
 */
export function withQuery(address: string, added: Record<string, string>): string {
  const [before, fragment] = splitAt(new URL(address).href, "#");
  const [path, query = ""] = splitAt(before, "?");
  const kept = query.split("&").filter((pair) => pair !== "" && !Object.hasOwn(added, nameOf(pair)));
  const pairs = Object.entries(added).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `${path}?${[...kept, ...pairs].join("&")}${fragment === undefined ? "" : `#${fragment}`}`;
}

/** Undefined for what comes after a mark that is not there. */
function splitAt(text: string, mark: string): [string, string | undefined] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function nameOf(pair: string): string {
  const [name] = splitAt(pair, "=");
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

const style = `
:root{color-scheme:light dark;--ground:#f2f4f6;--sheet:#fff;--ink:#191f28;--soft:#5b6673;--line:#dfe3e8;--edge:#8a94a0;--accent:#0b5cad;--accent-over:#094a8c;--on-accent:#fff;--tint:#f6f8fa;--alarm:#b3261e;--note:#fff6dd;--on-note:#5c4300}
@media(prefers-color-scheme:dark){:root{--ground:#0f1317;--sheet:#191f25;--ink:#eceff3;--soft:#a3adb8;--line:#323a43;--edge:#7b8692;--accent:#74b6f7;--accent-over:#97c9fa;--on-accent:#08131f;--tint:#20272e;--alarm:#ff9b90;--note:#3a3014;--on-note:#f5e2ac}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;min-height:100vh;min-height:100dvh;display:grid;align-items:center;justify-items:center;padding:24px 16px;background:var(--ground);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Apple SD Gothic Neo","Noto Sans KR","Noto Sans CJK KR","Malgun Gothic",sans-serif;word-break:keep-all;overflow-wrap:anywhere}
main{width:100%;max-width:456px;min-width:0;background:var(--sheet);border:1px solid var(--line);border-radius:20px;padding:24px;overflow:hidden}
header{display:flex;justify-content:space-between;align-items:baseline;gap:12px;color:var(--soft);font-size:14px;margin-bottom:16px}
header strong{flex:none;color:var(--ink);font-size:16px}
h1{font-size:22px;line-height:1.4;margin:0 0 8px;text-wrap:pretty}
p{margin:0 0 20px;text-wrap:pretty}
.note{margin:-24px -24px 20px;padding:10px 24px;background:var(--note);color:var(--on-note);font-size:14px}
.soft{color:var(--soft);font-size:15px}
.alarm{color:var(--alarm);font-weight:600}
h2,legend{font-size:14px;font-weight:600;color:var(--soft);margin:0 0 8px;padding:0}
fieldset{border:0;margin:0 0 24px;padding:0;min-width:0}
.box{border:1px solid var(--line);border-radius:14px;margin:0 0 24px;overflow:hidden}
fieldset .box{margin:0}
fieldset .box+p{margin:8px 0 0}
.long{max-height:272px;overflow-y:auto;overscroll-behavior:contain}
ul{list-style:none;margin:0;padding:0}
li,.choice{padding:10px 16px;min-height:48px}
.choice{display:flex;gap:12px;align-items:center;cursor:pointer}
.choice:has(:checked){background:var(--tint)}
.choice:has(:focus-visible){outline:3px solid var(--accent);outline-offset:-3px;border-radius:14px}
.choice :focus-visible{outline:0}
.choice+.choice,li+li{border-top:1px solid var(--line)}
.choice span{flex:1;min-width:0}
.choice small{flex:none}
input[type=radio]{flex:none;width:20px;height:20px;margin:0;accent-color:var(--accent)}
.field{display:block;margin-bottom:12px;font-size:15px}
.field input,.field select{display:block;width:100%;min-height:48px;margin-top:4px;padding:10px 14px;font:inherit;font-size:16px;color:inherit;background:var(--sheet);border:1px solid var(--edge);border-radius:12px}
.field select{appearance:none;padding-right:40px;text-overflow:ellipsis;background:linear-gradient(45deg,transparent 46%,currentColor 54%) right 20px center/6px 6px no-repeat,linear-gradient(-45deg,transparent 46%,currentColor 54%) right 14px center/6px 6px no-repeat,var(--sheet)}
.field [aria-invalid]{border-color:var(--alarm)}
small{display:block;color:var(--soft);font-size:14px;line-height:1.5}
.many{max-height:116px;overflow-y:auto}
code{font:600 17px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.actions{display:grid;gap:10px}
main>:last-child{margin-bottom:0}
button,.button{font:inherit;font-weight:600;min-height:52px;padding:8px 16px;border-radius:14px;border:1px solid var(--edge);background:transparent;color:inherit;cursor:pointer}
button:hover,.button:hover{background:var(--tint)}
button.first{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
button.first:hover{background:var(--accent-over)}
button.kakaopay{background:#ffeb00;border-color:#ffeb00;color:#191919}
button.kakaopay:hover{background:#f5e000;border-color:#f5e000}
.button{display:grid;place-items:center;text-align:center;text-decoration:none}
.sum{margin:16px 0 20px;font-size:34px;line-height:1.3;font-weight:700;letter-spacing:-.02em}
.sum small,.row small{font-weight:400;letter-spacing:0}
.facts{margin:0 0 24px;border-top:1px solid var(--line)}
.facts>div{display:flex;gap:16px;padding:12px 0;border-bottom:1px solid var(--line)}
.facts dt{flex:none;width:88px;color:var(--soft);font-size:14px;line-height:24px}
.facts dd{flex:1;min-width:0;margin:0;font-size:15px;line-height:24px}
.whole{display:inline-block}
.deep{max-height:296px;overflow-y:auto;overscroll-behavior:contain;background:linear-gradient(var(--sheet) 50%,transparent) 0 0/100% 48px no-repeat local,linear-gradient(transparent,var(--sheet) 50%) 0 100%/100% 48px no-repeat local,linear-gradient(var(--line),transparent) 0 0/100% 20px no-repeat,linear-gradient(transparent,var(--line)) 0 100%/100% 20px no-repeat}
.row{display:flex;gap:16px;justify-content:space-between;font-size:15px}
.row span{min-width:0}
.row b{flex:none;max-width:50%;font-weight:600;text-align:right}
.trial{margin:32px 0 0;padding:16px;background:var(--tint);border-radius:14px}
.trial .soft{margin-bottom:12px;font-size:14px}
.trial button{min-height:48px;background:var(--sheet)}
.trial button:hover{background:var(--ground)}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(120px,1fr));gap:10px}
.mark{display:block;width:56px;height:56px;margin:8px 0 20px;padding:14px;border-radius:50%;background:var(--tint);color:var(--accent);fill:none;stroke:currentColor;stroke-width:2.5;stroke-linecap:round;stroke-linejoin:round}
.turns{animation:turn 1.2s linear infinite}
@keyframes turn{to{transform:rotate(1turn)}}
@media(prefers-reduced-motion:reduce){.turns{animation:none}}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
@media(max-width:480px){body{padding:0;background:var(--sheet);align-items:start}main{border:0;border-radius:0;padding:20px}.note{margin:-20px -20px 20px;padding:10px 20px}}
`;

const styleHash = createHash("sha256").update(style).digest("base64");

const sandboxNote: Record<Language, string> = {
  ko: "테스트 환경(샌드박스)입니다. 실제 돈은 오가지 않습니다.",
  en: "Test environment (sandbox). No real money is moved.",
};

export interface Page {
  language: Language;
  title: string;
  /** What the page belongs to, shown at its head. */
  service: string;
  /** The page says so. */
  sandbox: boolean;
  /** Markup of the sheet. */
  content: string;
  /** A form of the page is answered by a way to elsewhere, and from there perhaps further. */
  leadsAway?: boolean;
  /** The browser asks again after so long. */
  refresh_s?: number;
}

export function sendPage(reply: FastifyReply, status: number, page: Page) {
  const { language, title, service, sandbox, content, leadsAway = false, refresh_s } = page;
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
<main>
!${sandbox ? html`<p class="note">${sandboxNote[language]}</p>` : ""}
<header><strong>Naru</strong><span>${service}</span></header>
!${content}
</main>
</body>
</html>
`;
  const policy = ["default-src 'none'", `style-src 'sha256-${styleHash}'`, "base-uri 'none'", "frame-ancestors 'none'"];
  // Browsers hold every redirection that follows a form against this, and nobody here knows where those end.
  if (!leadsAway) policy.push("form-action 'self'");
  if (refresh_s !== undefined) reply.header("refresh", String(refresh_s));
  return reply
    .code(status)
    .headers({
      "content-security-policy": policy.join("; "),
      "cache-control": "no-store",
      // Without any referrer a form of the page would be of no origin, and be refused.
      "referrer-policy": "same-origin",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
    })
    .type("text/html; charset=utf-8")
    .send(markup);
}
