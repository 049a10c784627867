/** Limits and times that all services share. */

/** One message, in or out. A root action's outputs pass through whole; 32 MiB leaves room over the documented 20 MiB. */
export const maxMessageBytes = 32 * 1024 * 1024;

/** Of each HTTP/2 stream. Node's default of 64 KiB makes a far link slow; back-pressure works at any size. */
export const streamWindowBytes = 1024 * 1024;

/**
 * Of each HTTP/2 connection. What is under way to the other side counts whole, so it holds some messages of the largest
 * size. Node's default of 10 MB refuses new streams, and answers to those there are, with ENHANCE_YOUR_CALM.
 */
export const sessionMemoryMegabytes = 128;

/** An empty message or a ping at least this often keeps proxies from cutting quiet streams (they do at 100 s). */
export const keepAliveMs = 10_000;
