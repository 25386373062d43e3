/** Time as clocks in Korea show it, which has one zone and no summer time. */
const offset_ms = 9 * 60 * 60 * 1000;

/** A moment whose UTC fields are what a Korean clock shows. */
function shown(time: Date): Date {
  return new Date(time.getTime() + offset_ms);
}

/** The same day and time of a later month in Korea, or that month's last day. */
export function addMonths(time: Date, months: number): Date {
  const moved = shown(time);
  const last = new Date(Date.UTC(moved.getUTCFullYear(), moved.getUTCMonth() + months + 1, 0));
  moved.setUTCFullYear(last.getUTCFullYear(), last.getUTCMonth(), Math.min(moved.getUTCDate(), last.getUTCDate()));
  return new Date(moved.getTime() - offset_ms);
}

export function koreanHour(time: Date): number {
  return shown(time).getUTCHours();
}

/** `2020-08-17T17:28:12.683`: to the millisecond, without a zone. */
export function koreanDateTime(time: Date): string {
  return shown(time).toISOString().slice(0, -1);
}

/** `20200817172812683`: to the millisecond, in 17 digits. */
export function koreanDigits(time: Date): string {
  return koreanDateTime(time).replace(/\D/g, "");
}

/** When the day begins in Korea that is written `yyyyMMdd`; undefined for what is no day. */
export function koreanDay(yyyyMMdd: string): Date | undefined {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(yyyyMMdd) ?? [];
  const begins = new Date(`${year}-${month}-${day}T00:00:00.000+09:00`);
  const isDay = !Number.isNaN(begins.getTime()) && koreanDigits(begins).startsWith(yyyyMMdd);
  return isDay ? begins : undefined;
}
