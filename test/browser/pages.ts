/** Pages that try what pages can. Their scripts run in the browser. */

export interface Attack {
  /** The origin that is attacked. */
  target: string;
  /** A live access token, as if it had leaked. */
  token: string;
  /** Fields that would issue an account. */
  order: object;
  /** Where the page tells what it could do: `{name: result}`. */
  tellTo: string;
}

export function attackPage(attack: Attack): string {
  return `<!doctype html><title>page</title><body><script>(${run})(${JSON.stringify(attack)})</script>`;
}

/** Shows another page in a frame that gives it no origin. */
export function framePage(path: string): string {
  return `<!doctype html><iframe sandbox="allow-scripts allow-forms" src="${path}"></iframe>`;
}

/** Follows a link as soon as it is shown. */
export function visitPage(url: string): string {
  return `<!doctype html><script>location.href = ${JSON.stringify(url)}</script>`;
}

// What follows is sent to the browser as it stands, so it uses nothing from outside.
// biome-ignore lint/suspicious/noExplicitAny: the browser's own names are not known here
declare const document: any, navigator: any;

async function run({ target, token, order, tellTo }: Attack): Promise<void> {
  const results: Record<string, string> = {};
  const limit_ms = 5_000;

  async function tryFetch(name: string, path: string, init: RequestInit): Promise<void> {
    try {
      const answer = await fetch(target + path, { ...init, signal: AbortSignal.timeout(limit_ms) });
      results[name] = answer.type === "opaque" ? "opaque" : `${answer.status} ${(await answer.text()).slice(0, 300)}`;
    } catch {
      results[name] = "failed";
    }
  }

  /** "failed" if the element says that it could not load, or says nothing. A frame says that it has in any case. */
  function tryElement(name: string, element: string, attributes: Record<string, string>): Promise<void> {
    return new Promise((resolve) => {
      const made = document.createElement(element);
      const done = (result: string) => {
        results[name] = result;
        resolve();
      };
      made.onload = () => done(element === "iframe" ? "opaque" : "loaded");
      made.onerror = () => done("failed");
      setTimeout(() => done("failed"), limit_ms);
      Object.assign(made, attributes);
      document.body.append(made);
    });
  }

  function tryForm(name: string, path: string, enctype: string, fields: Record<string, string>): Promise<void> {
    return new Promise((resolve) => {
      const frame = document.createElement("iframe");
      frame.name = `frame of ${name}`;
      document.body.append(frame);
      const form = document.createElement("form");
      Object.assign(form, { method: "POST", action: target + path, target: frame.name, enctype });
      for (const [field, value] of Object.entries(fields)) {
        const input = document.createElement("input");
        Object.assign(input, { type: "hidden", name: field, value });
        form.append(input);
      }
      document.body.append(form);
      const done = () => {
        results[name] = "opaque";
        resolve();
      };
      setTimeout(done, limit_ms);
      frame.onload = done;
      form.submit();
    });
  }

  const json = { "content-type": "application/json" };
  const credentials = { imp_key: "naru_sandbox_key", imp_secret: "naru_sandbox_secret" };
  const clock = JSON.stringify({ advance: "PT1H" });
  const fields = Object.fromEntries(Object.entries(order).map(([name, value]) => [name, String(value)]));
  const form = new URLSearchParams(fields);

  await tryFetch("read", "/naru/v1/sandbox/credentials", {});
  await tryFetch("read opaquely", "/naru/v1/sandbox/credentials", { mode: "no-cors" });
  await tryFetch("read payments", `/payments/status/all?_token=${token}`, {});
  await tryFetch("read with a header", "/payments/status/all", { headers: { authorization: token } });
  await tryFetch("json", "/naru/v1/sandbox/clock", { method: "POST", headers: json, body: clock });
  await tryFetch("text", "/naru/v1/sandbox/clock", { method: "POST", mode: "no-cors", body: clock });
  await tryFetch("token", "/users/getToken", { method: "POST", body: new URLSearchParams(credentials) });
  await tryFetch("token opaquely", "/users/getToken", {
    method: "POST",
    mode: "no-cors",
    body: new URLSearchParams(credentials),
  });
  await tryFetch("issue", `/vbanks?_token=${token}`, { method: "POST", body: form });
  await tryFetch("issue opaquely", `/vbanks?_token=${token}`, { method: "POST", mode: "no-cors", body: form });
  await tryFetch("delete", "/naru/v1/sandbox/faults", { method: "DELETE", headers: json, body: "{}" });
  await tryForm("form", `/vbanks?_token=${token}`, "application/x-www-form-urlencoded", fields);
  await tryForm("plain form", "/naru/v1/sandbox/clock", "text/plain", { '{"advance":"PT1H","x":"': '"}' });
  await tryElement("script", "script", { src: `${target}/payments/status/all?_token=${token}` });
  await tryElement("image", "img", { src: `${target}/naru/v1/payments` });
  await tryElement("frame", "iframe", { src: `${target}/docs` });
  navigator.sendBeacon(`${target}/users/getToken`, new URLSearchParams(credentials));
  // From a page without an origin this, too, is a request to elsewhere, which a plain text may be.
  await fetch(tellTo, { method: "POST", mode: "no-cors", body: JSON.stringify(results) });
}
