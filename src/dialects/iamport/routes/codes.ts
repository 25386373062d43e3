/** `/banks`, `/cards`: the KFTC's codes; `/users/pg`: the merchant's channels. */
import type { FastifyInstance } from "fastify";
import Type from "typebox";
import { banks, findBank, normalizeBankCode } from "../../../core/banks.ts";
import { cards, findCard } from "../../../core/cards.ts";
import type { Core } from "../../../core/index.ts";
import { errors } from "../errors.ts";
import { Code, PgSetting } from "../schemas/index.ts";
import { failure, mount, success } from "./call.ts";

const tables = [
  {
    url: "/banks",
    of: "banks",
    all: banks,
    find: (code: string) => findBank(normalizeBankCode(code) ?? ""),
    unknown: errors.bankCodeUnknown,
  },
  { url: "/cards", of: "card companies", all: cards, find: findCard, unknown: errors.cardCodeUnknown },
];

export function mountCodes(server: FastifyInstance, core: Core): void {
  for (const { url, of, all, find, unknown } of tables) {
    const list = { method: "GET", url, summary: `Codes of ${of}`, response: Type.Array(Code) } as const;
    mount(server, core, list, () => success(all.map(present)));
    const one = { method: "GET", url: `${url}/:code`, summary: `One of the ${of}`, response: Code } as const;
    mount(server, core, one, ({ params }) => {
      const found = find(params.code!);
      return found === undefined ? failure(unknown) : success(present(found));
    });
  }

  const settings = {
    method: "GET",
    url: "/users/pg",
    summary: "PG settings",
    response: Type.Array(PgSetting),
  } as const;
  mount(server, core, settings, ({ tenant }) =>
    success(
      tenant.channels.map((channel) => ({
        pg_provider: channel.provider,
        pg_id: channel.providerMerchantId,
        sandbox: core.connectors.get(channel.connector)?.sandbox === true,
        type: "api_payment",
        channel_name: channel.name,
        channel_key: channel.key,
      })),
    ),
  );
}

function present({ code, name }: { code: string; name: string }) {
  return { code, name };
}
