/** `/openapi/v4/adAccounts`: the ad accounts of the token's user, what is left on them, switching them. */
import type { FastifyInstance } from "fastify";
import { type AdAccount as CoreAdAccount, searchMemberships, withCash } from "../../../core/ad-accounts/ad-account.ts";
import type { AdAccountRefusal, Outcome } from "../../../core/errors.ts";
import type { Json } from "../../../core/exchanges.ts";
import type { Core } from "../../../core/index.ts";
import { wrong } from "../../../http/validate.ts";
import { askingOf, findAdAccount } from "../auth.ts";
import { adAccountError, errors } from "../errors.ts";
import { managing, readLong } from "../identifiers.ts";
import { type Config, configs, presentAdAccount, presentBalance, presentBizRight, presentItem } from "../present.ts";
import {
  AdAccount,
  AdAccountHeader,
  AdAccountPage,
  Balance,
  BizRight,
  callLimits,
  PagesQuery,
  pages,
  SwitchRequest,
} from "../schemas/index.ts";
import {
  type Answer,
  type Call,
  done,
  type Endpoint,
  exchangeOf,
  failure,
  mount,
  type Read,
  readAdAccount,
  reader,
  readUse,
  success,
} from "./call.ts";

const access = { scope: managing };
const readPages = reader(PagesQuery);
const readSwitch = reader(SwitchRequest);

const list: Endpoint = {
  method: "GET",
  url: "/openapi/v4/adAccounts/pages",
  summary: "The user's ad accounts",
  query: PagesQuery,
  response: AdAccountPage,
};
const balance: Endpoint = {
  method: "GET",
  url: "/openapi/v4/adAccounts/balance",
  summary: "What is left on an ad account",
  headers: AdAccountHeader,
  response: Balance,
};
const bizRight: Endpoint = {
  method: "GET",
  url: "/openapi/v4/adAccounts/bizRight",
  summary: "The business right of an ad account",
  headers: AdAccountHeader,
  response: BizRight,
};
const one: Endpoint = {
  method: "GET",
  url: "/openapi/v4/adAccounts/:id",
  summary: "One ad account",
  response: AdAccount,
};
const onOff: Endpoint = {
  method: "PUT",
  url: "/openapi/v4/adAccounts/onOff",
  summary: "Switch an ad account on or off",
  description: "Once a second per user; answers with an empty body.",
  headers: AdAccountHeader,
  body: SwitchRequest,
};

export function mountAdAccounts(server: FastifyInstance, core: Core): void {
  const { pool } = core.store;

  mount(server, core, access, list, async ({ grant, query }) => {
    const fields = readPages(query);
    if (!fields.ok) return failure(fields.error);
    const { config = "ON,OFF", page = 0, size = pages.size_default } = fields.value;
    const wanted = config.split(",").map((text) => text.trim());
    if (!wanted.every(isConfig))
      return failure(errors.unsatisfied("config", "It must be of ON, OFF, DEL, with commas."));
    const { total, adAccounts } = await searchMemberships(pool, {
      merchantId: grant.merchant.id,
      userId: grant.user.id,
      numbers: grant.token.adAccounts ?? undefined,
      states: wanted.map((text) => configs[text]),
      page,
      size,
    });
    const content = adAccounts.map((adAccount) => presentItem(adAccount, grant.user.id));
    const totalPages = Math.ceil(total / size);
    return success({ content, number: page, size, totalElements: total, totalPages, page });
  });

  /** What the call's ad account shows, if its user has a right to it. */
  const show = async (call: Call, number: Read<number>, present: (adAccount: CoreAdAccount) => Promise<Json>) => {
    if (!number.ok) return failure(number.error);
    const found = await findAdAccount(core, call.grant, number.value, "look");
    return found.ok ? success(await present(found.value)) : failure(found.error);
  };
  const funded = async (adAccount: CoreAdAccount) => (await withCash(pool, [adAccount]))[0]!;

  mount(server, core, access, balance, (call) =>
    show(call, readAdAccount(call), async (adAccount) => presentBalance(await funded(adAccount))),
  );

  mount(server, core, access, bizRight, (call) =>
    show(call, readAdAccount(call), async (adAccount) => presentBizRight(adAccount)),
  );

  // Clients send the header here or leave it out.
  mount(server, core, access, one, (call) => {
    const number = readLong(call.params.id);
    const id: Read<number> =
      number === undefined
        ? wrong(errors.unsatisfied("adAccountId", "It must be a Long."))
        : { ok: true, value: number };
    return show(call, id, async (adAccount) => presentAdAccount(await funded(adAccount)));
  });

  mount(server, core, { ...access, limit: callLimits.onOff }, onOff, async (call) => {
    const used = await readUse(core, call, readSwitch);
    if (!used.ok) return failure(used.error);
    const { adAccount, fields } = used.value;
    const exchange = exchangeOf(onOff, {}, { ...call.body, adAccountId: adAccount.number }, answerSwitched);
    const change = { state: configs[fields.config as Config] };
    return answerSwitched(
      await core.updateAdAccount({ adAccountId: adAccount.id, change, by: askingOf(call.grant), exchange }),
    );
  });
}

function isConfig(text: string): text is Config {
  return Object.hasOwn(configs, text);
}

function answerSwitched(outcome: Outcome<CoreAdAccount, AdAccountRefusal>): Answer {
  return outcome.ok ? done : failure(adAccountError(outcome.refusal));
}
