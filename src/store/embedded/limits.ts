/**
 * Every limit of this room in one table, so that an operator's "why did it give up after that long?" has one place to
 * look. Times are generous where PostgreSQL may have honest work to do (replaying its log after a crash) and short
 * where only a broken process could need longer.
 */
/** Connections that the server takes at once. */
export const CONNECTIONS = 100;

/** A server that starts is waited for this long: replaying the log after a crash may take minutes. */
export const READY_LIMIT_MS = 600_000;
/** While a slow start is awaited, the log says so this often. */
export const READY_NOTICE_EVERY_MS = 10_000;
export const READY_POLL_EVERY_MS = 10;
/** A start that fails at once is repeated: backends of a killed server need a moment to let go of its memory. */
export const LAUNCH_ATTEMPTS = 8;
export const LAUNCH_PAUSE_MS = 250;

export const INITDB_LIMIT_MS = 300_000;
/** The last words of a program that has ended are awaited for this long. */
export const OUTPUT_LIMIT_MS = 200;

/** A server left behind must answer a connection within this time, or it is stopped and started anew. */
export const ADOPT_LIMIT_MS = 10_000;
export const ADOPT_POLL_EVERY_MS = 50;
export const CONNECT_LIMIT_MS = 5_000;
export const QUERY_LIMIT_MS = 30_000;

/** A fast shutdown writes a checkpoint; afterwards SIGQUIT ends the server and its next start replays the log. */
export const FAST_STOP_LIMIT_MS = 30_000;
export const IMMEDIATE_STOP_LIMIT_MS = 10_000;
export const STOP_POLL_EVERY_MS = 10;

/** The backend of a killed predecessor may hold the advisory lock a little longer than its process lived. */
export const LOCK_LIMIT_MS = 2_000;
export const LOCK_POLL_EVERY_MS = 50;

/** Supervision: a look every so often, restarts at most this close together and this many in a window. */
export const WATCH_EVERY_MS = 500;
export const RESTART_PAUSE_MS = 1_000;
export const RESTARTS_MAX = 5;
export const RESTART_WINDOW_MS = 600_000;
/** A live server whose lock connection cannot be made again for this long is given up. */
export const REACH_LIMIT_MS = 60_000;

/** Claiming `owner.json` against others who try at the same moment. */
export const OWNER_LIMIT_MS = 20_000;
export const OWNER_POLL_EVERY_MS = 20;
/** The owner touches its file this often, for those who cannot see its process (another container, another host). */
export const HEARTBEAT_EVERY_MS = 2_000;
/** An unseen owner whose file is older than this is gone; a younger file is watched for the next heartbeat. */
export const HEARTBEAT_STALE_MS = 15_000;
export const HEARTBEAT_WATCH_MS = 6_000;
/** An owner file without readable content is someone's write in progress, until it is this old. */
export const OWNER_WRITE_LIMIT_MS = 5_000;

export const PASSWORD_BYTES = 32;
/** The server's log is set aside at a start when it has grown beyond this. */
export const LOG_MAX_BYTES = 10 * 1024 * 1024;
/** How much of the server's log, or of initdb's complaint, an error quotes. */
export const QUOTE_MAX_CHARACTERS = 2_000;
