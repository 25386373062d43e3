/** What a user sees who is asked for consent, in Korean and English. Pure. */
import type { User } from "../../core/ad-accounts/user.ts";
import type { Wish } from "../../core/consents/consent.ts";
import type { AppSettings } from "../../core/merchants/merchant.ts";
import { html, type Language } from "../../http/page.ts";
import type { ConsentError } from "./errors.ts";
import type { AuthorizeQuery } from "./schemas/index.ts";

const texts = {
  ko: {
    service: "비즈니스 인증",
    title: "비즈니스 동의",
    asks: (app: string) => `${app}에서 아래 권한을 요청합니다`,
    about: "동의하면 이 앱이 회원님을 대신해 광고계정을 이용할 수 있습니다. 동의는 언제든지 철회할 수 있습니다.",
    items: "동의항목",
    resources: "대상 광고계정",
    all: "회원님의 모든 광고계정",
    who: "누구로 동의할까요?",
    user: "회원번호",
    signIn: "로그인 코드",
    nobody: "이 상점에는 아직 회원이 없습니다.",
    unknown: "회원번호 또는 로그인 코드를 확인해 주세요.",
    choose: "회원을 선택해 주세요.",
    agree: "동의하고 계속하기",
    decline: "취소",
    wrong: "요청을 처리할 수 없습니다",
    tell: "서비스 제공자에게 아래 코드를 알려 주세요.",
  },
  en: {
    service: "Business Authentication",
    title: "Business consent",
    asks: (app: string) => `${app} asks for these permissions`,
    about: "If you agree, this app may use ad accounts for you. You can withdraw your consent at any time.",
    items: "Consent items",
    resources: "Ad accounts",
    all: "All of your ad accounts",
    who: "Who agrees?",
    user: "User number",
    signIn: "Sign-in code",
    nobody: "This shop has no users yet.",
    unknown: "Check the user number or the sign-in code.",
    choose: "Choose a user.",
    agree: "Agree and continue",
    decline: "Cancel",
    wrong: "The request cannot be served",
    tell: "Tell the provider of the service this code.",
  },
} as const;

const scopeTexts: Record<Language, Record<string, string>> = {
  ko: {
    moment_management: "광고계정과 광고의 조회, 상태와 예산 관리",
    moment_create: "광고계정과 광고의 생성",
    moment_delete: "광고의 삭제",
    moment_bizform_result_read: "비즈니스폼 응답 결과 조회",
  },
  en: {
    moment_management: "See ad accounts and ads, manage their state and budget",
    moment_create: "Make ad accounts and ads",
    moment_delete: "Delete ads",
    moment_bizform_result_read: "See what was answered to business forms",
  },
};

export interface ConsentView {
  app: AppSettings;
  wish: Wish;
  /** What the app sent, to be sent again with the user's answer. */
  fields: AuthorizeQuery;
  /** Those to choose from; undefined where users sign in. */
  users: readonly User[] | undefined;
  /** The last answer named nobody, or nobody who could sign in so. */
  isUnknown: boolean;
}

export function consentPage(view: ConsentView, language: Language): { title: string; content: string } {
  const text = texts[language];
  const { app, wish, fields, users, isUnknown } = view;
  const items = wish.scopes.map(
    (scope) => html`<li><span>${scopeTexts[language][scope] ?? scope}<small>${scope}</small></span></li>`,
  );
  const resources = wish.adAccounts?.join(", ") ?? text.all;
  const content = html`<header><span>Naru</span><span>${text.service}</span></header>
<h1>${text.asks(app.name)}</h1>
<p class="soft">${text.about}</p>
<section class="box" aria-label="${text.items}"><ul>!${items}
<li><span>${text.resources}<small>${resources}</small></span></li></ul></section>
<form method="post">
!${hiddenOf(fields)}
!${isUnknown ? html`<p class="alarm" role="alert">${users === undefined ? text.unknown : text.choose}</p>` : ""}
!${users === undefined ? signIn(text) : choices(users, text)}
<div class="actions">
<button class="first" name="decision" value="agree">${text.agree}</button>
<button name="decision" value="decline" formnovalidate>${text.decline}</button>
</div>
</form>`;
  return { title: text.title, content };
}

type Texts = (typeof texts)[Language];

function choices(users: readonly User[], text: Texts): string {
  if (users.length === 0) return html`<p class="alarm">${text.nobody}</p>`;
  const rows = users.map(
    ({ number, name }, index) =>
      html`<label class="choice"><input type="radio" name="user" value="${number}" required !${index === 0 ? "checked" : ""}><span>${name}<small>${number}</small></span></label>`,
  );
  return html`<fieldset><legend>${text.who}</legend>!${rows}</fieldset>`;
}

function signIn(text: Texts): string {
  return html`<fieldset><legend>${text.who}</legend>
<label class="field">${text.user}<input name="user" inputmode="numeric" autocomplete="username" required></label>
<label class="field">${text.signIn}<input name="sign_in" type="password" autocomplete="current-password" required></label>
</fieldset>`;
}

function hiddenOf(fields: AuthorizeQuery): string {
  const pairs = Object.entries(fields).flatMap(([name, value]) =>
    [value ?? []].flat().map((one) => [name, one] as const),
  );
  return pairs.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`).join("\n");
}

export function errorPage({ error_code, error_description }: ConsentError, language: Language) {
  const text = texts[language];
  const content = html`<header><span>Naru</span><span>${text.service}</span></header>
<h1>${text.wrong}</h1>
<p class="soft">${text.tell}</p>
<section class="box"><ul><li><span><code>${error_code}</code><small>${error_description}</small></span></li></ul></section>`;
  return { title: text.wrong, content };
}
