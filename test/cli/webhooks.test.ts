/** `naru webhooks`, as built. */
import { expect, it } from "vitest";
import { eventually } from "../support/client.ts";
import { naru } from "../support/node.ts";
import { useNode, useReceiver } from "../support/scenario.ts";

const node = useNode();
const shop = useReceiver();

async function lost(): Promise<{ impUid: string; deliveryId: string }> {
  shop.status = 404;
  const { imp_uid } = await node.issue({ notice_url: shop.url });
  const delivery = await eventually(async () => {
    const [first] = (await node.timeline(imp_uid)).deliveries;
    return first?.state === "exhausted" && first;
  });
  shop.status = 200;
  return { impUid: String(imp_uid), deliveryId: delivery.id };
}

async function isDelivered(impUid: string): Promise<boolean> {
  return (await node.timeline(impUid)).deliveries.every((one: { state: string }) => one.state === "delivered");
}

it("webhooks are listed, shown and sent again by id", async () => {
  const { impUid, deliveryId } = await lost();
  const list = await naru(node, "webhooks", "list", "--state", "exhausted", "--payment", impUid);
  const [titles, row, end] = list.stdout.split("\n");
  expect(titles).toMatch(/^id +made +state +answer +event +payment +url$/);
  expect(row).toMatch(new RegExp(`^${deliveryId}  .{14}  exhausted  404 +payment.ready  ${impUid}  ${shop.url}$`));
  expect(end).toBe("");

  const again = await naru(node, "webhooks", "resend", deliveryId);
  expect(again).toEqual({ code: 0, stdout: `${deliveryId} is sent again to ${shop.url}\n`, stderr: "" });
  await eventually(() => isDelivered(impUid));
  const shown = await naru(node, "webhooks", "show", deliveryId);
  expect(shown.stdout).toMatch(`${deliveryId}  delivered\n`);
  expect(shown.stdout).toMatch(new RegExp(`^body +{"imp_uid":"${impUid}"`, "m"));
  expect(shown.stdout).toMatch(/^1 {2}.{14} {2}answered 404 +\d+ ms {2}OK$/m);
  expect(shown.stdout).toMatch(/^2 {2}.{14} {2}answered 200 +\d+ ms {2}OK$/m);
  const json = await naru(node, "webhooks", "show", deliveryId, "--json");
  expect(JSON.parse(json.stdout)).toMatchObject({ id: deliveryId, attemptLog: [{ status: 404 }, { status: 200 }] });
});

it("the exhausted ones of a range are sent again, and counted", async () => {
  const began = new Date().toISOString();
  const many = [await lost(), await lost()];
  const again = await naru(node, "webhooks", "resend", "--from", began, "--merchant", "mer_naru_sandbox_key");
  expect(again).toEqual({ code: 0, stdout: "2 webhooks are sent again\n", stderr: "" });
  for (const { impUid } of many) await eventually(() => isDelivered(impUid));
  const none = await naru(node, "webhooks", "resend", "--from", began);
  expect(none.stdout).toBe("0 webhooks are sent again\n");
  const list = await naru(node, "webhooks", "--from", began, "--json");
  expect(
    list.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).wireId),
  ).toEqual(many.map(({ impUid }) => impUid).reverse());
});

it("those of several that cannot be sent again are named, and the others sent", async () => {
  const [first, last] = [await lost(), await lost()];
  const again = await naru(node, "webhooks", "resend", first.deliveryId, "dlv_none", last.deliveryId);
  expect(again).toEqual({
    code: 1,
    stdout: `${first.deliveryId} is sent again to ${shop.url}\n${last.deliveryId} is sent again to ${shop.url}\n`,
    stderr: "naru: there is no webhook dlv_none\n",
  });
});

it.each([
  [["list", "--payment", ""], "option '-p, --payment <id>' argument is empty"],
  [["resend", "--merchant", " ", "--yes"], "option '-m, --merchant <id>' argument is empty"],
  [["show", ""], "an argument is empty"],
  [["show", ".."], "'..' names nothing"],
  [["show", "dlv_\u001b[2J\n\u2028"], "there is no webhook dlv_␛[2J␊\ufffd"],
  [["resend"], "say which: ids, or --payment, --merchant, --url, --from or --to"],
  [["resend", "dlv_1", "--from", "2026-03-02"], "give either ids or a range"],
  [["resend", "dlv_1"], "there is no webhook dlv_1"],
  [
    ["list", "--from", "soon"],
    "option '--from <time>' argument 'soon' is invalid. It must be a date or time such as 2026-03-02 or 2026-03-02T09:00.",
  ],
])("%j is refused in one line", async (args, message) => {
  expect(await naru(node, "webhooks", ...args)).toEqual({ code: 1, stdout: "", stderr: `naru: ${message}\n` });
});
