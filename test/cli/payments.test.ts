/** `naru payments`, as built. */
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { eventually, refundAccount } from "../support/client.ts";
import { naru } from "../support/node.ts";
import { useNode, useReceiver } from "../support/scenario.ts";

const node = useNode();
const shop = useReceiver();

describe("naru payments", () => {
  it("lists them under each other, however wide a name is", async () => {
    const goods = "상품이름";
    for (const buyer_name of ["김은", "남궁민수", "Lee", undefined]) await node.issue({ buyer_name, name: goods });
    const { code, stdout } = await naru(node, "payments", "--limit", "4");
    const [titles, ...rows] = stdout.trim().split("\n");
    expect(code).toBe(0);
    expect(titles!.split(/ +/)).toEqual(["created", "state", "amount", "payment", "order", "buyer", "name"]);
    const at = stringWidth(titles!.slice(0, titles!.indexOf("name")));
    expect(rows.map((row) => stringWidth(row.slice(0, row.indexOf(goods))))).toEqual([at, at, at, at]);
    expect(rows[0]).not.toContain("김은");
    expect(rows[3]).toContain("김은");
  });

  it("are narrowed, and come as JSON lines to the last one if all are wanted", async () => {
    const paid = await node.paid();
    const one = await naru(node, "payments", "--imp-uid", String(paid.imp_uid), "--json");
    expect(JSON.parse(one.stdout)).toMatchObject({ wireId: paid.imp_uid, state: "paid" });
    const none = await naru(node, "payments", "--state", "reversed");
    expect(none).toEqual({ code: 0, stdout: "no payments\n", stderr: "" });
    const all = await naru(node, "payments", "--all", "--json");
    const { rows } = await node.database.pool.query("SELECT count(*) AS total FROM payments");
    expect(all.stdout.trim().split("\n")).toHaveLength(rows[0].total);
    const some = await naru(node, "payments", "--limit", "1");
    expect(some.stderr).toMatch(/^naru: there may be more: .*\n$/);
  });

  it.each([
    [["--state", "payed"], /option '-s, --state <state>' argument 'payed' is invalid\. It must be ready, paid, /],
    [["show", "imp_000000000000"], /there is no payment imp_000000000000/],
    [["show"], /missing required argument 'id'/],
  ])("refuses %j in one line", async (args, message) => {
    const { code, stdout, stderr } = await naru(node, "payments", ...args);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(new RegExp(`^naru: ${message.source}.*\n$`));
  });
});

describe("naru payments show", () => {
  it("tells all that happened, in the order in which it did", async () => {
    shop.status = 404;
    const paid = await node.paid({ notice_url: shop.url, name: "캠핑 의자" }, { depositorName: "홍길동" });
    await node.cancel({ imp_uid: paid.imp_uid, amount: 3_000, reason: "고객 변심", enable_webhook: true });
    await eventually(async () => {
      const { deliveries } = await node.timeline(paid.imp_uid);
      return deliveries.length === 3 && deliveries.every((one: { state: string }) => one.state === "exhausted");
    });
    const { code, stdout } = await naru(node, "payments", "show", String(paid.imp_uid));
    expect(code).toBe(0);
    const [head, story] = stdout.split("\n\n") as [string, string];
    expect(head).toMatch(`${paid.imp_uid}  paid  ₩10,000, ₩3,000 refunded\n`);
    expect(head).toMatch(/^account +신한 \d+ \(나루상점\), used, until /m);
    const told = story
      .trim()
      .split("\n")
      .map((line) => line.slice(16).replace(/ {2,}/g, " | "));
    const inTurn = [
      "call | POST /vbanks | answered 200",
      "event | payment.ready | ₩10,000",
      /^bank \| matched \| credit of ₩10,000 at 신한 from 홍길동 \(.+\)$/,
      /^books \| deposit \| ₩10,000 from bank:sandbox to merchant:/,
      "event | payment.paid | ₩10,000",
      /^refund \| succeeded \| ₩3,000 to 홍길동, 신한 \*\*\*321: 고객 변심 \[refund succeeded\]$/,
      "call | POST /payments/cancel | answered 200",
      "event | payment.partly_refunded | ₩3,000",
    ];
    const places = inTurn.map((wanted) =>
      told.findIndex((line) => (typeof wanted === "string" ? line === wanted : wanted.test(line))),
    );
    expect(places.filter((place) => place < 0)).toEqual([]);
    expect(places).toEqual([...places].sort((one, other) => one - other));
    expect(told).toContainEqual(
      expect.stringMatching(`^webhook \\| payment.paid \\| to ${shop.url}: answered 404 after \\d+ ms, given up$`),
    );
    expect(stdout).not.toContain(refundAccount.refund_account.replaceAll("-", ""));
  });

  it("puts in order what happened before and after the clock was moved", async () => {
    shop.status = 200;
    const issued = await node.issue({ notice_url: shop.url, vbank_due: node.now() + 86_400 });
    await eventually(async () => (await node.timeline(issued.imp_uid)).deliveries[0].state === "delivered");
    await node.moveClock("P2D");
    await eventually(async () => (await node.timeline(issued.imp_uid)).payment.state === "expired");
    const { stdout } = await naru(node, "payments", "show", String(issued.imp_uid));
    const story = stdout.split("\n\n")[1]!.trim().split("\n");
    expect(story.map((line) => line.slice(16).split(/ +/)[1])).toEqual([
      "POST",
      "payment.ready",
      "payment.ready",
      "payment.expired",
    ]);
  });

  it("gives every field as JSON", async () => {
    const paid = await node.paid();
    const { stdout } = await naru(node, "payments", "show", String(paid.imp_uid), "--json");
    expect(JSON.parse(stdout)).toEqual(await node.timeline(paid.imp_uid));
  });
});
