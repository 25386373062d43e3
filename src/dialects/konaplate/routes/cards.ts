/** `/api/v1/user/card`, `/api/v1/card/virtual-account`: members' cards, and accounts by which anyone charges them. */
import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { errors } from "../errors.ts";
import { accountOfCard, type CardAccount as CardAccountOutcome } from "../issue.ts";
import { presentCard, presentMapping } from "../present.ts";
import { issueError } from "../refusals.ts";
import { CardAccount, CardList, CardListRequest, CardMapping, connectType, OfCardRequest } from "../schemas/index.ts";
import { type Answer, type Call, type Endpoint, exchangeOf, failure, mount, reader, success } from "./call.ts";
import { findCard, findMember } from "./found.ts";

const readCard = reader(OfCardRequest);
const readList = reader(CardListRequest);

export function mountCards(server: FastifyInstance, context: Context): void {
  const { core, aspIdOf } = context;

  /** A product has its merchant's name: the contract's own products are not known here. */
  const shownFor = ({ tenant: { merchant } }: Call) => ({ aspId: aspIdOf(merchant.id), serviceName: merchant.name });

  const mapping: Endpoint = {
    url: "/api/v1/user/card/info",
    summary: "Whose card it is, and its balance",
    body: OfCardRequest,
    response: CardMapping,
    encrypted: { request: true, answer: true },
  };
  mount(server, context, mapping, async (call) => {
    const read = readCard(call.body);
    if (!read.ok) return failure(read.error);
    const found = await findCard(core, call, read.value.cardNo);
    return found.ok ? success(presentMapping(found.value, shownFor(call))) : failure(found.error);
  });

  const list: Endpoint = {
    url: "/api/v1/user/card/list",
    summary: "A member's cards",
    description: "With par or physicalCardNo, that one alone.",
    body: CardListRequest,
    response: CardList,
    encrypted: { request: false, answer: false },
  };
  mount(server, context, list, async (call) => {
    const read = readList(call.body);
    if (!read.ok) return failure(read.error);
    const { userId, par, physicalCardNo } = read.value;
    const found = await findMember(core, call, userId);
    if (!found.ok) return failure(found.error);
    const cards = found.value.cards
      .filter(({ card }) => par === undefined || card.par === par)
      .filter(({ number }) => physicalCardNo === undefined || number === physicalCardNo);
    if (cards.length === 0 && par !== undefined) return failure(errors.invalid("par"));
    if (cards.length === 0 && physicalCardNo !== undefined) return failure(errors.invalid("physicalCardNo"));
    const { charge } = await core.linkedAccounts.registered(found.value.member.id);
    const isLinked = charge !== undefined;
    return success({ cardDataInfo: cards.map((card) => presentCard(card, found.value, isLinked, shownFor(call))) });
  });

  const account: Endpoint = {
    url: "/api/v1/card/virtual-account/inquiry",
    summary: "The virtual account of a card",
    description:
      "Made when it is first asked for, and the card's from then on. Whatever is deposited charges the balance.",
    body: OfCardRequest,
    response: CardAccount,
    encrypted: { request: true, answer: true },
  };
  mount(server, context, account, async (call) => {
    const read = readCard(call.body);
    if (!read.ok) return failure(read.error);
    const found = await findCard(core, call, read.value.cardNo);
    if (!found.ok) return failure(found.error);
    const { member, card } = found.value;
    const outcome = await accountOfCard(core, {
      tenant: call.tenant,
      memberNumber: member.number,
      card: card.card,
      exchange: exchangeOf(account, call, answerAccount),
    });
    return outcome === undefined
      ? failure(errors.refused(400, "The merchant has no channel that lends account numbers."))
      : answerAccount(outcome);
  });
}

function answerAccount(outcome: CardAccountOutcome): Answer {
  if (!outcome.ok) return failure(issueError(outcome.refusal));
  const { number, bankCode } = outcome.value.virtualAccount;
  return success({ accountNo: number, bankCode, connectType });
}
