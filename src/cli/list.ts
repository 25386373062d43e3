/** A list of the node's, printed to its last page: as columns for people, or as one JSON object per line. */
import { limits } from "../core/limits.ts";
import { type Cell, type Column, Columns, printJsonLines, printLine, printLines } from "./format.ts";
import { pagesOf } from "./node-client.ts";

export interface Listing<Name extends string, Row> {
  path: string;
  /** The field of a page in which the rows are. */
  name: Name;
  columns: readonly Column[];
  rowOf(row: Row): Cell[];
  /** What is printed where there are none. */
  none: string;
}

export async function printList<Name extends string, Row extends object>(
  { path, name, columns, rowOf, none }: Listing<Name, Row>,
  isJson = false,
): Promise<void> {
  const table = new Columns(columns);
  let isFirst = true;
  type Page = Record<Name, Row[]> & { cursor: string | null };
  for await (const page of pagesOf<Page>(path, { limit: limits.page_max })) {
    const rows: Row[] = page[name];
    if (isJson) printJsonLines(rows);
    else if (isFirst && rows.length === 0) printLine(none);
    else printLines(isFirst ? table.table(rows.map(rowOf)) : table.lines(rows.map(rowOf)));
    isFirst = false;
  }
}
