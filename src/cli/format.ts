/** How commands write for people: aligned columns, won, local time, and colours where a terminal shows them. */
import { styleText } from "node:util";
import stringWidth from "string-width";
import { unitsOf } from "../core/money.ts";

type Style = Parameters<typeof styleText>[0];

/** A text, or one with its colours. */
export type Cell = string | readonly [text: string, style: Style];

export interface Column {
  title: string;
  right?: boolean;
  /** On a terminal too narrow for all, its text is cut short, and at least so much of it shown … */
  cut?: boolean | number;
  /** … and before that, the column is left out. */
  spare?: boolean;
  /** Instead of being cut, it goes on in the lines below, each with room for so much at least. */
  wrap?: boolean | number;
}

const gap = 2;
const cut_min = 8;
const wrap_min = 20;

const terminal = () => (process.stdout.isTTY ? process.stdout : undefined);

/** Also heeds NO_COLOR and a terminal that has none. */
export function paint(text: string, style: Style): string {
  return terminal()?.hasColors() === true ? styleText(style, text) : text;
}

/** A cell where it stands alone. */
export function inked(cell: Cell): string {
  return typeof cell === "string" ? textOf(cell) : paint(textOf(cell), cell[1]);
}

export function printLine(text = ""): void {
  process.stdout.write(`${text}\n`);
}

export function printLines(lines: readonly string[]): void {
  for (const line of lines) printLine(line);
}

/** One JSON document over several lines. */
export function printJson(value: unknown): void {
  process.stdout.write(`${json(value, 2)}\n`);
}

/** One JSON object per line. */
export function printJsonLines(values: readonly object[]): void {
  for (const value of values) process.stdout.write(`${json(value)}\n`);
}

/** What a terminal could take for a command, for a turn of the direction of writing, or for the end of a line. */
const commanding = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;
const commandingWithinJson = new RegExp(`(?!\\n)${commanding.source}`, commanding.flags);

