/** What people type from a sheet of paper or paste from a message, brought into the form the register reads. */

/** An enrolment code without the blanks, line breaks and invisible marks that mail and chat programs add. */
export function cleanCode(text: string): string {
  return text.replace(/[\s\u00ad\u200b-\u200f\u2060\ufeff]+/g, '');
}

/**
 * It has the shape of an enrolment code, to its last letter: JSON in base64url. Whether the commune knows it is
 * for the server to say.
 */
export function looksLikeCode(code: string): boolean {
  const body = /^TN1\.([\w-]{8,})$/.exec(code)?.[1];
  if (!body) return false;
  try {
    return typeof JSON.parse(atob(body.replace(/-/g, '+').replace(/_/g, '/'))) === 'object';
  } catch {
    return false;
  }
}

/** The words of a passphrase, in lower case: "ao-vang". */
export const wordsOf = (text: string): string[] => text.toLowerCase().split(/\s+/).filter(Boolean);

/** Whether two passphrases open the same: only letters and digits count, in any case, as in `canonical` of the store. */
export const sameWords = (one: string, other: string): boolean => lettersOf(one) === lettersOf(other);
const lettersOf = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');

/** A letter with a mark got in: a Vietnamese input method was on, and the words cannot be right. */
export const hasAccents = (text: string): boolean => /[^\x00-\x7f]/.test(text);
