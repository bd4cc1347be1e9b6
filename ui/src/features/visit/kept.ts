import type { Visiting } from './steps';

/**
 * Answers that a lock or a look at another page interrupted, by household. Only in memory, and only until
 * they are saved or dropped.
 */
export const kept = new Map<string, Visiting>();
