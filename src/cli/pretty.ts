import { PinoPretty } from "pino-pretty";

export function pretty() {
  return PinoPretty({ destination: 2, translateTime: "SYS:HH:MM:ss.l", ignore: "pid,hostname", sync: true });
}