/** With what a terminal could take for a command written as its number. */
function json(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(
    commandingWithinJson,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** What is not the result: on stderr, so that stdout stays the result alone. */
export function note(...lines: readonly string[]): void {
  process.stderr.write(`naru: ${lines.map(cleaned).join("\n")}\n`);
}

export function won(amount: number): string {
  return `₩${amount.toLocaleString("en-US")}`;
}

/** An amount in the smallest unit of its currency. */
export function money(amount: number, currency: string): string {
  const { units, digits } = unitsOf(amount, currency);
  const shown = { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits } as const;
  // A currency without a sign of its own has a space behind its letters, which shall be an ordinary one.
  return new Intl.NumberFormat("en-US", shown).format(units).replace("\u00a0", " ");
}

/** The shop's order, where that is not what the payment is called by anyway, as top-ups are. */
export function orderOf({ reference, wireId }: { reference: string; wireId: string }): string {
  return reference === wireId ? "" : reference;
}

export function count(many: number): string {
  return many.toLocaleString("en-US");
}

/** Local time to the second; the year only where it is not this one. */
export function localTime(iso: string): string {
  const time = new Date(iso);
  const two = (part: number) => String(part).padStart(2, "0");
  const day = `${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  const isThisYear = time.getFullYear() === new Date().getFullYear();
  return isThisYear ? `${day} ${clock}` : `${time.getFullYear()}-${day} ${clock}`;
}

/**
 * Rows under each other. Columns become as wide as what was seen of them, so that what comes line by line stays aligned;
 * a Korean letter takes two columns of a terminal.
 */
export class Columns {
  readonly #columns: readonly Column[];
  readonly #widths: number[];
  readonly #room: number | undefined;

  /** `room`: how many columns a line may have; undefined: any. */
  constructor(columns: readonly Column[], room = terminal()?.columns) {
    this.#columns = columns;
    this.#room = room;
    this.#widths = columns.map(() => 0);
  }

  /** The lines of these rows; a column of which nothing was seen yet takes no room. */
  lines(rows: readonly (readonly Cell[])[]): string[] {
    for (const row of rows) {
      row.forEach((cell, index) => {
        this.#widths[index] = Math.max(this.#widths[index]!, stringWidth(textOf(cell)));
      });
    }
    const widths = this.#fitted();
    return rows.flatMap((row) => this.#linesOf(row, widths));
  }

  /** The titles and the rows. */
  table(rows: readonly (readonly Cell[])[]): string[] {
    this.#columns.forEach(({ title }, index) => {
      const isEmpty = rows.every((row) => textOf(row[index]!) === "");
      this.#widths[index] = isEmpty ? 0 : stringWidth(title);
    });
    const lines = this.lines(rows);
    const titles = this.#columns.map(({ title }, index): Cell => [this.#widths[index] === 0 ? "" : title, "dim"]);
    return [...this.#linesOf(titles, this.#fitted()), ...lines];
  }

  /** The widths that fit the terminal; 0: left out. */
  #fitted(): number[] {
    const widths = [...this.#widths];
    const room = this.#room;
    if (room === undefined) return widths;
    const excess = () => {
      const shown = widths.filter((width) => width > 0);
      return shown.reduce((sum, width) => sum + width, gap * (shown.length - 1)) - room;
    };
    const narrow = (index: number, width: number) => {
      if (excess() > 0) widths[index] = Math.min(widths[index]!, width);
    };
    const indexes = this.#columns.map((_, index) => index).reverse();
    const least = (index: number) => {
      const { cut = false, wrap = false } = this.#columns[index]!;
      if (typeof cut === "number") return cut;
      if (typeof wrap === "number") return wrap;
      return cut ? cut_min : wrap ? wrap_min : Number.POSITIVE_INFINITY;
    };
    const slack = () => indexes.reduce((sum, index) => sum + Math.max(0, widths[index]! - least(index)), 0);
    for (const index of indexes) if (this.#columns[index]!.spare && excess() > slack()) narrow(index, 0);
    for (const index of indexes) narrow(index, Math.max(least(index), widths[index]! - excess()));
    return widths;
  }

  /** One line, or more where a column goes on below. */
  #linesOf(row: readonly Cell[], widths: readonly number[]): string[] {
    const shown = row.flatMap((cell, index) => {
      const { right, wrap } = this.#columns[index]!;
      const width = widths[index]!;
      if (width === 0) return [];
      const texts = wrap ? wrapped(textOf(cell), width) : [shortened(textOf(cell), width)];
      const line = (text: string) => {
        const padding = " ".repeat(width - stringWidth(text));
        const painted = typeof cell === "string" ? text : paint(text, cell[1]);
        return right ? `${padding}${painted}` : `${painted}${padding}`;
      };
      return [{ texts, line }];
    });
    const height = Math.max(1, ...shown.map(({ texts }) => texts.length));
    return Array.from({ length: height }, (_, at) =>
      shown
        .map(({ texts, line }) => line(texts[at] ?? ""))
        .join(" ".repeat(gap))
        .trimEnd(),
    );
  }
}

function textOf(cell: Cell): string {
  return cleaned(typeof cell === "string" ? cell : cell[0]);
}

/** What strangers wrote, with what a terminal could take for more than text shown as signs of what it is. */
export function cleaned(text: string): string {
  return text.replace(commanding, (letter) => {
    const code = letter.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : "\ufffd";
  });
}

/** Between words. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (stringWidth(line) <= width) lines.splice(-1, 1, line);
    else lines.push(shortened(word, width));
  }
  return lines;
}

function shortened(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = "";
  for (const letter of text) {
    if (stringWidth(kept + letter) > width - 1) break;
    kept += letter;
  }
  return `${kept}…`;
}

const styles: Record<string, Style> = {
  paid: "green",
  deposited: "green",
  matched: "green",
  delivered: "green",
  succeeded: "green",
  issued: "green",
  captured: "green",
  authorized: "green",
  active: "green",
  on: "green",
  cancelled: "yellow",
  partly_refunded: "yellow",
  refunded: "yellow",
  voided: "yellow",
  discarded: "yellow",
  revoked_by_merchant: "yellow",
  revoked_by_consumer: "yellow",
  revoked_by_provider: "yellow",
  closed: "yellow",
  off: "yellow",
  expired: "yellow",
  reversed: "magenta",
  partly_reversed: "magenta",
  suspended: "red",
  exhausted: "red",
  failed: "red",
  authorization_failed: "red",
  capture_failed: "red",
  void_failed: "red",
  refund_failed: "red",
  discard_failed: "red",
  deleted: "red",
  unknown: "red",
};

/** A state, or an event by the state in its name, in that state's colour. */
export function inColour(name: string): Cell {
  const style = styles[name.split(".").at(-1)!];
  return style === undefined ? name : [name, style];
}

/** A value as it comes over JSON: times are text. */
export type Wire<Value> = Value extends Date
  ? string
  : Value extends readonly (infer Item)[]
    ? Wire<Item>[]
    : Value extends object
      ? { [Key in keyof Value]: Wire<Value[Key]> }
      : Value;
