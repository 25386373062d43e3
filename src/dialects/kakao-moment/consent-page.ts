/** What a user sees who is asked for consent, in Korean and English. Pure. */
import type { User } from "../../core/ad-accounts/user.ts";
import type { Wish } from "../../core/consents/consent.ts";
import type { AppSettings } from "../../core/merchants/merchant.ts";
import { html, type Language, type Page } from "../../http/page.ts";
import type { ConsentError } from "./errors.ts";
import { authorizePath } from "./identifiers.ts";
import type { AuthorizeQuery } from "./schemas/index.ts";

const texts = {
  ko: {
    service: "비즈니스 인증",
    title: "비즈니스 동의",
    asks: (app: string) => `${app}에서 아래 권한을 요청합니다`,
    about:
      "동의하면 이 앱이 회원님을 대신해 광고계정을 이용할 수 있습니다. 동의 철회는 이 서비스의 운영자에게 요청해 주세요.",
    items: "동의항목",
    resources: "대상 광고계정",
    all: "회원님의 모든 광고계정",
    who: "누구로 동의할까요?",
    more: (count: number) => `회원이 더 있습니다. 처음 ${count}명만 보여 드립니다.`,
    signInAs: "로그인",
    user: "회원번호",
    signIn: "로그인 코드",
    nobody: "동의할 수 있는 회원이 아직 없습니다.",
    unknown: "회원번호 또는 로그인 코드를 확인해 주세요.",
    choose: "회원을 선택해 주세요.",
    agree: "동의하고 계속하기",
    decline: "취소",
    wrong: "요청을 처리할 수 없습니다",
    tell: "문제가 계속되면 이용하시던 서비스에 아래 오류 코드를 알려 주세요.",
  },
  en: {
    service: "Business Authentication",
    title: "Business consent",
    asks: (app: string) => `${app} asks for these permissions`,
    about:
      "If you agree, this app may use ad accounts for you. To withdraw your consent, ask whoever runs this service.",
    items: "Consent items",
    resources: "Ad accounts",
    all: "All of your ad accounts",
    who: "Who agrees?",
    more: (count: number) => `There are more users. These are the first ${count}.`,
    signInAs: "Sign in",
    user: "User number",
    signIn: "Sign-in code",
    nobody: "There is no user yet who could agree.",
    unknown: "Check the user number or the sign-in code.",
    choose: "Choose a user.",
    agree: "Agree and continue",
    decline: "Cancel",
    wrong: "The request cannot be served",
    tell: "If this goes on, give this error code to the service that you came from.",
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

/** What became of the request, for people; the others are told that it cannot be served. */
const errorTexts: Record<Language, Record<string, string>> = {
  ko: {
    KOE003: "일시적인 오류입니다. 잠시 후 다시 시도해 주세요.",
    KOE005: "이 앱은 테스트 중이며, 등록된 팀원만 이용할 수 있습니다.",
    KOE025: "비즈니스 회원이 아닙니다. 먼저 비즈니스 회원으로 등록해 주세요.",
    KOE026: "현재 이용이 제한된 회원입니다.",
    KOE027: "동의할 수 있는 광고계정이 없습니다.",
    KOE028: "앱에 등록되지 않은 주소로 돌아가려고 합니다.",
    KOE101: "등록되지 않은 앱입니다.",
    KOE123: "비즈니스 인증을 받지 않은 앱입니다.",
    KOE124: "광고계정을 이용할 권한이 없는 앱입니다.",
    KOE125: "이용이 정지된 앱입니다.",
    KOE232: "앱에 허용되지 않은 동의항목을 요청했습니다.",
  },
  en: {
    KOE003: "Something went wrong for the moment. Try again a little later.",
    KOE005: "This app is being tested, by registered people only.",
    KOE025: "You are not registered as a business. Register first.",
    KOE026: "Your account is restricted at present.",
    KOE027: "You have no ad account to agree about.",
    KOE028: "The app asks to return to an address that it has not registered.",
    KOE101: "There is no such app.",
    KOE123: "The app's business was not verified.",
    KOE124: "The app has no permission to use ad accounts.",
    KOE125: "The app is suspended.",
    KOE232: "The app asks for what it is not permitted.",
  },
};

interface ConsentView {
  app: AppSettings;
  wish: Wish;
  /** What the app sent, to be sent again with the user's answer. */
  fields: AuthorizeQuery;
  /** Those to choose from, and whether there are others; undefined where users sign in. */
  users: { shown: readonly User[]; isCut: boolean } | undefined;
  /** The number that the last answer gave, of nobody or of nobody who could sign in so. */
  failed: string | undefined;
}

/** What is shown, but for what is the same on every page. */
type Sheet = Pick<Page, "title" | "service" | "content">;

export function consentPage(view: ConsentView, language: Language): Sheet {
  const text = texts[language];
  const { app, wish, fields, users, failed } = view;
  const items = wish.scopes.map(
    (scope) => html`<li>${scopeTexts[language][scope] ?? scope}<small>${scope}</small></li>`,
  );
  const alarm = users === undefined ? text.unknown : text.choose;
  const canAgree = users === undefined || users.shown.length > 0;
  const content = html`<h1>${text.asks(app.name)}</h1>
<p class="soft">${text.about}</p>
<h2 id="items">${text.items}</h2>
<ul class="box" aria-labelledby="items">
!${items}
<li>${text.resources}!${resourcesOf(wish, text)}</li>
</ul>
<form method="post" action="${authorizePath}">
!${hiddenOf(fields)}
!${failed === undefined ? "" : html`<p class="alarm" role="alert" id="alarm">${alarm}</p>`}
!${users === undefined ? signIn(failed, text) : choices(users, text)}
<div class="actions">
!${canAgree ? html`<button class="first" name="decision" value="agree">${text.agree}</button>` : ""}
<button name="decision" value="decline" formnovalidate>${text.decline}</button>
</div>
</form>`;
  return { title: text.title, service: text.service, content };
}

type Texts = (typeof texts)[Language];

/** A list that is long can be scrolled, by the keyboard too. */
function resourcesOf({ adAccounts }: Wish, text: Texts): string {
  const named = adAccounts?.join(", ") ?? text.all;
  if (adAccounts === null || adAccounts.length <= resources_whole) return html`<small>${named}</small>`;
  return html`<small class="many" tabindex="0" role="group" aria-label="${text.resources}">${named}</small>`;
}

/** Ad accounts that are shown without scrolling. */
const resources_whole = 20;
/** And users. */
const users_whole = 5;

function choices({ shown, isCut }: NonNullable<ConsentView["users"]>, text: Texts): string {
  if (shown.length === 0) return html`<p class="alarm">${text.nobody}</p>`;
  const rows = shown.map(
    ({ number, name }, index) =>
      html`<label class="choice"><input type="radio" name="user" value="${number}" required !${index === 0 ? "checked" : ""}><span>${name}</span><small>${number}</small></label>`,
  );
  return html`<fieldset><legend>${text.who}</legend>
<div class="box !${shown.length > users_whole ? "long" : ""}">
!${rows}
</div>
!${isCut ? html`<p class="soft">${text.more(shown.length)}</p>` : ""}</fieldset>`;
}

function signIn(failed: string | undefined, text: Texts): string {
  const marks = failed === undefined ? "" : 'aria-invalid="true" aria-describedby="alarm"';
  return html`<fieldset><legend>${text.signInAs}</legend>
<label class="field">${text.user}<input name="user" value="${failed ?? ""}" inputmode="numeric" maxlength="15" autocomplete="username" required !${marks}></label>
<label class="field">${text.signIn}<input name="sign_in" type="password" maxlength="100" autocomplete="current-password" required !${marks}></label>
</fieldset>`;
}

function hiddenOf(fields: AuthorizeQuery): string {
  const pairs = Object.entries(fields).flatMap(([name, value]) =>
    [value ?? []].flat().map((one) => [name, one] as const),
  );
  return pairs.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`).join("\n");
}

export function errorPage({ error_code, error_description }: ConsentError, language: Language): Sheet {
  const text = texts[language];
  const content = html`<h1>${errorTexts[language][error_code] ?? text.wrong}</h1>
<p class="soft">${text.tell}</p>
<ul class="box"><li><code>${error_code}</code><small lang="en">${error_description}</small></li></ul>`;
  return { title: text.wrong, service: text.service, content };
}
