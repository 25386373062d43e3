/** `naru merchants`, as built. */
import { expect, it } from "vitest";
import { naru } from "../support/node.ts";
import { clientOf, useNode } from "../support/scenario.ts";

const node = useNode();

it("a merchant is made, listed, changed and given other keys", async () => {
  const url = "http://127.0.0.1:9/hook";
  const made = await naru(node, "merchants", "create", "나루상점", "--id", "mer_cli", "--notice-url", url, "--form");
  expect(made.code).toBe(0);
  const first = JSON.parse(made.stdout);
  expect(first.merchant).toEqual({
    id: "mer_cli",
    name: "나루상점",
    settings: { noticeUrl: url, webhookFormat: "form" },
  });
  const issued = await clientOf(node, first).issue();
  expect((await node.timeline(issued.imp_uid)).payment.merchantId).toBe("mer_cli");

  const again = await naru(node, "merchants", "create", "나루상점", "--id", "mer_cli");
  expect(again).toEqual({ code: 1, stdout: "", stderr: "naru: there is a merchant mer_cli already\n" });

  const changes = ["--name", "새 상점", "--no-notice-url", "--no-form", "--resend", "--no-announce-issued"];
  const changed = await naru(node, "merchants", "set", "mer_cli", ...changes);
  expect(JSON.parse(changed.stdout)).toMatchObject({
    name: "새 상점",
    settings: { webhookFormat: "json", resendWebhooks: true, announceIssued: false },
  });
  expect(changed.stdout).not.toContain(url);

  const { impKey } = first.credentials.iamport;
  const added = JSON.parse((await naru(node, "merchants", "add-key", "mer_cli")).stdout);
  await clientOf(node, added).issue();
  const removed = await naru(node, "merchants", "remove-key", "mer_cli", impKey);
  expect(JSON.parse(removed.stdout).credentials).toMatchObject([{ key: added.credentials.iamport.impKey }]);
  expect((await clientOf(node, first).call("POST", "/users/getToken", clientOf(node, first).credentials)).status).toBe(
    401,
  );

  const uris = ["http://localhost:3000/a", "http://localhost:3000/b"];
  const ofApp = ["--dialect", "kakao-moment", "--name", "앱", ...uris.flatMap((uri) => ["--redirect-uri", uri])];
  const app = await naru(node, "merchants", "add-key", "mer_cli", ...ofApp);
  expect(app.stderr).toBe("naru: the secrets are stored hashed: this is the only time they are shown\n");
  const { restApiKey, clientSecret } = JSON.parse(app.stdout).credentials.kakaoMoment;
  const { body } = await node.get<{ credentials: object[] }>("/naru/v1/merchants/mer_cli");
  expect(body.credentials).toContainEqual(
    expect.objectContaining({
      key: restApiKey,
      settings: { app: expect.objectContaining({ name: "앱", redirectUris: uris }) },
    }),
  );

  const holder = await naru(node, "merchants", "set", "mer_cli", "--top-up-holder", "(주)나루");
  expect(JSON.parse(holder.stdout)).toMatchObject({ settings: { topUpHolder: "(주)나루" } });
  expect((await naru(node, "merchants", "set", "mer_cli", "--no-top-up-holder")).stdout).not.toContain("(주)나루");

  const list = await naru(node, "merchants");
  expect(list.stdout).toMatch(
    new RegExp(`^mer_cli +새 상점 +${added.credentials.iamport.impKey} ${restApiKey} +16 +.*webhookFormat=json`, "m"),
  );
  expect(list.stdout).not.toContain(clientSecret);
  for (const { credentials } of [first, added]) expect(list.stdout).not.toContain(credentials.iamport.impSecret);
});

it.each([
  [["create"], "missing required argument 'name'"],
  [
    ["create", "상점", "--notice-url", "ftp://x"],
    "settings.noticeUrl must be an http or https address without a user or password in it",
  ],
  [["set", "mer_cli"], "say what to change; see --help"],
  [["set", "mer_nobody", "--resend"], "there is no merchant mer_nobody"],
  [
    ["add-key", "mer_cli", "--dialect", "kakao"],
    "option '-d, --dialect <dialect>' argument 'kakao' is invalid. It must be iamport, kakao-moment, ppro, konaplate.",
  ],
  [["add-key", "mer_cli", "--redirect-uri", "http://x/"], "redirectUris is of kakao-moment's apps"],
  [
    ["add-key", "mer_cli", "-d", "kakao-moment", "--redirect-uri", "x"],
    "redirectUris has x, which is no http or https address without user and fragment",
  ],
  [["remove-key", "mer_naru_sandbox_key", "1"], "the merchant has no key 1"],
])("%j is refused in one line", async (args, message) => {
  expect(await naru(node, "merchants", ...args)).toEqual({ code: 1, stdout: "", stderr: `naru: ${message}\n` });
});
