/** Limits and times that all services share. */

/** One message, in or out. A root action's outputs pass through whole; 32 MiB leaves room over the documented 20 MiB. */
export const maxMessageBytes = 32 * 1024 * 1024;

/** Of each HTTP/2 stream. Node's default of 64 KiB makes a far link slow; back-pressure works at any size. */
export const streamWindowBytes = 1024 * 1024;

/** An empty message or a ping at least this often keeps proxies from cutting quiet streams (they do at 100 s). */
export const keepAliveMs = 10_000;
