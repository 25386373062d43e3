/** What every route of this dialect works with. */
import type { Core } from "../../core/index.ts";

export interface Context {
  core: Core;
  /** A merchant's `X-KM-User-AspId`, 15 digits. */
  aspIdOf(merchantId: string): string;
  /** How far a request's time may be from now; undefined: however far. */
  window_s: number | undefined;
  /** Whether APIs whose requests are to be encrypted take clear ones too. */
  takesClear: boolean;
}
